//! All SQL of the service. Functions take the connection first and decide nothing.

pub(crate) mod batch;
pub(crate) mod enrolment;
pub(crate) mod intervention;
pub(crate) mod lottery;
pub(crate) mod need;
pub(crate) mod programme;
pub(crate) mod staff;

use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

/// Where a list, newest first, goes on: after this time and id.
pub(crate) type After = Option<(Timestamp, Uuid)>;

/// The value of a stored word; a newer binary may have written one that this binary doesn't know.
fn word<T: FromStr<Err = String>>(stored: &str) -> Result<T, sqlx::Error> {
    stored.parse::<T>().map_err(|word| incomplete(&word))
}

fn incomplete(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("an unknown or incomplete value: {what}").into())
}
