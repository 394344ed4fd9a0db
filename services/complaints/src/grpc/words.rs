//! The contract's enums and the domain's: the same words, but for the prefix. A test holds the two to each other.

use proto::complaints::v1;

use crate::domain::{
    Actor, Command, Confirmation, Due, Kind, Outcome, Priority, RejectReason, Stage, State, TermUnit,
    TransferReason,
    evidence::{FindingKind, Role},
    ledger::EntryKind,
};

macro_rules! said {
    ($($name:ident: $ours:ident as $theirs:ident, $prefix:literal;)+) => {
        $(
            /// As the contract says it.
            pub(crate) fn $name(value: $ours) -> v1::$theirs {
                v1::$theirs::from_str_name(&[$prefix, value.word()].concat())
                    .expect("a test holds the words to the contract's")
            }
        )+

        #[cfg(test)]
        mod tests {
            use super::*;

            #[test]
            fn the_contract_has_every_word_and_no_other() {
                $(
                    for value in $ours::ALL {
                        assert!($name(*value).as_str_name().ends_with(value.word()));
                    }
                    let said = (1..1_000).filter(|number| v1::$theirs::try_from(*number).is_ok()).count();
                    assert_eq!(said, $ours::ALL.len(), stringify!($theirs));
                )+
            }
        }
    };
}

said! {
    state: State as ComplaintState, "COMPLAINT_STATE_";
    command: Command as ComplaintCommand, "COMPLAINT_COMMAND_";
    said_outcome: Outcome as ComplaintOutcome, "COMPLAINT_OUTCOME_";
    confirmation: Confirmation as Confirmation, "CONFIRMATION_";
    kind: Kind as ComplaintKind, "COMPLAINT_KIND_";
    reject_reason: RejectReason as RejectReason, "REJECT_REASON_";
    transfer_reason: TransferReason as TransferReason, "TRANSFER_REASON_";
    due: Due as DeadlineKind, "DEADLINE_KIND_";
    stage: Stage as DeadlineStage, "DEADLINE_STAGE_";
    priority: Priority as ComplaintPriority, "COMPLAINT_PRIORITY_";
    term_unit: TermUnit as TermUnit, "TERM_UNIT_";
    role: Role as EvidenceRole, "EVIDENCE_ROLE_";
    finding_kind: FindingKind as FindingKind, "FINDING_KIND_";
    entry_kind: EntryKind as LedgerEntryKind, "LEDGER_ENTRY_KIND_";
}

/// An outcome, where there is one.
pub(crate) fn outcome(outcome: Option<Outcome>) -> v1::ComplaintOutcome {
    outcome.map_or(v1::ComplaintOutcome::Unspecified, said_outcome)
}

/// The kind to file; not said is a report.
pub(super) fn to_kind(kind: v1::ComplaintKind) -> Kind {
    match kind {
        v1::ComplaintKind::Unspecified | v1::ComplaintKind::Report => Kind::Report,
        v1::ComplaintKind::Suggestion => Kind::Suggestion,
        v1::ComplaintKind::Praise => Kind::Praise,
    }
}

/// A state to look for; none where not said.
pub(super) fn to_state(state: v1::ComplaintState) -> Option<State> {
    State::from_word(state.as_str_name().strip_prefix("COMPLAINT_STATE_")?)
}

/// An outcome that a follow-up may propose.
pub(super) fn to_outcome(outcome: v1::ComplaintOutcome) -> Option<Outcome> {
    match outcome {
        v1::ComplaintOutcome::Fixed => Some(Outcome::Fixed),
        v1::ComplaintOutcome::NoActionNeeded => Some(Outcome::NoActionNeeded),
        v1::ComplaintOutcome::NotFixable => Some(Outcome::NotFixable),
        v1::ComplaintOutcome::Invalid => Some(Outcome::Invalid),
        v1::ComplaintOutcome::Unspecified
        | v1::ComplaintOutcome::Duplicate
        | v1::ComplaintOutcome::Withdrawn => None,
    }
}

/// A reason to reject; none where not said.
pub(super) fn to_reject_reason(reason: v1::RejectReason) -> Option<RejectReason> {
    RejectReason::from_word(reason.as_str_name().strip_prefix("REJECT_REASON_")?)
}

/// A reason to hand on; none where not said.
pub(super) fn to_transfer_reason(reason: v1::TransferReason) -> Option<TransferReason> {
    TransferReason::from_word(reason.as_str_name().strip_prefix("TRANSFER_REASON_")?)
}

/// A priority; none where not said.
pub(super) fn to_priority(priority: v1::ComplaintPriority) -> Option<Priority> {
    Priority::from_word(priority.as_str_name().strip_prefix("COMPLAINT_PRIORITY_")?)
}

/// What a term counts; none where not said.
pub(super) fn to_term_unit(unit: v1::TermUnit) -> Option<TermUnit> {
    TermUnit::from_word(unit.as_str_name().strip_prefix("TERM_UNIT_")?)
}

/// Who gives a command.
pub(super) fn actor(actor: Actor) -> v1::WorkflowActor {
    match actor {
        Actor::Channel => v1::WorkflowActor::Channel,
        Actor::ResponsibleUnit => v1::WorkflowActor::ResponsibleUnit,
        Actor::Validator => v1::WorkflowActor::Validator,
        Actor::Reporter => v1::WorkflowActor::Reporter,
        Actor::ReporterOrInspector => v1::WorkflowActor::ReporterOrInspector,
        Actor::System => v1::WorkflowActor::System,
    }
}

/// A role; none where not said.
pub(super) fn to_role(role: v1::EvidenceRole) -> Option<Role> {
    Role::from_word(role.as_str_name().strip_prefix("EVIDENCE_ROLE_")?)
}
