//! The transition tables: which command leads from which state to which. Pieces of data; nothing else decides it.

use super::{Refusal, words::words};

/// Where an enrolment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EnrolmentState {
    /// Proposed; a second person must decide.
    Nominated,
    /// Approved, with a place in a batch.
    Enrolled,
    /// Approved, without a place: the batch was full.
    Waitlisted,
    /// Taken part to the end.
    Completed,
    /// Not approved.
    Declined,
}

/// What moves an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EnrolmentCommand {
    /// By a second person.
    Approve,
    /// By a second person.
    Decline,
    /// By who holds the batch.
    Complete,
}

/// Where a need stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NeedState {
    /// Nobody is nominated for it yet.
    Open,
    /// Somebody was nominated for it.
    Nominated,
    /// Answered.
    Answered,
}

/// What moves a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NeedCommand {
    /// By the service itself, or by an official.
    Nominate,
    /// By an official.
    Answer,
}

/// What a need led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// People of the unit completed a programme for it.
    Trained,
    /// Something else is done for it.
    OtherMeasure,
    /// It is not a matter of training.
    Declined,
}

/// Whether a lottery is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LotteryState {
    /// Published, not yet drawn.
    Published,
    /// Drawn.
    Drawn,
}

/// What moves a lottery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LotteryCommand {
    /// By who holds the programme.
    Draw,
}

/// A row of a table. Where there are several targets, the circumstances choose.
pub(crate) struct Transition<C: 'static, S: 'static> {
    pub(crate) command: C,
    pub(crate) from: &'static [S],
    pub(crate) to: &'static [S],
}

/// All transitions of an enrolment. (Nominating makes it, in [`EnrolmentState::Nominated`].)
pub(crate) const ENROLMENT: &[Transition<EnrolmentCommand, EnrolmentState>] = &[
    Transition {
        command: EnrolmentCommand::Approve,
        from: &[EnrolmentState::Nominated, EnrolmentState::Waitlisted],
        to: &[EnrolmentState::Enrolled, EnrolmentState::Waitlisted],
    },
    Transition {
        command: EnrolmentCommand::Decline,
        from: &[EnrolmentState::Nominated, EnrolmentState::Waitlisted],
        to: &[EnrolmentState::Declined],
    },
    Transition {
        command: EnrolmentCommand::Complete,
        from: &[EnrolmentState::Enrolled],
        to: &[EnrolmentState::Completed],
    },
];

/// All transitions of a need. (Evaluation's event makes it, in [`NeedState::Open`].)
pub(crate) const NEED: &[Transition<NeedCommand, NeedState>] = &[
    Transition {
        command: NeedCommand::Nominate,
        from: &[NeedState::Open, NeedState::Nominated],
        to: &[NeedState::Nominated],
    },
    Transition {
        command: NeedCommand::Answer,
        from: &[NeedState::Open, NeedState::Nominated],
        to: &[NeedState::Answered],
    },
];

/// All transitions of a lottery. (Publishing makes it, in [`LotteryState::Published`].)
pub(crate) const LOTTERY: &[Transition<LotteryCommand, LotteryState>] = &[Transition {
    command: LotteryCommand::Draw,
    from: &[LotteryState::Published],
    to: &[LotteryState::Drawn],
}];

/// What is shown as a word.
pub(crate) trait Word: Copy + PartialEq {
    /// The word.
    fn shown(self) -> &'static str;
}

/// The commands that a state allows.
pub(crate) fn allowed<C: Word, S: Word>(table: &[Transition<C, S>], state: S) -> Vec<C> {
    table.iter().filter(|row| row.from.contains(&state)).map(|row| row.command).collect()
}

/// Where a command may lead from a state; refused where the state does not allow it.
pub(crate) fn check<C: Word, S: Word>(
    table: &'static [Transition<C, S>],
    command: C,
    state: S,
) -> Result<&'static [S], Refusal> {
    let row = table.iter().find(|row| row.command == command && row.from.contains(&state));
    row.map(|row| row.to).ok_or_else(|| Refusal::IllegalTransition {
        command: command.shown(),
        state: state.shown(),
        allowed: allowed(table, state).into_iter().map(Word::shown).collect(),
    })
}

macro_rules! shown {
    ($($name:ident),+) => { $(impl Word for $name { fn shown(self) -> &'static str { self.word() } })+ };
}

shown!(EnrolmentState, EnrolmentCommand, NeedState, NeedCommand, LotteryState, LotteryCommand);
words!(EnrolmentState {
    Nominated = "NOMINATED",
    Enrolled = "ENROLLED",
    Waitlisted = "WAITLISTED",
    Completed = "COMPLETED",
    Declined = "DECLINED",
});
words!(EnrolmentCommand { Approve = "APPROVE", Decline = "DECLINE", Complete = "COMPLETE" });
words!(NeedState { Open = "OPEN", Nominated = "NOMINATED", Answered = "ANSWERED" });
words!(NeedCommand { Nominate = "NOMINATE", Answer = "ANSWER" });
words!(Answer { Trained = "TRAINED", OtherMeasure = "OTHER_MEASURE", Declined = "DECLINED" });
words!(LotteryState { Published = "PUBLISHED", Drawn = "DRAWN" });
words!(LotteryCommand { Draw = "DRAW" });
