//! Periods and figures. Pure: no database, network, clock or randomness.

mod figures;
mod period;

pub(crate) use figures::{Figures, Report, count};
pub(crate) use period::Period;

#[cfg(test)]
mod tests;
