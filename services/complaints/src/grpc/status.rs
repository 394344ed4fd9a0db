//! Every failure as the caller is told of it, once.

use kit::status::{self, Answer};
use proto::{complaints::v1::ErrorReason, options::v1::ErrorReason as Shared};
use tonic::{Code, Status};

use crate::{
    app::Failure,
    domain::{ComplaintId, Refusal},
};

pub(super) const DOMAIN: &str = "prima.complaints";

/// The status for a failure about a report (for filing: the nil id, which no message shows).
pub(super) fn of(failure: &Failure, complaint: ComplaintId) -> Status {
    answer(failure, complaint).status(DOMAIN)
}

fn answer(failure: &Failure, complaint: ComplaintId) -> Answer {
    match failure {
        Failure::NotFound => status::not_found(&complaint.to_string()),
        Failure::PersonRequired => Answer::shared(
            Code::PermissionDenied,
            Shared::PersonRequired,
            "this is an official's verb, and the token names no person (prima_person)",
        ),
        Failure::UnitUnknown => Answer::shared(
            Code::PermissionDenied,
            Shared::UnitUnknown,
            "the token's units (prima_units) do not hold the report's unit; to approve they must hold a unit above it",
        ),
        Failure::NotTheReporter => own(
            Code::PermissionDenied,
            ErrorReason::NotTheReporter,
            "neither the report's access code nor its channel's reference was shown",
        )
        .indonesian("Kode akses laporan tidak cocok."),
        Failure::EtagMismatch => Answer::shared(
            Code::Aborted,
            Shared::EtagMismatch,
            "the report changed since you read it; read it again",
        ),
        Failure::KelurahanUnknown => {
            let why = "no kelurahan of this code is known";
            own(Code::InvalidArgument, ErrorReason::KelurahanUnknown, format!("kelurahan_code: {why}"))
                .field("kelurahan_code", why)
                .indonesian("Kode kelurahan tidak dikenal.")
        }
        Failure::CategoryUnknown => {
            let why = "there is no such category; ListCategories has them";
            own(Code::InvalidArgument, ErrorReason::CategoryUnknown, format!("category: {why}"))
                .field("category", why)
                .indonesian("Kategori tidak dikenal.")
        }
        Failure::UnitsNotYetKnown => own(
            Code::Unavailable,
            ErrorReason::UnitsNotYetKnown,
            "staff's units have not arrived here yet; try again",
        )
        .retry(),
        Failure::Refused(Refusal::IllegalTransition { command, state, allowed }) => {
            let allowed = allowed.iter().map(|command| command.word()).collect::<Vec<_>>().join(", ");
            let allowed = if allowed.is_empty() { "none".to_owned() } else { allowed };
            let message = format!(
                "{} is not possible in the state {}; allowed: {allowed}",
                command.word(),
                state.word()
            );
            Answer::shared(Code::FailedPrecondition, Shared::IllegalTransition, message.clone())
                .fact("state", state.word())
                .fact("allowed", allowed)
                .precondition("STATE", complaint.to_string(), message)
        }
        Failure::Refused(Refusal::ValidatorWorkedOnReport) => {
            let message = "you took part in this report, so a second person must validate it";
            own(Code::FailedPrecondition, ErrorReason::ValidatorWorkedOnReport, message).precondition(
                "FOUR_EYES",
                complaint.to_string(),
                message,
            )
        }
        Failure::Claim(error) => status::claim(error),
        Failure::Database(error) => status::database(error),
    }
}

fn own(code: Code, reason: ErrorReason, message: impl Into<String>) -> Answer {
    Answer::new(code, reason.as_str_name(), message)
}
