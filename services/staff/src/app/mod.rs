//! The use cases: begin, load, tell the domain, persist, append the event, commit. No rule is decided here, no SQL
//! written.

pub(crate) mod units;

use kit::{database::Database, server::Shell};

/// What the use cases work with.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) database: Database,
}

impl App {
    pub(crate) fn new(shell: &Shell) -> Self {
        Self { database: shell.database.clone() }
    }
}

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No resource of this name.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}
