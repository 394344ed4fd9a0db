//! Every failure as the caller is told of it, once.

use kit::status::{self, Answer};
use proto::options::v1::ErrorReason;
use tonic::{Code, Status};

use crate::app::Failure;

pub(super) const DOMAIN: &str = "prima.evaluation";

/// The status for a failure about a unit.
pub(super) fn of(failure: &Failure, unit: &str) -> Status {
    match failure {
        Failure::NotFound => status::not_found(unit),
        Failure::UnitUnknown => Answer::shared(
            Code::PermissionDenied,
            ErrorReason::UnitUnknown,
            "the token's units (prima_units) do not hold this unit",
        ),
        Failure::Database(error) => status::database(error),
    }
    .status(DOMAIN)
}
