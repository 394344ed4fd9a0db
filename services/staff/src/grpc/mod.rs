//! The RPCs: proto in, domain types on, an answer or a status out. Nothing is decided here.

pub(crate) mod convert;
mod status;
mod units;

pub(crate) use units::Units;
