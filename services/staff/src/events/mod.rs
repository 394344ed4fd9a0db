//! What others hear of units, seats, people and assignments.

pub(crate) mod publish;
