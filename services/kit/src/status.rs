//! How an error is told to a caller: a code, a reason from the contract, a fixed message, and where it helps the field,
//! the retry time or the allowed commands. Internals go to the log, never to the caller.

use std::{collections::HashMap, time::Duration};

use proto::options::v1::ErrorReason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// How long a caller should wait before it tries again after UNAVAILABLE or RESOURCE_EXHAUSTED.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// SQLSTATEs of values that no column can hold: a character that is none, a time out of range.
const UNSTORABLE: [&str; 2] = ["22021", "22008"];

/// An answer that is an error, under construction.
#[derive(Debug)]
pub struct Answer {
    code: Code,
    reason: String,
    message: String,
    metadata: HashMap<String, String>,
    details: ErrorDetails,
}

impl Answer {
    /// An answer with a reason of the service's own; `reason` is its enum's name, whose prefix is cut.
    #[must_use]
    pub fn new(code: Code, reason: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.trim_start_matches("ERROR_REASON_").to_owned(),
            message: message.into(),
            metadata: HashMap::new(),
            details: ErrorDetails::new(),
        }
    }

    /// An answer with a reason that all services share.
    #[must_use]
    pub fn shared(code: Code, reason: ErrorReason, message: impl Into<String>) -> Self {
        Self::new(code, reason.as_str_name(), message)
    }

    /// Adds a fact about the error for a program to read.
    #[must_use]
    pub fn fact(mut self, key: &str, value: impl Into<String>) -> Self {
        self.metadata.insert(key.to_owned(), value.into());
        self
    }

    /// Names the request's field that is at fault, and what is wrong with it.
    #[must_use]
    pub fn field(mut self, path: impl Into<String>, description: impl Into<String>) -> Self {
        self.details.add_bad_request_violation(path, description);
        self
    }

    /// Names what the resource's state would have to be.
    #[must_use]
    pub fn precondition(
        mut self,
        kind: &str,
        subject: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        self.details.add_precondition_failure_violation(kind, subject, description);
        self
    }

    /// Says the same to a citizen, in Indonesian.
    #[must_use]
    pub fn indonesian(mut self, message: impl Into<String>) -> Self {
        self.details.set_localized_message("id", message);
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry(mut self) -> Self {
        self.details.set_retry_info(Some(RETRY_AFTER));
        self
    }

    /// The reason, and the message for the caller.
    #[must_use]
    pub fn said(&self) -> (&str, &str) {
        (&self.reason, &self.message)
    }

    /// The finished status; `domain` is `prima.<service>`.
    #[must_use]
    pub fn status(mut self, domain: &str) -> Status {
        self.details.set_error_info(self.reason, domain, self.metadata);
        Status::with_error_details(self.code, self.message, self.details)
    }
}

/// What a caller is told of a database error: UNAVAILABLE where it may pass by itself, else INTERNAL. The log has the
/// rest.
#[must_use]
pub fn database(error: &sqlx::Error) -> Answer {
    let passing = match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            // Connection trouble, out of resources, shutting down, cancelled by a timeout, and lost races.
            ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class)) || code == "55P03"
        }),
        _ => false,
    };
    let unstorable = matches!(error, sqlx::Error::Database(database)
        if database.code().is_some_and(|code| UNSTORABLE.contains(&code.as_ref())));
    if unstorable {
        tracing::warn!(error = %error, "a caller's value can't be stored");
        return Answer::shared(
            Code::InvalidArgument,
            ErrorReason::InvalidField,
            "a value of the request, or of its token, can't be stored",
        );
    }
    if passing {
        tracing::warn!(error = %error, "the database does not answer as it should");
        Answer::shared(
            Code::Unavailable,
            ErrorReason::DependencyDown,
            "the database does not answer; try again",
        )
        .retry()
    } else {
        tracing::error!(error = %error, "a statement failed");
        internal()
    }
}

/// A fault of the service itself; log it where it is found.
#[must_use]
pub fn internal() -> Answer {
    Answer::shared(Code::Internal, ErrorReason::Internal, "a fault of the service; its log has the rest")
}

/// No such resource, or none that the caller may see.
#[must_use]
pub fn not_found(name: &str) -> Answer {
    Answer::shared(
        Code::NotFound,
        ErrorReason::NotFound,
        format!("{name} does not exist, or you may not see it"),
    )
    .fact("name", name)
}

/// A page token of another list.
#[must_use]
pub fn page_token_invalid() -> Answer {
    let why = "not a token of this list with this filter";
    Answer::shared(Code::InvalidArgument, ErrorReason::PageTokenInvalid, format!("page_token: {why}"))
        .field("page_token", why)
}

/// A resume token of another watch.
#[must_use]
pub fn resume_token_invalid() -> Answer {
    let why = "not a token of this watch";
    Answer::shared(Code::InvalidArgument, ErrorReason::ResumeTokenInvalid, format!("resume_token: {why}"))
        .field("resume_token", why)
}

/// A field whose value no rule of the contract could refuse, but the service must.
#[must_use]
pub fn invalid_field(path: &str, why: &str) -> Answer {
    Answer::shared(Code::InvalidArgument, ErrorReason::InvalidField, format!("{path}: {why}"))
        .field(path, why)
}

/// A request id that could not be claimed.
#[must_use]
pub fn claim(error: &crate::request::ClaimError) -> Answer {
    match error {
        crate::request::ClaimError::Reused => {
            let why = "this id was used before, by you and for this RPC, with other content";
            Answer::shared(Code::AlreadyExists, ErrorReason::RequestIdReused, format!("request_id: {why}"))
                .field("request_id", why)
        }
        crate::request::ClaimError::Database(error) => database(error),
    }
}
