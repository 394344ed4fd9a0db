//! Periods and figures; the satisfaction index, training needs and effect studies. Pure: no database, network, clock or
//! randomness.

mod figures;
pub mod index;
pub mod need;
mod period;
pub mod student;
pub mod study;

pub(crate) use figures::{Figures, Report, count};
pub(crate) use period::Period;

#[cfg(test)]
mod tests;
