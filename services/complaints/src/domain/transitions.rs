//! The transition table: which command leads from which state to which, and who may give it. One piece of data; the code,
//! GetWorkflow and the docs come from it, and nothing else decides it.

use super::words::Kind;

/// Where the work on a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Menunggu: filed and routed, not yet taken up.
    Submitted,
    /// Koordinasi: handed to another agency, which has not yet accepted.
    Coordinating,
    /// Disposisi: handed down to a unit below, which has not yet accepted.
    Disposed,
    /// Proses: a unit has accepted.
    InProgress,
    /// Menunggu Pelapor: one open question to the reporter.
    NeedsReporter,
    /// Menunggu Validasi: a second person must look.
    AwaitingValidation,
    /// Selesai: validated; the reporter may confirm.
    Resolved,
    /// Ditolak: not taken up.
    Rejected,
    /// Digabung: handled under another report.
    Merged,
    /// Ditutup: ended, with an outcome.
    Closed,
}

impl State {
    /// Whether work is still to be done on it.
    pub(crate) fn is_open(self) -> bool {
        OPEN.contains(&self)
    }
}

/// What moves a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Command {
    File,
    Accept,
    Transfer,
    Dispose,
    Recategorize,
    SetEstimate,
    RequestInformation,
    ProvideInformation,
    SubmitFollowUp,
    ApproveFollowUp,
    RejectFollowUp,
    ConfirmResolution,
    Reopen,
    Reject,
    AppealRejection,
    Merge,
    Unmerge,
    MoveWithTarget,
    CloseWithTarget,
    Support,
    Withdraw,
    AddNote,
    AutoClose,
    ExpireQuestion,
    Warn,
    Breach,
    RaiseRedFlag,
    EraseReporter,
    RestrictReporter,
    AddReporterEvidence,
    AddFollowUpEvidence,
    AnswerFinding,
    RaisePriority,
}

/// Where a command leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    /// To this state.
    State(State),
    /// It stays where it is.
    Same,
    /// To where it was before it was merged.
    Before,
}

/// Who may give a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Who files, for a citizen.
    Channel,
    /// A person of the responsible unit or one above it.
    ResponsibleUnit,
    /// A person of a unit above the responsible one.
    Validator,
    /// The reporter.
    Reporter,
    /// The reporter, a supporter, or an inspector.
    ReporterOrInspector,
    /// The service itself: the clock, or what follows from a command on another report.
    System,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Transition {
    pub(crate) command: Command,
    pub(crate) from: &'static [State],
    pub(crate) to: To,
    pub(crate) actor: Actor,
    pub(crate) kinds: &'static [Kind],
}

use State::{
    AwaitingValidation, Closed, Coordinating, Disposed, InProgress, Merged, NeedsReporter, Rejected,
    Resolved, Submitted,
};

/// The states in which work is still to be done.
const OPEN: &[State] = &[Submitted, Coordinating, Disposed, InProgress, NeedsReporter, AwaitingValidation];
/// Those in which the reporter is not asked.
const AT_WORK: &[State] = &[Submitted, Coordinating, Disposed, InProgress, AwaitingValidation];
const NOT_ACCEPTED: &[State] = &[Submitted, Coordinating, Disposed];
const ANY: &[State] = &[
    Submitted,
    Coordinating,
    Disposed,
    InProgress,
    NeedsReporter,
    AwaitingValidation,
    Resolved,
    Rejected,
    Merged,
    Closed,
];
const SUPPORTABLE: &[State] =
    &[Submitted, Coordinating, Disposed, InProgress, NeedsReporter, AwaitingValidation, Resolved, Merged];

/// Those in which the reporter may show what is, or is still, to be done.
const WITH_EVIDENCE: &[State] =
    &[Submitted, Coordinating, Disposed, InProgress, NeedsReporter, AwaitingValidation, Resolved];

const ALL_KINDS: &[Kind] = &[Kind::Report, Kind::Suggestion, Kind::Praise];

const fn row(command: Command, from: &'static [State], to: To, actor: Actor) -> Transition {
    Transition { command, from, to, actor, kinds: ALL_KINDS }
}

/// All transitions of a filed report. (File makes it, in [`State::Submitted`].)
pub(crate) const TRANSITIONS: &[Transition] = &[
    row(Command::Accept, NOT_ACCEPTED, To::State(InProgress), Actor::ResponsibleUnit),
    row(
        Command::Transfer,
        &[Submitted, Coordinating, Disposed, InProgress],
        To::State(Coordinating),
        Actor::ResponsibleUnit,
    ),
    row(
        Command::Dispose,
        &[Submitted, Coordinating, InProgress],
        To::State(Disposed),
        Actor::ResponsibleUnit,
    ),
    row(Command::Recategorize, AT_WORK, To::Same, Actor::ResponsibleUnit),
    row(Command::SetEstimate, &[InProgress], To::Same, Actor::ResponsibleUnit),
    row(Command::RequestInformation, &[InProgress], To::State(NeedsReporter), Actor::ResponsibleUnit),
    row(Command::ProvideInformation, &[NeedsReporter], To::State(InProgress), Actor::Reporter),
    row(Command::SubmitFollowUp, &[InProgress], To::State(AwaitingValidation), Actor::ResponsibleUnit),
    Transition {
        command: Command::ApproveFollowUp,
        from: &[AwaitingValidation],
        to: To::State(Resolved),
        actor: Actor::Validator,
        kinds: &[Kind::Report],
    },
    // Nobody has to confirm that a suggestion or a praise was answered.
    Transition {
        command: Command::ApproveFollowUp,
        from: &[AwaitingValidation],
        to: To::State(Closed),
        actor: Actor::Validator,
        kinds: &[Kind::Suggestion, Kind::Praise],
    },
    row(Command::RejectFollowUp, &[AwaitingValidation], To::State(InProgress), Actor::Validator),
    row(Command::ConfirmResolution, &[Resolved], To::State(Closed), Actor::Reporter),
    row(Command::Reopen, &[Resolved, Closed], To::State(InProgress), Actor::ReporterOrInspector),
    row(Command::Reject, &[Submitted], To::State(Rejected), Actor::ResponsibleUnit),
    row(Command::AppealRejection, &[Rejected], To::State(Submitted), Actor::Reporter),
    row(Command::Merge, OPEN, To::State(Merged), Actor::ResponsibleUnit),
    row(Command::Unmerge, &[Merged], To::Before, Actor::ResponsibleUnit),
    row(Command::MoveWithTarget, &[Merged], To::Same, Actor::System),
    row(Command::CloseWithTarget, &[Merged], To::State(Closed), Actor::System),
    row(Command::Support, SUPPORTABLE, To::Same, Actor::Channel),
    row(Command::Withdraw, OPEN, To::State(Closed), Actor::Reporter),
    row(Command::EraseReporter, ANY, To::Same, Actor::Reporter),
    row(Command::RestrictReporter, ANY, To::Same, Actor::System),
    row(Command::AddNote, ANY, To::Same, Actor::ResponsibleUnit),
    row(Command::AutoClose, &[Resolved, Rejected], To::State(Closed), Actor::System),
    row(Command::ExpireQuestion, &[NeedsReporter], To::State(InProgress), Actor::System),
    row(Command::Warn, OPEN, To::Same, Actor::System),
    row(Command::Breach, OPEN, To::Same, Actor::System),
    row(Command::RaiseRedFlag, OPEN, To::Same, Actor::System),
    row(Command::AddReporterEvidence, WITH_EVIDENCE, To::Same, Actor::Reporter),
    row(Command::AddFollowUpEvidence, &[InProgress], To::Same, Actor::ResponsibleUnit),
    row(Command::AnswerFinding, &[AwaitingValidation], To::Same, Actor::Validator),
    row(Command::RaisePriority, OPEN, To::Same, Actor::System),
];

/// The row by which a command is possible in a state.
pub(crate) fn possible(command: Command, state: State, kind: Kind) -> Option<&'static Transition> {
    TRANSITIONS
        .iter()
        .find(|row| row.command == command && row.from.contains(&state) && row.kinds.contains(&kind))
}

/// The commands that a state allows somebody to give.
pub(crate) fn allowed(state: State) -> Vec<Command> {
    let mut commands: Vec<Command> = TRANSITIONS
        .iter()
        .filter(|row| row.from.contains(&state) && row.actor != Actor::System)
        .map(|row| row.command)
        .collect();
    commands.dedup();
    commands
}
