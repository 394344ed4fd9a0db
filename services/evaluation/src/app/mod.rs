//! The use cases: begin, load, tell the domain, persist, append the event, commit. No rule is decided here, no SQL
//! written.

mod close;
mod figures;
mod indices;
mod mix;
mod respond;
mod signals;
mod studies;
mod surveys;
mod units;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use kit::{
    clock::Clock,
    database::{Database, Deadline},
    request::{ClaimError, RequestKey},
    server::Shell,
};
use sqlx::PgConnection;
use tokio::sync::Notify;

#[cfg(test)]
pub(crate) use mix::mix;
pub(crate) use respond::hash;
pub(crate) use studies::ToRegister;
pub(crate) use surveys::ToOpen;
pub(crate) use units::Callers;

use crate::{
    domain::{index::norm::Norm, trial::DesignRefused},
    store,
};

/// What the use cases work with.
#[derive(Clone)]
pub(crate) struct App {
    database: Database,
    clock: Clock,
    relay_wake: Arc<Notify>,
    /// Norms never change, so that one that was read stays; they are few, as they are shipped.
    norms: Arc<Mutex<HashMap<String, Arc<Norm>>>>,
}

impl App {
    pub(crate) fn new(shell: &Shell) -> Self {
        Self {
            database: shell.database.clone(),
            clock: shell.clock.clone(),
            relay_wake: Arc::clone(&shell.relay_wake),
            norms: Arc::default(),
        }
    }

    /// The norm that a survey follows.
    async fn norm_of(&self, connection: &mut PgConnection, id: &str) -> Result<Arc<Norm>, Failure> {
        let known = self.norms.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(norm) = known {
            return Ok(norm);
        }
        let read = store::norm::get(connection, id).await?.ok_or(Failure::NormUnknown)?;
        let norm = Arc::new(read.norm);
        let mut norms = self.norms.lock().unwrap_or_else(PoisonError::into_inner);
        norms.insert(id.to_owned(), Arc::clone(&norm));
        Ok(norm)
    }
}

/// Under which request id a command comes, and when it must be answered.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) key: RequestKey,
    pub(crate) callers: Callers,
    pub(crate) deadline: Deadline,
}

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No such resource; its name.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The caller's units do not hold the unit, or not all of them.
    #[error("the caller's units do not hold the unit")]
    UnitUnknown,
    /// The resource changed since the caller read it.
    #[error("the resource changed since the etag was read")]
    EtagMismatch,
    /// No norm of this name.
    #[error("there is no such norm")]
    NormUnknown,
    /// A unit is not known; the field that names it.
    #[error("a unit is not known")]
    UnitNotFound(String),
    /// A unit is given twice; the field of the second.
    #[error("a unit is given twice")]
    UnitRepeated(String),
    /// The survey has a round for this period; its name.
    #[error("the survey has a round for this period")]
    RoundExists(String),
    /// The round does not cover the unit.
    #[error("the round does not cover this unit")]
    UnitNotInRound,
    /// The round takes no more answers; its name.
    #[error("the round is closed")]
    RoundClosed(String),
    /// The round still takes answers; its name.
    #[error("the round is open")]
    RoundOpen(String),
    /// A command that the resource's state does not allow.
    #[error("{name} is {state}")]
    IllegalTransition {
        /// The resource's name.
        name: String,
        /// Its state.
        state: &'static str,
    },
    /// The token was used, or is none.
    #[error("the token was used, or is none")]
    TokenSpentOrUnknown,
    /// The norm has no such element; the score's place.
    #[error("the norm has no such element")]
    ElementUnknown(usize),
    /// An element has too many scores; the place of the first too many.
    #[error("an element has too many scores")]
    ElementRepeated(usize),
    /// A score is out of range; its place.
    #[error("a score is not 1 to 4")]
    ScoreOutOfRange(usize),
    /// A study's design is refused.
    #[error("the study's design is refused")]
    Design(DesignRefused),
    /// The study's outcome could be known already.
    #[error("an index of a period after the intervention is published")]
    RegisteredTooLate,
    /// A period of the study is not measured yet.
    #[error("{0} is not measured yet")]
    DataMissing(String),
    /// The service itself is at fault; the log has the rest.
    #[error("a fault of the service")]
    Internal,
    /// The request id could not be claimed.
    #[error("the request id could not be claimed")]
    Claim(#[from] ClaimError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

fn limit(size: usize) -> i64 {
    i64::try_from(size).expect("a page is small")
}
