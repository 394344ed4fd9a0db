//! The use cases: begin, load, tell the domain, persist, append the event, commit. No rule is decided here, no SQL
//! written.

mod announce;
mod assignments;
pub(crate) mod calendars;
mod directory;
mod failure;
mod people;
mod seats;
pub(crate) mod units;

use std::sync::Arc;

use kit::{
    clock::Clock, database::Database, database::Deadline, identity::Caller, request::RequestKey,
    server::Shell,
};
use sqlx::PgConnection;
use tokio::sync::Notify;

pub(crate) use assignments::{By, ToCreate, ToEnd};
pub(crate) use directory::{AsOf, Entry};
pub(crate) use failure::Failure;

use crate::{
    domain::{PersonId, UnitId},
    store,
};

/// What the use cases work with.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) database: Database,
    clock: Clock,
    relay_wake: Arc<Notify>,
}

/// Who asks for a command, under which request id, until when.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) caller: Arc<Caller>,
    pub(crate) key: RequestKey,
    pub(crate) deadline: Deadline,
}

impl App {
    pub(crate) fn new(shell: &Shell) -> Self {
        Self {
            database: shell.database.clone(),
            clock: shell.clock.clone(),
            relay_wake: Arc::clone(&shell.relay_wake),
        }
    }

    /// The day it is in Jakarta.
    pub(crate) fn today(&self) -> jiff::civil::Date {
        kit::clock::jakarta_day(self.clock.now())
    }
}

/// Ok where a caller's units hold this one in their subtrees.
async fn covers(connection: &mut PgConnection, caller: &Caller, unit: UnitId) -> Result<(), Failure> {
    let covered = store::unit::covered(connection, &caller.units, unit).await?;
    covered.then_some(()).ok_or(Failure::UnitUnknown)
}

impl Order {
    /// The official who asks; none for a system.
    fn person(&self) -> Option<PersonId> {
        self.caller.person.map(PersonId)
    }
}
