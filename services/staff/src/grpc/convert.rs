//! Between the contract's messages and the domain's types, parsed once.

pub(crate) mod assignment;
pub(crate) mod person;
pub(crate) mod seat;
pub(crate) mod unit;
