//! Every failure as the caller is told of it, once.

use kit::status::{self, Answer};
use tonic::Status;

use crate::app::Failure;

pub(super) const DOMAIN: &str = "prima.staff";

/// The status for a failure.
pub(super) fn of(failure: &Failure) -> Status {
    answer(failure).status(DOMAIN)
}

fn answer(failure: &Failure) -> Answer {
    match failure {
        Failure::NotFound(name) => status::not_found(name),
        Failure::Database(error) => status::database(error),
    }
}
