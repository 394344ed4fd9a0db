//! Every failure as the caller is told of it, once.

use kit::status::{self, Answer};
use proto::{evaluation::v1::ErrorReason, options::v1::ErrorReason as Shared};
use tonic::{Code, Status};

use crate::{app::Failure, domain::trial::DesignRefused};

pub(super) const DOMAIN: &str = "prima.evaluation";

/// The status for a failure.
pub(super) fn of(failure: &Failure) -> Status {
    answer(failure).status(DOMAIN)
}

fn answer(failure: &Failure) -> Answer {
    match failure {
        Failure::NotFound(name) => status::not_found(name),
        Failure::UnitUnknown => Answer::shared(
            Code::PermissionDenied,
            Shared::UnitUnknown,
            "the token's units (prima_units) do not hold this unit",
        ),
        Failure::EtagMismatch => Answer::shared(
            Code::Aborted,
            Shared::EtagMismatch,
            "the resource changed since you read it; read it again",
        ),
        Failure::NormUnknown => {
            invalid(ErrorReason::NormUnknown, "norm", "there is no such norm; ListNorms has them")
        }
        Failure::UnitNotFound(field) => unit_not_found(field),
        Failure::UnitRepeated(field) => unit_repeated(field),
        Failure::RoundExists(name) => {
            let message = format!("the survey has a round for this period: {name}");
            own(Code::AlreadyExists, ErrorReason::RoundExists, message).fact("round", name)
        }
        Failure::UnitNotInRound => {
            invalid(ErrorReason::UnitNotInRound, "unit", "the round does not cover this unit")
        }
        Failure::RoundClosed(name) => {
            let message = "the round is closed: it takes no more answers";
            blocked(ErrorReason::RoundClosed, ("STATE", name), message)
                .indonesian("Survei ini sudah ditutup.")
        }
        Failure::RoundOpen(name) => {
            let message = "the round is open; its indices are made when it closes";
            blocked(ErrorReason::RoundOpen, ("STATE", name), message)
        }
        Failure::IllegalTransition { name, state } => illegal_transition(name, state),
        Failure::TokenSpentOrUnknown => {
            let message = "the survey token was used, or is none";
            blocked(ErrorReason::TokenSpentOrUnknown, ("TOKEN", "token"), message)
                .indonesian("Tautan survei ini sudah dipakai atau tidak dikenal.")
        }
        Failure::ElementUnknown(at) => {
            let field = format!("scores[{at}].element");
            invalid(ErrorReason::ElementUnknown, &field, "the survey's norm has no such element")
        }
        Failure::ElementRepeated(at) => {
            let field = format!("scores[{at}].element");
            invalid(ErrorReason::ElementRepeated, &field, "an element has at most five scores")
        }
        Failure::ScoreOutOfRange(at) => {
            status::invalid_field(&format!("scores[{at}].score"), "must be 1 to 4")
        }
        Failure::Design(refused) => design(refused),
        Failure::RegisteredTooLate => {
            let message = "an index of a unit of the study is published for a period after the intervention";
            blocked(ErrorReason::RegisteredTooLate, ("OUTCOME_UNKNOWN", "post_periods"), message)
        }
        Failure::DataMissing(period) => {
            let message = format!("{period} is not measured yet; run it again when its rounds are closed");
            blocked(ErrorReason::DataMissing, ("ROUNDS_CLOSED", period), &message).fact("period", period)
        }
        Failure::Internal => status::internal(),
        Failure::Claim(error) => status::claim(error),
        Failure::Database(error) => status::database(error),
    }
}

fn illegal_transition(name: &str, state: &str) -> Answer {
    let message = format!("not possible in the state {state}; allowed: none");
    Answer::shared(Code::FailedPrecondition, Shared::IllegalTransition, message.clone())
        .fact("state", state)
        .fact("allowed", "none")
        .precondition("STATE", name, message)
}

fn design(refused: &DesignRefused) -> Answer {
    match refused {
        DesignRefused::NotAUnit { field } => unit_not_found(field),
        DesignRefused::UnitRepeated { field } => unit_repeated(field),
        DesignRefused::PeriodsInvalid { field } => {
            let why = "must be periods of one length, each following the one before it, those after behind those before";
            invalid(ErrorReason::PeriodsInvalid, field, why)
        }
        DesignRefused::DataInvalid { why } => invalid(ErrorReason::DataInvalid, "data", why),
    }
}

fn unit_not_found(field: &str) -> Answer {
    invalid(ErrorReason::UnitNotFound, field, "no unit of this name has arrived from staff")
}

fn unit_repeated(field: &str) -> Answer {
    invalid(ErrorReason::UnitRepeated, field, "the unit is given a second time")
}

fn invalid(reason: ErrorReason, field: &str, why: &str) -> Answer {
    own(Code::InvalidArgument, reason, format!("{field}: {why}")).field(field, why)
}

/// What is not as the call needs it: the kind of condition and whose it is.
fn blocked(reason: ErrorReason, (kind, subject): (&str, &str), message: &str) -> Answer {
    own(Code::FailedPrecondition, reason, message).precondition(kind, subject, message)
}

fn own(code: Code, reason: ErrorReason, message: impl Into<String>) -> Answer {
    Answer::new(code, reason.as_str_name(), message)
}
