//! Why a command failed, and how its user is told: code, reason, message, the field at fault, when to try again.

use std::fmt::Write;

use tonic::Status;
use tonic_types::StatusExt;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No address was given.
    #[error("say where the service is, with --url or PRIMA_URL")]
    NoUrl,
    /// The token has characters that no token has.
    #[error("what --token or PRIMA_TOKEN gives is no token")]
    NoToken,
    /// Nobody answers.
    #[error("{url} can't be reached")]
    Unreachable {
        /// The address.
        url: String,
        /// What happened.
        error: tonic::transport::Error,
    },
    /// The service refused.
    #[error("the service refused")]
    Refused(#[from] Status),
    /// An event was tried again and failed again.
    #[error("{name} failed again and stays parked: {error}")]
    StillParked {
        /// The dead letter.
        name: String,
        /// What the try said.
        error: String,
    },
    /// Settings could not be changed in place.
    #[error("{0} settings stay as they are")]
    NotApplied(usize),
    /// There is no file that says where services are.
    #[error("--service wants a file of addresses, with --peers-file or PRIMA_PEERS_FILE")]
    NoPeersFile,
    /// The file of addresses can't be read.
    #[error("{file} can't be read: {error}")]
    PeersFile {
        /// The file.
        file: String,
        /// What happened.
        error: std::io::Error,
    },
    /// The file names no such service.
    #[error("there is no service {service} in {file}; it names {known}")]
    UnknownService {
        /// What was asked for.
        service: String,
        /// The file.
        file: String,
        /// The services that it names.
        known: String,
    },
    /// A file can't be read.
    #[error("{file} can't be read: {error}")]
    File {
        /// The file.
        file: String,
        /// What happened.
        error: std::io::Error,
    },
    /// An export is not what was under the root.
    #[error("BROKEN: {0}")]
    LedgerBroken(String),
    /// The answer is not as this version knows the contract.
    #[error("the contract of this version can't be applied: {0}")]
    Contract(String),
    /// The output can't be written.
    #[error("the output can't be written")]
    Output(#[from] std::io::Error),
}

impl Failure {
    /// All that its user has to know.
    pub(crate) fn explain(&self) -> String {
        match self {
            Self::Refused(status) => refused(status),
            Self::Unreachable { error, .. } => format!("{self}: {}", causes(error)),
            Self::Output(error) => format!("{self}: {error}"),
            _ => self.to_string(),
        }
    }
}

fn refused(status: &Status) -> String {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| format!(" {}", info.reason)).unwrap_or_default();
    let mut text = format!("{}{reason}: {}", code(status), status.message());
    for violation in details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default() {
        // Writing to a string can't fail.
        let _ = write!(text, "\n  field {}: {}", violation.field, violation.description);
    }
    if let Some(info) = details.error_info() {
        let mut facts: Vec<_> = info.metadata.iter().collect();
        facts.sort();
        for (key, value) in facts {
            let _ = write!(text, "\n  {key}: {value}");
        }
        let _ = write!(text, "\n  from: {}", info.domain);
    }
    if let Some(delay) = details.retry_info().and_then(|retry| retry.retry_delay) {
        let _ = write!(text, "\n  try again in {delay:?}");
    }
    text
}

/// A code as the gRPC specification writes it, such as `FAILED_PRECONDITION`.
fn code(status: &Status) -> String {
    let mut word = String::new();
    for letter in format!("{:?}", status.code()).chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_uppercase());
    }
    word
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}
