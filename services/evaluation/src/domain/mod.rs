//! The rules of evaluation: periods, figures, surveys, indices, needs, studies. Pure: no database, network, clock or
//! randomness; times and seeds come in as arguments.

mod figures;
pub mod index;
mod names;
pub mod need;
mod period;
pub(crate) mod published;
pub(crate) mod sheet;
pub(crate) mod signal;
pub mod student;
pub mod study;
pub(crate) mod survey;
pub(crate) mod trial;

pub(crate) use figures::{Figures, Report, count};
pub(crate) use names::{PersonId, ProgrammeId, RoundName, SignalId, StudyId, SurveyId, UnitId};
pub(crate) use period::Period;

#[cfg(test)]
mod tests;
