//! Why a use case failed, and which violated constraint means what.

use kit::request::ClaimError;

use crate::domain::{AssignmentId, HolidaysInvalid, Refusal, SeatId};

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No resource of this name.
    #[error("{0} does not exist")]
    NotFound(String),
    /// None of the caller's units holds the seat's unit in its subtree.
    #[error("the caller's units do not hold the seat's unit")]
    UnitUnknown,
    /// The resource changed since the caller read it.
    #[error("the resource changed since the etag was read")]
    EtagMismatch,
    /// No unit to make a seat in.
    #[error("there is no such unit")]
    UnitNotFound,
    /// A unit that has no seats.
    #[error("the unit is external")]
    UnitExternal,
    /// The other seat that has the code.
    #[error("another seat has the code")]
    SeatCodeTaken(Option<SeatId>),
    /// The seat that leads the unit.
    #[error("the unit has a head's seat")]
    HeadSeatExists(Option<SeatId>),
    /// Whose it is, is not told.
    #[error("another person has the NIP")]
    NipTaken,
    /// No seat to assign to.
    #[error("there is no such seat")]
    SeatUnknown,
    /// No person, of whom the field of this name speaks.
    #[error("there is no such person: {0}")]
    PersonUnknown(&'static str),
    /// The assignment that has the seat.
    #[error("the seat has a definitive holder")]
    SeatTaken(Option<AssignmentId>),
    /// The assignment that the person has.
    #[error("the person holds another seat")]
    PersonHasSeat(Option<AssignmentId>),
    /// The assignment that acts in the seat.
    #[error("the seat has an acting holder")]
    ActingHolderExists(Option<AssignmentId>),
    /// The rules refuse it.
    #[error("refused")]
    Refused(#[from] Refusal),
    /// A file of holidays is wrong.
    #[error("the holidays are wrong")]
    Holidays(#[from] HolidaysInvalid),
    /// The request id could not be claimed.
    #[error("the request id could not be claimed")]
    Claim(#[from] ClaimError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// The constraint that a statement violated.
pub(super) fn violated(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|database| database.constraint())
}
