//! What is to be done to a report: a command with what it needs to be decided, looked up before.

use jiff::{Timestamp, civil::Date};

use super::{
    deadline::{Deadline, Due},
    names::{ComplaintId, PersonId, UnitId},
    transitions::Command,
    words::{Outcome, RejectReason, TransferReason},
};

/// A command on a filed report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    Accept,
    Transfer {
        to: Destination,
        reason: TransferReason,
        accept_by: Timestamp,
    },
    Dispose {
        to: Destination,
        accept_by: Timestamp,
    },
    /// With the deadlines that the other category gives, from filing.
    Recategorize {
        category: String,
        about_officials: bool,
        deadlines: Vec<Deadline>,
    },
    SetEstimate {
        finish: Date,
        today: Date,
    },
    RequestInformation {
        question: String,
        answer_by: Timestamp,
    },
    ProvideInformation,
    SubmitFollowUp {
        proposed: Outcome,
        /// The category wants evidence, and there is none.
        lacks_evidence: bool,
    },
    /// Four eyes: none of these people, who took part in the report or one merged into it, may.
    ApproveFollowUp {
        workers: Vec<PersonId>,
        /// Findings about evidence that nobody answered, by name.
        open_findings: Vec<String>,
        close_by: Timestamp,
    },
    RejectFollowUp,
    ConfirmResolution {
        rating: i16,
    },
    /// A closed report is reopened until this instant.
    Reopen {
        until: Option<Timestamp>,
    },
    Reject {
        reason: RejectReason,
        close_by: Timestamp,
    },
    AppealRejection {
        until: Option<Timestamp>,
        above: Option<UnitId>,
        accept_by: Timestamp,
    },
    Merge {
        into: MergeTarget,
    },
    Unmerge {
        target_closed: bool,
    },
    MoveWithTarget {
        to: ComplaintId,
    },
    CloseWithTarget,
    Support,
    Withdraw,
    EraseReporter,
    /// Instead, while a case uses the report.
    RestrictReporter,
    /// With the reporter's words so far released to everybody, where an official finds nothing private in them.
    AddNote {
        releases_words: bool,
    },
    AutoClose,
    ExpireQuestion,
    Warn {
        due: Due,
    },
    Breach {
        due: Due,
    },
    RaiseRedFlag,
    AddReporterEvidence,
    AddFollowUpEvidence,
    /// By none of these people.
    AnswerFinding {
        workers: Vec<PersonId>,
    },
    /// With the ends that the terms for HIGH give, from now on.
    RaisePriority {
        ends: Vec<(Due, Timestamp)>,
    },
}

/// A unit that a report is to come to, as the tree of units places it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Destination {
    pub(crate) unit: UnitId,
    /// Below the responsible unit.
    pub(crate) is_below: bool,
    /// The unit complained of, or below it.
    pub(crate) is_complained_of: bool,
}

/// A report that another is to be handled under.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MergeTarget {
    pub(crate) id: ComplaintId,
    pub(crate) is_open: bool,
    /// The caller acts for its responsible unit.
    pub(crate) unit_consents: bool,
    pub(crate) unit_complained_of: Option<UnitId>,
    /// As many reports are handled under it, with those that would come along, as may be.
    pub(crate) is_full: bool,
}

/// What is written beside an act, each for other eyes; empty where nothing is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Texts {
    /// For everybody.
    pub(crate) public: String,
    /// For officials.
    pub(crate) internal: String,
    /// The reporter's own words, for officials.
    pub(crate) reporter: String,
}

impl Act {
    /// Which command it is.
    pub(crate) fn command(&self) -> Command {
        match self {
            Self::Accept => Command::Accept,
            Self::Transfer { .. } => Command::Transfer,
            Self::Dispose { .. } => Command::Dispose,
            Self::Recategorize { .. } => Command::Recategorize,
            Self::SetEstimate { .. } => Command::SetEstimate,
            Self::RequestInformation { .. } => Command::RequestInformation,
            Self::ProvideInformation => Command::ProvideInformation,
            Self::SubmitFollowUp { .. } => Command::SubmitFollowUp,
            Self::ApproveFollowUp { .. } => Command::ApproveFollowUp,
            Self::RejectFollowUp => Command::RejectFollowUp,
            Self::ConfirmResolution { .. } => Command::ConfirmResolution,
            Self::Reopen { .. } => Command::Reopen,
            Self::Reject { .. } => Command::Reject,
            Self::AppealRejection { .. } => Command::AppealRejection,
            Self::Merge { .. } => Command::Merge,
            Self::Unmerge { .. } => Command::Unmerge,
            Self::MoveWithTarget { .. } => Command::MoveWithTarget,
            Self::CloseWithTarget => Command::CloseWithTarget,
            Self::Support => Command::Support,
            Self::Withdraw => Command::Withdraw,
            Self::EraseReporter => Command::EraseReporter,
            Self::RestrictReporter => Command::RestrictReporter,
            Self::AddNote { .. } => Command::AddNote,
            Self::AutoClose => Command::AutoClose,
            Self::ExpireQuestion => Command::ExpireQuestion,
            Self::Warn { .. } => Command::Warn,
            Self::Breach { .. } => Command::Breach,
            Self::RaiseRedFlag => Command::RaiseRedFlag,
            Self::AddReporterEvidence => Command::AddReporterEvidence,
            Self::AddFollowUpEvidence => Command::AddFollowUpEvidence,
            Self::AnswerFinding { .. } => Command::AnswerFinding,
            Self::RaisePriority { .. } => Command::RaisePriority,
        }
    }
}
