//! What a report is and how it may change. Pure: no database, network, clock or randomness.

mod act;
mod complaint;
mod deadline;
pub(crate) mod duplicates;
pub(crate) mod evidence;
pub(crate) mod ledger;
mod names;
pub(crate) mod number;
mod parts;
mod phase;
pub(crate) mod place;
mod policy;
mod refusal;
mod reporter;
pub(crate) mod routing;
pub(crate) mod statistics;
pub(crate) mod tidings;
mod transitions;
mod words;

pub(crate) use act::{Act, Destination, MergeTarget, Texts};
pub(crate) use complaint::Complaint;
pub(crate) use deadline::{Deadline, Due, Stage};
pub(crate) use names::{ComplaintId, PersonId, UnitId};
pub(crate) use parts::{By, Counts, Filing, Responsibility, Step};
pub(crate) use phase::{Closing, Phase};
pub(crate) use policy::{Priority, ServicePolicy, Term, TermUnit, Terms};
pub(crate) use refusal::Refusal;
pub(crate) use reporter::Reporter;
pub(crate) use transitions::{Actor, Command, State, TRANSITIONS, To, Transition};
pub(crate) use words::{Confirmation, Kind, Outcome, RejectReason, TransferReason};

#[cfg(test)]
mod tests;
