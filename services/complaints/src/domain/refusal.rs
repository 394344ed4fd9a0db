//! Why a command is refused.

use super::transitions::{Command, State, allowed};

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The state does not allow it.
    #[error("{} is not possible in the state {}", command.word(), state.word())]
    IllegalTransition { command: Command, state: State, allowed: Vec<Command> },
    /// The validator took part in the report before.
    #[error("the validator took part in this report")]
    ValidatorWorkedOnReport,
    /// A report is handed down only.
    #[error("the unit is not below the responsible one")]
    TargetNotBelow,
    /// The unit has the report already.
    #[error("the unit is responsible already")]
    TargetResponsible,
    /// The report is about the unit, or one above it.
    #[error("the report is about this unit")]
    TargetComplainedOf,
    /// Nobody stands above.
    #[error("there is no unit above")]
    NoUnitAbove,
    /// One category is about officials, the other is not.
    #[error("a report about officials stays one, and no other becomes one")]
    CategorySide,
    /// The day of an estimate has passed.
    #[error("the day has passed")]
    EstimatePast,
    /// A closed report's time for reopening is over.
    #[error("the report was closed too long ago")]
    ReopenTooLate,
    /// Nothing was done that could be found undone.
    #[error("a report with this outcome is not reopened")]
    OutcomeNotReopenable,
    /// A rejected report's time for an appeal is over.
    #[error("the report was rejected too long ago")]
    AppealTooLate,
    /// It can't be handled under itself.
    #[error("a report is not merged into itself")]
    MergeIntoItself,
    /// Nobody works on the target.
    #[error("the report to merge into is not open")]
    MergeTargetNotOpen,
    /// Another unit would have to agree.
    #[error("the report to merge into is another unit's")]
    MergeTargetElsewhere,
    /// The unit complained of must not see it by the other report.
    #[error("a report about officials is merged only with one about the same unit")]
    MergeAboutOfficials,
    /// So many are handled at once.
    #[error("too many reports are handled under this one")]
    MergeTooMany,
    /// What it was handled under has ended.
    #[error("the report it is handled under is closed")]
    TargetClosed,
    /// The category wants evidence of what was done.
    #[error("the category wants evidence of what was done")]
    EvidenceRequired,
    /// Nobody answered what speaks against the evidence.
    #[error("{} findings about the evidence are open", .0.len())]
    FindingsOpen(Vec<String>),
}

impl Refusal {
    pub(super) fn illegal(command: Command, state: State) -> Self {
        Self::IllegalTransition { command, state, allowed: allowed(state) }
    }
}
