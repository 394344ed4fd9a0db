//! Checks a request against the rules that its proto states, before anything else looks at it; and against one that holds
//! for all text: it has no NUL, which Postgres can't store.

mod nul;
mod rules;

use prost::{Message, Name};
use prost_protovalidate::Validate;
use proto::options::v1::ErrorReason;
use tonic::{Code, Status};

use crate::status::Answer;

/// How many fields are named at most: an error travels in headers, which clients take only so many of.
const MOST_NAMED: usize = 10;

/// What can be checked: any request of the contract.
pub trait Checked: Message + Name + Validate {}

impl<M: Message + Name + Validate> Checked for M {}

/// Ok, or INVALID_ARGUMENT with the fields at fault, the first ten of them, and the rule that each breaks.
///
/// # Errors
/// The status to answer with; `domain` is `prima.<service>`.
pub fn request(message: &impl Checked, domain: &str) -> Result<(), Status> {
    let violations: Vec<(String, String)> = match message.validate() {
        Ok(()) => nul::field(message)
            .map(|field| (field, "must not hold a NUL character".to_owned()))
            .into_iter()
            .collect(),
        Err(error) => error
            .violations()
            .iter()
            .map(|violation| (violation.field_path(), rules::describe(violation)))
            .collect(),
    };
    if violations.is_empty() {
        return Ok(());
    }
    // The message says the first; the details have the others.
    let (first, why) = &violations[0];
    let more = match violations.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let answer =
        Answer::shared(Code::InvalidArgument, ErrorReason::InvalidField, format!("{first}: {why}{more}"));
    let named = violations.into_iter().take(MOST_NAMED);
    Err(named.fold(answer, |answer, (field, why)| answer.field(field, why)).status(domain))
}
