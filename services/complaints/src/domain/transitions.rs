//! The transition table: which command leads from which state to which. One piece of data; nothing else decides it.

/// Where the work on a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Menunggu: filed and routed, not yet taken up.
    Submitted,
    /// Proses: a unit has accepted.
    InProgress,
    /// Menunggu Validasi: a second person must look.
    AwaitingValidation,
    /// Selesai: validated; the reporter may confirm.
    Resolved,
    /// Ditutup: ended, with an outcome.
    Closed,
}

/// What moves a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Command {
    /// By a channel, for a reporter.
    File,
    /// By the responsible unit.
    Accept,
    /// By the responsible unit.
    SubmitFollowUp,
    /// By a second person above the responsible unit.
    ApproveFollowUp,
    /// By the reporter.
    ConfirmResolution,
}

/// What came of a report, as a follow-up may propose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// The matter is fixed.
    Fixed,
    /// Nothing had to be done.
    NoActionNeeded,
    /// It can't be fixed.
    NotFixable,
    /// Not a report that the city can act on.
    Invalid,
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

/// A row of the table.
pub(crate) struct Transition {
    pub(crate) command: Command,
    pub(crate) from: &'static [State],
    pub(crate) to: State,
}

/// All transitions of a filed report. (File makes it, in [`State::Submitted`].)
pub(crate) const TRANSITIONS: &[Transition] = &[
    Transition { command: Command::Accept, from: &[State::Submitted], to: State::InProgress },
    Transition {
        command: Command::SubmitFollowUp,
        from: &[State::InProgress],
        to: State::AwaitingValidation,
    },
    Transition { command: Command::ApproveFollowUp, from: &[State::AwaitingValidation], to: State::Resolved },
    Transition { command: Command::ConfirmResolution, from: &[State::Resolved], to: State::Closed },
];

/// Where a command leads from a state.
pub(crate) fn target(command: Command, state: State) -> Option<State> {
    TRANSITIONS.iter().find(|row| row.command == command && row.from.contains(&state)).map(|row| row.to)
}

/// The commands that a state allows.
pub(crate) fn allowed(state: State) -> Vec<Command> {
    TRANSITIONS.iter().filter(|row| row.from.contains(&state)).map(|row| row.command).collect()
}

/// An enum that is stored as a word; the words are the contract's names without their prefix.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
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
    InProgress = "IN_PROGRESS",
    AwaitingValidation = "AWAITING_VALIDATION",
    Resolved = "RESOLVED",
    Closed = "CLOSED",
});
words!(Command {
    File = "FILE",
    Accept = "ACCEPT",
    SubmitFollowUp = "SUBMIT_FOLLOW_UP",
    ApproveFollowUp = "APPROVE_FOLLOW_UP",
    ConfirmResolution = "CONFIRM_RESOLUTION",
});
words!(Outcome { Fixed = "FIXED", NoActionNeeded = "NO_ACTION_NEEDED", NotFixable = "NOT_FIXABLE", Invalid = "INVALID" });
words!(Kind { Report = "REPORT", Suggestion = "SUGGESTION", Praise = "PRAISE" });
