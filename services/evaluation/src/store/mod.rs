//! All SQL of the service. Functions take the connection first and decide nothing.

pub(crate) mod fact;
pub(crate) mod unit;
