//! What a report is and how it may change. Pure: no database, network, clock or randomness.

mod complaint;
mod names;
pub(crate) mod number;
mod transitions;

pub(crate) use complaint::{By, Complaint, Filing, Phase, Refusal, Step};
pub(crate) use names::{ComplaintId, PersonId, UnitId};
pub(crate) use transitions::{Command, Kind, Outcome, State};

#[cfg(test)]
mod tests;
