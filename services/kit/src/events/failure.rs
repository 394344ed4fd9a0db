//! Why events were not applied, told apart by what has to follow: wait for the database, or deal with the event.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::dead_letter::Reason;
use crate::database::Database;

/// Between tries to reach the stream or the database.
pub(super) const BACK_OFF_MIN: Duration = Duration::from_millis(100);
pub(super) const BACK_OFF_MAX: Duration = Duration::from_secs(5);
/// What Postgres says where a row fits into no partition.
const NO_PARTITION: &str = "23514";

/// Why an event was not applied, as its handler sees it.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// It never will be: park it.
    #[error("the event can't be applied: {0}")]
    Permanent(String),
    /// The database failed; whether for this event alone is found out by trying it alone.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Why events were not applied.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database is down, which counts against no event.
    Down(sqlx::Error),
    /// It is about the event.
    Event(Fault),
}

/// What is wrong with an event.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) reason: Reason,
    pub(crate) error: String,
}

impl Failure {
    pub(super) fn event(reason: Reason, error: impl Into<String>) -> Self {
        Self::Event(Fault { reason, error: error.into() })
    }

    /// For an inbox row that could not be written.
    pub(super) fn of_inbox(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|database| database.code());
        if code.is_some_and(|code| code == NO_PARTITION) {
            let why = "its id is of a day for which it is not known any more what was applied";
            return Self::event(Reason::OlderThanInbox, why);
        }
        error.into()
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        if is_down(&error) { Self::Down(error) } else { Self::event(Reason::Transient, error.to_string()) }
    }
}

impl From<HandlerError> for Failure {
    fn from(error: HandlerError) -> Self {
        match error {
            HandlerError::Permanent(why) => Self::event(Reason::Permanent, why),
            HandlerError::Database(error) => error.into(),
        }
    }
}

/// Whether the database as a whole fails, not a statement.
pub(super) fn is_down(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => database
            .code()
            .is_some_and(|code| ["08", "53", "57P"].iter().any(|class| code.starts_with(class))),
        _ => false,
    }
}

/// Waits, applying nothing and refusing nothing, until the database answers.
///
/// # Errors
/// The process drains.
pub(super) async fn until_it_answers(
    database: &Database,
    error: &sqlx::Error,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    tracing::warn!(error = %error, "the database does not answer; consuming stands still");
    let mut back_off = BACK_OFF_MIN;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => anyhow::bail!("shut down while the database did not answer"),
            () = tokio::time::sleep(back_off) => {}
        }
        if database.acquire().await.is_ok() {
            return Ok(());
        }
        back_off = (back_off * 2).min(BACK_OFF_MAX);
    }
}
