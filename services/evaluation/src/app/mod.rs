//! The use cases. No rule is decided here, no SQL written.

use kit::{database::Database, identity::Caller, server::Shell};
use uuid::Uuid;

use crate::{
    domain::{Figures, Period, count},
    store,
};

/// What the use cases work with.
#[derive(Clone)]
pub(crate) struct App {
    database: Database,
}

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No such unit is known here.
    #[error("the unit is not known")]
    NotFound,
    /// None of the caller's units holds the unit.
    #[error("the caller's units do not hold the unit")]
    UnitUnknown,
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl App {
    pub(crate) fn new(shell: &Shell) -> Self {
        Self { database: shell.database.clone() }
    }

    /// A unit's figures of a period, its subtree included.
    pub(crate) async fn figures(
        &self,
        caller: &Caller,
        unit: Uuid,
        period: Period,
    ) -> Result<Figures, Failure> {
        let mut connection = self.database.acquire().await?;
        match store::unit::known_and_covered(&mut connection, &caller.units, unit).await? {
            (false, _) => Err(Failure::NotFound),
            // A caller's units are those of its token alone until staff's seats are projected here.
            (true, false) => Err(Failure::UnitUnknown),
            (true, true) => Ok(count(&store::fact::reports(&mut connection, unit, period).await?)),
        }
    }
}
