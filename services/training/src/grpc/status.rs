//! Every failure as the caller is told of it, once.

use kit::status::{self, Answer};
use proto::{options::v1::ErrorReason as Shared, training::v1::ErrorReason};
use tonic::{Code, Status};

use crate::{app::Failure, domain::Refusal};

pub(super) const DOMAIN: &str = "prima.training";

/// The status for a failure of a call about the resource of this name.
pub(super) fn of(failure: &Failure, name: &str) -> Status {
    answer(failure, name).status(DOMAIN)
}

/// The status for a date that is none, in this field.
pub(super) fn not_a_date(field: &'static str) -> Status {
    invalid(field, ErrorReason::DatesInvalid, "must be a day of the calendar").status(DOMAIN)
}

fn answer(failure: &Failure, name: &str) -> Answer {
    match failure {
        Failure::NotFound => status::not_found(name),
        Failure::PersonRequired => Answer::shared(
            Code::PermissionDenied,
            Shared::PersonRequired,
            "this is an official's verb, and the token names no person (prima_person)",
        ),
        Failure::UnitUnknown => Answer::shared(
            Code::PermissionDenied,
            Shared::UnitUnknown,
            "the token's units (prima_units) do not hold the unit that this is about",
        ),
        Failure::EtagMismatch => Answer::shared(
            Code::Aborted,
            Shared::EtagMismatch,
            format!("{name} changed since you read it; read it again"),
        ),
        Failure::UnitNotFound(position) => invalid(
            format!("units[{position}]"),
            ErrorReason::UnitNotFound,
            "no unit of this name has arrived from staff yet",
        ),
        Failure::PersonUnknown => {
            invalid("person", ErrorReason::PersonUnknown, "no person of this name has arrived from staff yet")
        }
        Failure::PersonNotSeated => refused(
            ErrorReason::PersonNotSeated,
            ("SEAT", name),
            "the person neither holds nor acts in a seat today",
        ),
        Failure::ProgrammeUnknown => {
            invalid("programme", ErrorReason::ProgrammeUnknown, "there is no such programme")
        }
        Failure::BatchUnknown => {
            invalid("batch", ErrorReason::BatchUnknown, "there is no such batch in the enrolment's programme")
        }
        Failure::NeedUnknown => invalid("need", ErrorReason::NeedUnknown, "there is no such need"),
        Failure::NeedOfOtherUnit => invalid(
            "need",
            ErrorReason::NeedOfOtherUnit,
            "the need is of a unit that the person has no seat in today",
        ),
        Failure::AlreadyNominated(current) => exists(
            ErrorReason::AlreadyNominated,
            "the person has a nomination, an enrolment or a place on the waiting list in this programme",
            ("enrolment", current.map(|enrolment| enrolment.to_string())),
        ),
        Failure::LotteryExists(other) => exists(
            ErrorReason::LotteryExists,
            "a lottery for one of the units in this programme is published",
            ("lottery", other.map(|lottery| lottery.to_string())),
        ),
        Failure::Refused(refusal) => refusal_answer(refusal, name),
        Failure::Claim(error) => status::claim(error),
        Failure::Database(error) => status::database(error),
    }
}

fn refusal_answer(refusal: &Refusal, name: &str) -> Answer {
    match refusal {
        Refusal::IllegalTransition { command, state, allowed } => {
            let allowed = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
            let message = format!("{command} is not possible in the state {state}; allowed: {allowed}");
            Answer::shared(Code::FailedPrecondition, Shared::IllegalTransition, message.clone())
                .fact("state", *state)
                .fact("allowed", allowed)
                .precondition("STATE", name, message)
        }
        Refusal::ApproverInvolved => refused(
            ErrorReason::ApproverInvolved,
            ("FOUR_EYES", name),
            "you nominated, or are the one nominated, so a second person must decide",
        ),
        Refusal::BatchEnded => {
            refused(ErrorReason::BatchEnded, ("DAY", name), "the batch's last day is over")
        }
        Refusal::BatchNotStarted => {
            refused(ErrorReason::BatchNotStarted, ("DAY", name), "the batch's first day has not come")
        }
        Refusal::HoursInvalid { most } => invalid(
            "hours_jp",
            ErrorReason::HoursInvalid,
            format!("must be at most the programme's {most} JP"),
        ),
        Refusal::NeedAnswered => {
            refused(ErrorReason::NeedAnswered, ("STATE", name), "the need is answered already")
        }
        Refusal::NoCompletedEnrolment => refused(
            ErrorReason::NoCompletedEnrolment,
            ("ENROLMENT", name),
            "the answer is TRAINED, and no enrolment for the need is completed",
        ),
        Refusal::ElementNotAddressed => invalid(
            "programme",
            ErrorReason::ElementNotAddressed,
            "the programme does not address the need's element",
        ),
        Refusal::DaysInvalid => invalid("end_date", ErrorReason::DatesInvalid, "must be after start_date"),
        Refusal::FirstWaveInvalid => {
            invalid("first_wave", ErrorReason::FirstWaveInvalid, "must be below the number of units")
        }
    }
}

fn own(code: Code, reason: ErrorReason, message: impl Into<String>) -> Answer {
    Answer::new(code, reason.as_str_name(), message)
}

fn invalid(field: impl Into<String>, reason: ErrorReason, why: impl Into<String>) -> Answer {
    let (field, why) = (field.into(), why.into());
    own(Code::InvalidArgument, reason, format!("{field}: {why}")).field(field, why)
}

fn refused(reason: ErrorReason, (kind, name): (&str, &str), why: &str) -> Answer {
    own(Code::FailedPrecondition, reason, why).precondition(kind, name, why)
}

fn exists(reason: ErrorReason, why: &str, (key, name): (&str, Option<String>)) -> Answer {
    let answer = own(Code::AlreadyExists, reason, why);
    match name {
        Some(name) => answer.fact(key, name),
        None => answer,
    }
}
