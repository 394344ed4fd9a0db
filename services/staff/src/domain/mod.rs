//! Units, seats, people and assignments, and the rules that hold for them. Pure: no database, network, clock or
//! randomness.

mod import;
mod names;
mod unit;
mod words;

pub(crate) use import::{Row, take_over};
pub(crate) use names::UnitId;
pub(crate) use unit::{Unit, UnitKind};

#[cfg(test)]
mod tests;
