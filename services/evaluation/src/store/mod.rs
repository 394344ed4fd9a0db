//! All SQL of the service. Functions take the connection first and decide nothing.

pub(crate) mod answer;
pub(crate) mod fact;
pub(crate) mod intervention;
pub(crate) mod norm;
pub(crate) mod round;
pub(crate) mod signal;
pub(crate) mod study;
pub(crate) mod survey;
pub(crate) mod unit;
pub(crate) mod unit_index;

use crate::domain::Period;

/// Where a list that is ordered by a time and an id goes on.
pub(crate) type After = Option<(jiff::Timestamp, uuid::Uuid)>;

/// A stored value that this binary doesn't know: a newer one wrote it.
fn unknown(value: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("an unknown or incomplete value: {value}").into())
}

fn period(text: &str) -> Result<Period, sqlx::Error> {
    Period::parse(text).ok_or_else(|| unknown(text))
}
