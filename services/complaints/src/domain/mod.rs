//! What a report is and how it may change. Pure: no database, network, clock or randomness.

mod act;
mod complaint;
mod names;
pub(crate) mod number;
mod phase;
mod refusal;
mod transitions;
mod words;

pub(crate) use act::{Act, Destination, MergeTarget, Texts};
pub(crate) use complaint::{By, Complaint, Counts, Filing, Responsibility, Step};
pub(crate) use names::{ComplaintId, PersonId, UnitId};
pub(crate) use phase::{Closing, Phase};
pub(crate) use refusal::Refusal;
pub(crate) use transitions::{Actor, Command, State, TRANSITIONS, To, Transition};
pub(crate) use words::{Confirmation, Kind, Outcome, RejectReason, TransferReason};

#[cfg(test)]
mod tests;
