//! The domain's enums without a rule of their own, and the words that all of its enums are stored and shown as: the
//! contract's names without their prefix.

use super::{
    deadline::{Due, Stage},
    evidence::{FindingKind, Role},
    ledger::EntryKind,
    policy::{Priority, TermUnit},
    transitions::{Command, State},
};

/// What came of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// The matter is fixed.
    Fixed,
    /// Nothing had to be done.
    NoActionNeeded,
    /// It can't be fixed.
    NotFixable,
    /// Handled under another report; never proposed.
    Duplicate,
    /// Not a report that the city can act on.
    Invalid,
    /// Taken back by its reporter; never proposed.
    Withdrawn,
}

impl Outcome {
    /// Whether a report closed with it may be reopened.
    pub(crate) fn is_reopenable(self) -> bool {
        matches!(self, Self::Fixed | Self::NoActionNeeded | Self::NotFixable)
    }
}

/// Whether the reporter confirmed the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// The reporter confirmed.
    Confirmed,
    /// The reporter said nothing in time.
    Unconfirmed,
    /// The reporter was not asked.
    NotAsked,
}

/// What sort of message a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Laporan.
    Report,
    /// Saran.
    Suggestion,
    /// Apresiasi.
    Praise,
}

/// Why a report is not taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RejectReason {
    /// It asks for nothing that can be acted on.
    NoMatter,
    /// Neither place nor matter can be made out.
    TooVague,
    /// No public body of the city may act in it.
    OutsideAuthority,
    /// It is under a court or another procedure of law.
    UnderProcedure,
    /// It insults, threatens or advertises.
    Abuse,
}

/// Why a report is handed to another unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransferReason {
    /// The place is in another unit's area.
    OtherArea,
    /// The matter is another agency's duty.
    OtherDuty,
    /// The asset belongs to another agency.
    OtherAsset,
    /// Another unit has to act first or together.
    Coordination,
    /// It was handed here by mistake, and goes back.
    Returned,
}

/// Whose time a time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// The responsible unit's.
    Handling,
    /// The sender's, of a report that came back.
    Returned,
    /// The validator's unit's.
    Validation,
    /// The reporter's.
    Reporter,
}

impl Account {
    /// The word it is stored as.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Handling => "HANDLING",
            Self::Returned => "RETURNED",
            Self::Validation => "VALIDATION",
            Self::Reporter => "REPORTER",
        }
    }
}

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every value.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word it is stored and shown as.
            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value of a stored word.
            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words!(State {
    Submitted = "SUBMITTED",
    Coordinating = "COORDINATING",
    Disposed = "DISPOSED",
    InProgress = "IN_PROGRESS",
    NeedsReporter = "NEEDS_REPORTER",
    AwaitingValidation = "AWAITING_VALIDATION",
    Resolved = "RESOLVED",
    Rejected = "REJECTED",
    Merged = "MERGED",
    Closed = "CLOSED",
});
words!(Command {
    File = "FILE",
    Accept = "ACCEPT",
    Transfer = "TRANSFER",
    Dispose = "DISPOSE",
    Recategorize = "RECATEGORIZE",
    SetEstimate = "SET_ESTIMATE",
    RequestInformation = "REQUEST_INFORMATION",
    ProvideInformation = "PROVIDE_INFORMATION",
    SubmitFollowUp = "SUBMIT_FOLLOW_UP",
    ApproveFollowUp = "APPROVE_FOLLOW_UP",
    RejectFollowUp = "REJECT_FOLLOW_UP",
    ConfirmResolution = "CONFIRM_RESOLUTION",
    Reopen = "REOPEN",
    Reject = "REJECT",
    AppealRejection = "APPEAL_REJECTION",
    Merge = "MERGE",
    Unmerge = "UNMERGE",
    MoveWithTarget = "MOVE_WITH_TARGET",
    CloseWithTarget = "CLOSE_WITH_TARGET",
    Support = "SUPPORT",
    Withdraw = "WITHDRAW",
    AddNote = "ADD_NOTE",
    AutoClose = "AUTO_CLOSE",
    ExpireQuestion = "EXPIRE_QUESTION",
    Warn = "WARN",
    Breach = "BREACH",
    RaiseRedFlag = "RAISE_RED_FLAG",
    EraseReporter = "ERASE_REPORTER",
    RestrictReporter = "RESTRICT_REPORTER",
    AddReporterEvidence = "ADD_REPORTER_EVIDENCE",
    AddFollowUpEvidence = "ADD_FOLLOW_UP_EVIDENCE",
    AnswerFinding = "ANSWER_FINDING",
    RaisePriority = "RAISE_PRIORITY",
});
words!(Outcome {
    Fixed = "FIXED",
    NoActionNeeded = "NO_ACTION_NEEDED",
    NotFixable = "NOT_FIXABLE",
    Duplicate = "DUPLICATE",
    Invalid = "INVALID",
    Withdrawn = "WITHDRAWN",
});
words!(Confirmation { Confirmed = "CONFIRMED", Unconfirmed = "UNCONFIRMED", NotAsked = "NOT_ASKED" });
words!(Kind { Report = "REPORT", Suggestion = "SUGGESTION", Praise = "PRAISE" });
words!(RejectReason {
    NoMatter = "NO_MATTER",
    TooVague = "TOO_VAGUE",
    OutsideAuthority = "OUTSIDE_AUTHORITY",
    UnderProcedure = "UNDER_PROCEDURE",
    Abuse = "ABUSE",
});
words!(TransferReason {
    OtherArea = "OTHER_AREA",
    OtherDuty = "OTHER_DUTY",
    OtherAsset = "OTHER_ASSET",
    Coordination = "COORDINATION",
    Returned = "RETURNED",
});
words!(Due {
    Accept = "ACCEPT",
    Answer = "ANSWER",
    Finish = "FINISH",
    RedFlag = "RED_FLAG",
    Cap = "CAP",
    Question = "QUESTION",
    AutoClose = "AUTO_CLOSE",
});
words!(Stage { Running = "RUNNING", Warned = "WARNED", Passed = "PASSED" });
words!(Priority { Normal = "NORMAL", High = "HIGH" });
words!(TermUnit { Hours = "HOURS", CalendarDays = "CALENDAR_DAYS", WorkingDays = "WORKING_DAYS" });
words!(Role { Before = "BEFORE", After = "AFTER" });
words!(FindingKind {
    SameFile = "SAME_FILE",
    SamePicture = "SAME_PICTURE",
    TakenElsewhere = "TAKEN_ELSEWHERE",
    TakenBeforeFiling = "TAKEN_BEFORE_FILING",
    TakenLongBeforeUpload = "TAKEN_LONG_BEFORE_UPLOAD",
    TakenInFuture = "TAKEN_IN_FUTURE",
    NoCaptureData = "NO_CAPTURE_DATA",
    EditingSoftware = "EDITING_SOFTWARE",
});
words!(EntryKind {
    Report = "REPORT",
    Step = "STEP",
    Evidence = "EVIDENCE",
    Finding = "FINDING",
    Answer = "ANSWER",
    Erasure = "ERASURE",
});
