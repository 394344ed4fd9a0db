//! Why an operator's call failed, and how the caller is told.

use jiff::{Timestamp, civil::Date};
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
    /// A field of the request is wrong.
    Invalid { field: &'static str, why: &'static str },
    /// The history begins later, at this time.
    BeforeHistory(Timestamp),
    /// Nothing was told since the time asked for.
    NothingToReplay,
    /// The history has no event of this resource.
    AggregateUnknown(String),
    /// This day of the history has events that the stream has not acknowledged.
    EventsPending(Date),
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
            let message = format!("name: this service no longer takes the events of {stream}");
            invalid(ErrorReason::ProducerUnknown, "name", &message)
        }
        Failure::PageTokenInvalid => status::page_token_invalid(),
        Failure::RoadDown => down("NATS does not answer as it should; try again".to_owned()),
        Failure::NotTaken(producer) => {
            let message = format!("producer: this service takes no events of {producer}");
            invalid(ErrorReason::ProducerUnknown, "producer", &message)
        }
        Failure::ProducerDown(producer) => {
            down(format!("{producer} does not answer as it should; the log says why"))
        }
        Failure::Busy => down("another process is at the same; try again when it has ended".to_owned()),
        Failure::StreamAbsent(stream) => {
            let message =
                format!("{stream} is not there; it is made as soon as there is something to publish");
            refused(ErrorReason::StreamAbsent, ("STREAM", stream), &message)
        }
        Failure::Invalid { field, why } => status::invalid_field(field, why),
        Failure::BeforeHistory(oldest) => {
            let message = format!("since_time: the history begins at {oldest}");
            invalid(ErrorReason::BeforeHistory, "since_time", &message).fact("oldest", oldest.to_string())
        }
        Failure::NothingToReplay => {
            let message = "since_time: nothing was told since";
            refused(ErrorReason::NothingToReplay, ("HISTORY", "since_time"), message)
                .field("since_time", message)
        }
        Failure::AggregateUnknown(resource) => {
            let message = format!("resource: the history has no event of {resource}");
            invalid(ErrorReason::AggregateUnknown, "resource", &message)
        }
        Failure::EventsPending(day) => {
            let message = format!("{day} has events that the stream has not acknowledged");
            refused(ErrorReason::EventsPending, ("HISTORY", &day.to_string()), &message)
                .fact("date", day.to_string())
        }
        Failure::Claim(error) => status::claim(error),
        Failure::Database(error) => status::database(error),
    }
}

fn invalid(reason: ErrorReason, field: &str, message: &str) -> Answer {
    Answer::new(Code::InvalidArgument, reason.as_str_name(), message).field(field, message)
}

fn refused(reason: ErrorReason, (kind, subject): (&str, &str), message: &str) -> Answer {
    Answer::new(Code::FailedPrecondition, reason.as_str_name(), message).precondition(kind, subject, message)
}

fn down(message: String) -> Answer {
    Answer::shared(Code::Unavailable, Shared::DependencyDown, message).retry()
}
