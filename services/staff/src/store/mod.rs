//! All SQL of the service. Functions take the connection first and decide nothing.

pub(crate) mod announcement;
pub(crate) mod assignment;
pub(crate) mod calendar;
pub(crate) mod person;
pub(crate) mod seat;
pub(crate) mod unit;

/// A stored word that this binary doesn't know: a newer one wrote it.
fn unknown_word(word: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("an unknown or incomplete value: {word}").into())
}
