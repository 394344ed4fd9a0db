//! Checks a request against the rules that its proto states, before anything else looks at it.

use prost_protovalidate::Validate;
use proto::options::v1::ErrorReason;
use tonic::{Code, Status};

use crate::status::Answer;

/// Ok, or INVALID_ARGUMENT with each field at fault and the rule it breaks.
///
/// # Errors
/// The status to answer with; `domain` is `prima.<service>`.
pub fn request(message: &impl Validate, domain: &str) -> Result<(), Status> {
    let Err(error) = message.validate() else { return Ok(()) };
    let violations: Vec<(String, String)> =
        error.violations().iter().map(|violation| (violation.field_path(), describe(violation))).collect();
    let summary =
        violations.iter().map(|(field, why)| format!("{field}: {why}")).collect::<Vec<_>>().join("; ");
    let answer = Answer::shared(Code::InvalidArgument, ErrorReason::InvalidField, summary);
    Err(violations.into_iter().fold(answer, |answer, (field, why)| answer.field(field, why)).status(domain))
}

/// Some rules come without a message; their id says enough for one.
fn describe(violation: &prost_protovalidate::Violation) -> String {
    if !violation.message().is_empty() {
        return violation.message().to_owned();
    }
    match violation.rule_id() {
        "string.uuid" => "must be a UUID".to_owned(),
        "required" => "is required".to_owned(),
        rule => format!("breaks the rule {rule}"),
    }
}
