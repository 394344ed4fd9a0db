//! The state of a report, with what is true in it alone.

use jiff::Timestamp;

use super::{
    names::ComplaintId,
    transitions::State,
    words::{Confirmation, Outcome, RejectReason},
};

/// The state, with what is true in it alone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Phase {
    Submitted,
    Coordinating,
    Disposed,
    InProgress,
    NeedsReporter { question: String, asked_at: Timestamp },
    AwaitingValidation { proposed: Outcome },
    Resolved { outcome: Outcome },
    Rejected { reason: RejectReason, at: Timestamp },
    Merged { target: ComplaintId, before: Box<Phase> },
    Closed(Closing),
}

/// How a report ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Closing {
    pub(crate) outcome: Outcome,
    pub(crate) confirmation: Confirmation,
    pub(crate) at: Timestamp,
    /// 1 to 5.
    pub(crate) rating: Option<i16>,
    /// Where it was handled under another report.
    pub(crate) merged_into: Option<ComplaintId>,
    /// Where it was rejected.
    pub(crate) reject_reason: Option<RejectReason>,
}

impl Closing {
    pub(super) fn new(outcome: Outcome, confirmation: Confirmation, at: Timestamp) -> Self {
        Self { outcome, confirmation, at, rating: None, merged_into: None, reject_reason: None }
    }
}

impl Phase {
    /// Where the work is.
    pub(crate) fn state(&self) -> State {
        match self {
            Self::Submitted => State::Submitted,
            Self::Coordinating => State::Coordinating,
            Self::Disposed => State::Disposed,
            Self::InProgress => State::InProgress,
            Self::NeedsReporter { .. } => State::NeedsReporter,
            Self::AwaitingValidation { .. } => State::AwaitingValidation,
            Self::Resolved { .. } => State::Resolved,
            Self::Rejected { .. } => State::Rejected,
            Self::Merged { .. } => State::Merged,
            Self::Closed(_) => State::Closed,
        }
    }

    /// What is true before a merge too.
    fn unmerged(&self) -> &Self {
        match self {
            Self::Merged { before, .. } => before,
            phase => phase,
        }
    }

    /// The outcome that the last follow-up proposes, or that it was closed with.
    pub(crate) fn proposed_outcome(&self) -> Option<Outcome> {
        match self.unmerged() {
            Self::AwaitingValidation { proposed: outcome } | Self::Resolved { outcome } => Some(*outcome),
            Self::Closed(closing) => Some(closing.outcome),
            _ => None,
        }
    }

    /// The open question to the reporter, and when it was asked.
    pub(crate) fn question(&self) -> Option<(&str, Timestamp)> {
        match self.unmerged() {
            Self::NeedsReporter { question, asked_at } => Some((question, *asked_at)),
            _ => None,
        }
    }

    /// The report that it is handled under.
    pub(crate) fn merged_into(&self) -> Option<ComplaintId> {
        match self {
            Self::Merged { target, .. } => Some(*target),
            Self::Closed(closing) => closing.merged_into,
            _ => None,
        }
    }

    /// What it was before it was merged.
    pub(crate) fn state_before(&self) -> Option<State> {
        match self {
            Self::Merged { before, .. } => Some(before.state()),
            _ => None,
        }
    }

    /// Why it was rejected, if it was.
    pub(crate) fn reject_reason(&self) -> Option<RejectReason> {
        match self {
            Self::Rejected { reason, .. } => Some(*reason),
            Self::Closed(closing) => closing.reject_reason,
            _ => None,
        }
    }

    /// When it was rejected, while it is.
    pub(crate) fn rejected_at(&self) -> Option<Timestamp> {
        match self {
            Self::Rejected { at, .. } => Some(*at),
            _ => None,
        }
    }
}
