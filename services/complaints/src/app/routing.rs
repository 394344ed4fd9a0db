//! Finding the unit for a report. Rules, boundaries and successions are kept in memory, and read again when their stored
//! version changed; a filing waits for them only where the process has just begun.

mod boundaries;
mod rules;
mod simulate;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kit::{clock, database::Database};
use sqlx::PgConnection;
use tokio::sync::{Mutex, watch};

pub(crate) use boundaries::{Imported, ToImport, import_file};
pub(crate) use rules::ToReplace;
pub(crate) use simulate::{Simulated, ToSimulate};

use super::{App, Failure};
use crate::{
    domain::{
        ComplaintId, UnitId,
        place::{Areas, Found, Point, Problem},
        routing::{Matter, RuleFault, Rules, Successions, Verdict},
    },
    store::{self, routing::Versions},
};

/// How often the stored versions are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After a failure.
const BACK_OFF: Duration = Duration::from_secs(3);
/// How long a filing waits where nothing was read yet.
const FIRST_WAIT: Duration = Duration::from_secs(3);

/// Why no unit can be found, or why rules or boundaries are not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unroutable {
    /// Neither a point nor a kelurahan.
    #[error("neither a point nor a kelurahan was given")]
    PlaceRequired,
    /// The point is in no kelurahan, nor near one.
    #[error("the point is in no kelurahan")]
    PointOutside,
    /// A point alone, before any boundaries.
    #[error("no boundaries were imported yet")]
    BoundariesMissing,
    /// Nothing was read from the database yet.
    #[error("rules and boundaries were not read yet")]
    NotYetKnown,
    /// A rule can't stand.
    #[error("rule {} can't stand", .0.rule)]
    Rule(RuleFault),
    /// Features are bad.
    #[error("{} features are bad", .0.len())]
    Boundaries(Vec<Problem>),
    /// Rules or boundaries changed since the caller read them.
    #[error("rules or boundaries changed since the etag was read")]
    EtagMismatch,
}

/// What routing goes by, as last read.
#[derive(Debug)]
pub(crate) struct Known {
    versions: Versions,
    areas: Arc<Areas>,
    rules: Arc<Rules>,
    successions: Successions,
}

/// What routing goes by, read again when it changed.
#[derive(Debug)]
pub(crate) struct Routing {
    known: watch::Sender<Option<Arc<Known>>>,
    /// One reads at a time, so that what is older never replaces what is newer.
    turn: Mutex<()>,
}

impl Default for Routing {
    fn default() -> Self {
        Self { known: watch::Sender::new(None), turn: Mutex::default() }
    }
}

impl Routing {
    /// What was last read.
    pub(crate) async fn current(&self) -> Result<Arc<Known>, Failure> {
        if let Some(known) = self.known.borrow().clone() {
            return Ok(known);
        }
        let mut known = self.known.subscribe();
        let first = tokio::time::timeout(FIRST_WAIT, known.wait_for(Option::is_some)).await;
        let first = first.ok().and_then(Result::ok).and_then(|known| known.clone());
        first.ok_or(Failure::Unroutable(Unroutable::NotYetKnown))
    }

    async fn refresh(&self, database: &Database) -> Result<(), sqlx::Error> {
        let _turn = self.turn.lock().await;
        let mut connection = database.acquire().await?;
        let versions = store::routing::versions(&mut connection).await?;
        let successions = store::routing::successions(&mut connection).await?;
        let before = self.known.borrow().clone();
        let rules = match &before {
            Some(before) if before.versions.rules == versions.rules => Arc::clone(&before.rules),
            _ => Arc::new(store::routing::rules(&mut connection, versions.rules).await?),
        };
        let areas = match &before {
            Some(before) if before.versions.boundaries == versions.boundaries => Arc::clone(&before.areas),
            _ => {
                let boundaries = store::place::boundaries(&mut connection, versions.boundaries).await?;
                let built = tokio::task::spawn_blocking(move || Areas::new(boundaries)).await;
                Arc::new(built.map_err(|_| sqlx::Error::WorkerCrashed)?)
            }
        };
        self.known.send_replace(Some(Arc::new(Known { versions, areas, rules, successions })));
        Ok(())
    }
}

/// What is said of a report's place.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) point: Option<Point>,
    /// Empty where not said.
    pub(crate) kelurahan_code: &'a str,
}

/// A kelurahan, and how a point led to it; none for a code that was given.
pub(crate) type Placed = (String, Option<Found>);

impl Known {
    /// The kelurahan of a place: the point's, where there is one and boundaries are known; else the one given.
    pub(crate) fn place(&self, place: &Place<'_>) -> Result<Placed, Unroutable> {
        match (place.point, place.kelurahan_code) {
            (None, "") => Err(Unroutable::PlaceRequired),
            (Some(_), "") if self.areas.is_empty() => Err(Unroutable::BoundariesMissing),
            (Some(point), _) if !self.areas.is_empty() => {
                let found = self.areas.locate(point).ok_or(Unroutable::PointOutside)?;
                Ok((found.kelurahan_code.clone(), Some(found)))
            }
            (_, code) => Ok((code.to_owned(), None)),
        }
    }

    /// The unit for a report whose kelurahan a unit serves, and why.
    pub(crate) fn unit(&self, matter: &Matter, serving: UnitId) -> (UnitId, Verdict, Vec<UnitId>) {
        let verdict = self.rules.judge(matter);
        let named = verdict.matched.map_or(serving, |(_, unit)| unit);
        let (unit, replaced) = self.successions.acting(named, &matter.kelurahan_code);
        (unit, verdict, replaced)
    }
}

/// What rules look at, of a report filed at a time.
pub(crate) fn matter((category, asset): (&str, &str), kelurahan_code: &str, filed_at: Timestamp) -> Matter {
    Matter {
        category: category.to_owned(),
        kelurahan_code: kelurahan_code.to_owned(),
        asset: asset.to_owned(),
        filed_at: clock::jakarta().to_datetime(filed_at),
    }
}

/// The unit that serves a kelurahan.
pub(crate) async fn serving(connection: &mut PgConnection, kelurahan_code: &str) -> Result<UnitId, Failure> {
    match store::unit::serving(connection, kelurahan_code).await? {
        Some(unit) => Ok(unit),
        None if store::unit::any(connection).await? => Err(Failure::KelurahanUnknown),
        None => Err(Failure::UnitsNotYetKnown),
    }
}

/// Which report to find the unit for.
#[derive(Debug)]
pub(crate) struct ToResolve {
    pub(crate) point: Option<Point>,
    pub(crate) kelurahan_code: String,
    pub(crate) category: String,
    pub(crate) asset: String,
    /// Now where none.
    pub(crate) filed_at: Option<Timestamp>,
}

/// The unit, and why.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) unit: UnitId,
    pub(crate) kelurahan_code: String,
    pub(crate) found: Option<Found>,
    pub(crate) verdict: Verdict,
    pub(crate) replaced: Vec<UnitId>,
    pub(crate) rules_version: i64,
}

impl App {
    /// Follows what is stored for as long as the process lives.
    pub(crate) async fn follow_routing(self) {
        loop {
            let pause = match self.routing.refresh(&self.database).await {
                Ok(()) => LOOK_EVERY,
                Err(error) => {
                    tracing::warn!(error = %error, "rules and boundaries can't be read yet; trying again");
                    BACK_OFF
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Where a report is, and what sort of asset it is about, for who was found to be allowed to see it.
    pub(crate) async fn place_of(&self, complaint: ComplaintId) -> Result<(Option<Point>, String), Failure> {
        Ok(store::place::get(&mut *self.database.acquire().await?, complaint).await?)
    }

    /// Says which unit a report would go to, and why.
    pub(crate) async fn resolve(&self, to_resolve: ToResolve) -> Result<Resolved, Failure> {
        let known = self.routing.current().await?;
        let place = Place { point: to_resolve.point, kelurahan_code: &to_resolve.kelurahan_code };
        let (kelurahan_code, found) = known.place(&place)?;
        let mut connection = self.database.acquire().await?;
        let category = &to_resolve.category;
        if !category.is_empty()
            && store::routing::known_categories(&mut connection, std::slice::from_ref(category))
                .await?
                .is_empty()
        {
            return Err(Failure::CategoryUnknown);
        }
        let serving = serving(&mut connection, &kelurahan_code).await?;
        let filed_at = to_resolve.filed_at.unwrap_or_else(|| self.clock.now());
        let (unit, verdict, replaced) =
            known.unit(&matter((category, &to_resolve.asset), &kelurahan_code, filed_at), serving);
        Ok(Resolved { unit, kelurahan_code, found, verdict, replaced, rules_version: known.versions.rules })
    }
}
