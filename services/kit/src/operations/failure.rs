//! Why an operator's call failed, and how the caller is told.

use proto::{ops::v1::ErrorReason, options::v1::ErrorReason as Shared};
use tonic::Code;

use crate::{
    events::dead_letter::State,
    request::ClaimError,
    status::{self, Answer},
};

/// Why an operator's call failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no dead letter of this name.
    NotFound(String),
    /// The dead letter's state doesn't allow the command.
    IllegalTransition { command: &'static str, name: String, state: State },
    /// The service no longer takes the events of this stream.
    ProducerUnknown(String),
    /// The page token is of another list.
    PageTokenInvalid,
    /// NATS doesn't answer.
    RoadDown,
    /// The service takes no events of this producer.
    NotTaken(String),
    /// The producer doesn't answer.
    ProducerDown(String),
    /// Another process does the same, and goes on doing it.
    Busy,
    /// The stream is not there.
    StreamAbsent(String),
    /// The request id could not be claimed.
    Claim(ClaimError),
    /// The database failed.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<ClaimError> for Failure {
    fn from(error: ClaimError) -> Self {
        Self::Claim(error)
    }
}

/// The answer that a failure is told with.
pub(super) fn answer(failure: &Failure) -> Answer {
    match failure {
        Failure::NotFound(name) => status::not_found(name),
        Failure::IllegalTransition { command, name, state } => {
            let state = state.word();
            let message = format!("{command} is not possible in the state {state}; allowed: none");
            Answer::shared(Code::FailedPrecondition, Shared::IllegalTransition, message.clone())
                .fact("state", state)
                .fact("allowed", "none")
                .precondition("STATE", name, message)
        }
        Failure::ProducerUnknown(stream) => {
            let why = format!("this service no longer takes the events of {stream}");
            Answer::new(
                Code::InvalidArgument,
                ErrorReason::ProducerUnknown.as_str_name(),
                format!("name: {why}"),
            )
            .field("name", why)
        }
        Failure::PageTokenInvalid => status::page_token_invalid(),
        Failure::RoadDown => Answer::shared(
            Code::Unavailable,
            Shared::DependencyDown,
            "NATS does not answer as it should; try again",
        )
        .retry(),
        Failure::NotTaken(producer) => {
            let why = format!("this service takes no events of {producer}");
            Answer::new(
                Code::InvalidArgument,
                ErrorReason::ProducerUnknown.as_str_name(),
                format!("producer: {why}"),
            )
            .field("producer", why)
        }
        Failure::ProducerDown(producer) => Answer::shared(
            Code::Unavailable,
            Shared::DependencyDown,
            format!("{producer} does not answer as it should; the log says why"),
        )
        .retry(),
        Failure::Busy => Answer::shared(
            Code::Unavailable,
            Shared::DependencyDown,
            "another process is at the same; try again when it has ended",
        )
        .retry(),
        Failure::StreamAbsent(stream) => {
            let message =
                format!("{stream} is not there; it is made as soon as there is something to publish");
            Answer::new(Code::FailedPrecondition, ErrorReason::StreamAbsent.as_str_name(), &message)
                .precondition("STREAM", stream, &message)
        }
        Failure::Claim(error) => status::claim(error),
        Failure::Database(error) => status::database(error),
    }
}
