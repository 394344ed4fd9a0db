//! Between the contract's messages and the domain's types, parsed once.

pub(crate) mod unit;
