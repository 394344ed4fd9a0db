//! Every failure as the caller is told of it, once.

use kit::status::{self, Answer};
use proto::{options::v1::ErrorReason as Shared, staff::v1::ErrorReason};
use tonic::{Code, Status};

use crate::{
    app::Failure,
    domain::{AssignmentId, Refusal, SeatId},
};

pub(super) const DOMAIN: &str = "prima.staff";

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
            "the token's units (prima_units) do not hold the seat's unit",
        ),
        Failure::EtagMismatch => Answer::shared(
            Code::Aborted,
            Shared::EtagMismatch,
            "the assignment changed since you read it; read it again",
        ),
        Failure::UnitNotFound => invalid(ErrorReason::UnitNotFound, "unit", "there is no unit of this name"),
        Failure::UnitExternal => {
            invalid(ErrorReason::UnitExternal, "unit", "a unit of kind EXTERNAL has no seats")
        }
        Failure::SeatCodeTaken(seat) => {
            exists(ErrorReason::SeatCodeTaken, "code: another seat has this code", *seat)
                .field("code", "another seat has this code")
        }
        Failure::HeadSeatExists(seat) => {
            exists(ErrorReason::HeadSeatExists, "is_head: the unit has a head's seat already", *seat)
                .field("is_head", "the unit has a head's seat already")
        }
        Failure::NipTaken => {
            own(Code::AlreadyExists, ErrorReason::NipTaken, "nip: another person has this NIP")
                .field("nip", "another person has this NIP")
        }
        Failure::SeatUnknown => invalid(ErrorReason::SeatUnknown, "seat", "there is no seat of this name"),
        Failure::PersonUnknown(field) => {
            invalid(ErrorReason::PersonUnknown, field, "there is no person of this name")
        }
        Failure::SeatTaken(assignment) => blocked(
            ErrorReason::SeatTaken,
            "the seat has a definitive holder on at least one of these days",
            *assignment,
        ),
        Failure::PersonHasSeat(assignment) => blocked(
            ErrorReason::PersonHasSeat,
            "the person holds another seat definitively on at least one of these days",
            *assignment,
        ),
        Failure::ActingHolderExists(assignment) => blocked(
            ErrorReason::ActingHolderExists,
            "the seat has a Plt or Plh on at least one of these days",
            *assignment,
        ),
        Failure::Holidays(invalid) => {
            self::invalid(ErrorReason::HolidaysInvalid, "csv", &invalid.to_string())
                .fact("line", invalid.line.to_string())
        }
        Failure::Refused(refusal) => refused(*refusal),
        Failure::Claim(error) => status::claim(error),
        Failure::Database(error) => status::database(error),
    }
}

fn refused(refusal: Refusal) -> Answer {
    match refusal {
        Refusal::Nip(part) => {
            let why = format!("not a NIP: {} is wrong", part.word());
            invalid(ErrorReason::NipInvalid, "nip", &why).fact("part", part.word())
        }
        Refusal::RankClass => invalid(
            ErrorReason::RankClassInvalid,
            "rank_class",
            "must be I/a to IV/e for PNS and CPNS, I to XVII for PPPK",
        ),
        Refusal::Dates { field, why } => invalid(ErrorReason::DatesInvalid, field, why),
        Refusal::Approver => {
            let message = "who approves must be another than who records and who is assigned";
            own(Code::FailedPrecondition, ErrorReason::ApproverInvalid, message).precondition(
                "FOUR_EYES",
                "approved_by",
                message,
            )
        }
    }
}

fn own(code: Code, reason: ErrorReason, message: impl Into<String>) -> Answer {
    Answer::new(code, reason.as_str_name(), message)
}

fn invalid(reason: ErrorReason, field: &str, why: &str) -> Answer {
    own(Code::InvalidArgument, reason, format!("{field}: {why}")).field(field, why)
}

fn exists(reason: ErrorReason, message: &str, seat: Option<SeatId>) -> Answer {
    let answer = own(Code::AlreadyExists, reason, message);
    match seat {
        Some(seat) => answer.fact("seat", seat.to_string()),
        None => answer,
    }
}

/// The days are not free. Which assignment has them is named, unless it went in the same moment.
fn blocked(reason: ErrorReason, message: &str, assignment: Option<AssignmentId>) -> Answer {
    let subject = assignment.map(|assignment| assignment.to_string()).unwrap_or_default();
    let answer =
        own(Code::FailedPrecondition, reason, message).precondition("DAYS", subject.clone(), message);
    if subject.is_empty() { answer } else { answer.fact("assignment", subject) }
}
