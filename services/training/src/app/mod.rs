//! The use cases: begin, load, tell the domain, persist, append the event, commit. No rule is decided here, no SQL
//! written.

mod batches;
mod decide;
pub(crate) mod for_needs;
mod lotteries;
mod needs;
mod nominate;
mod programmes;

use std::sync::Arc;

use kit::{
    clock::{Clock, jakarta_day},
    database::{Database, Deadline},
    identity::Caller,
    request::{ClaimError, RequestKey},
    server::Shell,
};
use sqlx::PgConnection;
use tokio::sync::Notify;

pub(crate) use nominate::Proposal;

use crate::{
    domain::{EnrolmentId, LotteryId, Moment, PersonId, Refusal, UnitId},
    store,
};

/// What the use cases work with.
#[derive(Clone)]
pub(crate) struct App {
    database: Database,
    clock: Clock,
    relay_wake: Arc<Notify>,
}

impl App {
    pub(crate) fn new(shell: &Shell) -> Self {
        Self {
            database: shell.database.clone(),
            clock: shell.clock.clone(),
            relay_wake: Arc::clone(&shell.relay_wake),
        }
    }

    fn now(&self) -> Moment {
        let at = self.clock.now();
        Moment { at, day: jakarta_day(at) }
    }
}

/// Who asks for a command.
#[derive(Debug)]
pub(crate) struct Order<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) key: RequestKey,
    pub(crate) deadline: Deadline,
    /// The etag last seen; empty for any, and where a resource is made.
    pub(crate) etag: String,
}

impl Order<'_> {
    /// The official who asks.
    fn person(&self) -> Result<PersonId, Failure> {
        self.caller.person.map(PersonId).ok_or(Failure::PersonRequired)
    }

    /// Ok where the caller's units hold this one in their subtree.
    async fn covers(&self, connection: &mut PgConnection, unit: UnitId) -> Result<(), Failure> {
        covers(connection, self.caller, &[unit]).await
    }

    /// Ok where the resource is as the caller saw it.
    fn unchanged(&self, etag: &str) -> Result<(), Failure> {
        if self.etag.is_empty() || self.etag == etag { Ok(()) } else { Err(Failure::EtagMismatch) }
    }
}

/// Ok where a caller's units hold these in their subtree.
async fn covers(connection: &mut PgConnection, caller: &Caller, units: &[UnitId]) -> Result<(), Failure> {
    let covered = store::staff::all_covered(connection, &caller.units, units).await?;
    covered.then_some(()).ok_or(Failure::UnitUnknown)
}

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No such resource.
    #[error("there is no such resource")]
    NotFound,
    /// An official's verb without an official.
    #[error("the token names no person")]
    PersonRequired,
    /// None of the caller's units is above the unit that it is about.
    #[error("the caller's units do not hold the unit")]
    UnitUnknown,
    /// The resource changed since the caller read it.
    #[error("the resource changed since the etag was read")]
    EtagMismatch,
    /// The unit at this position, from 0, has not arrived from staff.
    #[error("the unit at position {0} is not known")]
    UnitNotFound(i64),
    /// A person who has not arrived from staff.
    #[error("the person is not known")]
    PersonUnknown,
    /// A person who has no seat today.
    #[error("the person has no seat")]
    PersonNotSeated,
    /// No programme of this name.
    #[error("there is no such programme")]
    ProgrammeUnknown,
    /// No batch of this name in the enrolment's programme.
    #[error("there is no such batch in the programme")]
    BatchUnknown,
    /// No need of this name.
    #[error("there is no such need")]
    NeedUnknown,
    /// The need is of a unit that the person has no seat in.
    #[error("the need is of another unit than the person's")]
    NeedOfOtherUnit,
    /// The person is in the programme; by this enrolment, where it still is.
    #[error("the person is in the programme already")]
    AlreadyNominated(Option<EnrolmentId>),
    /// A unit is in another lottery of the programme; this one, where it still is.
    #[error("a unit is in another lottery of the programme")]
    LotteryExists(Option<LotteryId>),
    /// The rules refuse it.
    #[error("refused")]
    Refused(#[from] Refusal),
    /// The request id could not be claimed.
    #[error("the request id could not be claimed")]
    Claim(#[from] ClaimError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}
