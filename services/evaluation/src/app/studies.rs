//! Studies: registered before the outcome is known, run once.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use kit::request::{Claim, claim};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{App, Callers, Failure, Order, limit};
use crate::{
    domain::{
        PersonId, ProgrammeId, StudyId, UnitId,
        trial::{Design, Outcome, Started, Study, StudyState, conclude},
    },
    events::publish,
    store::{self, After},
};

/// What study to register.
#[derive(Clone, Debug)]
pub(crate) struct ToRegister {
    pub(crate) title: String,
    pub(crate) intervention: Option<ProgrammeId>,
    pub(crate) design: Design,
    pub(crate) seed: i64,
    /// In the study's order; nothing where the outcome is measured.
    pub(crate) values: Vec<String>,
    pub(crate) registered_by: Option<PersonId>,
}

impl App {
    /// Registers a study.
    pub(crate) async fn register_study(&self, order: Order, new: ToRegister) -> Result<Study, Failure> {
        let id = StudyId(Uuid::now_v7());
        let mut transaction = self.database.begin(order.deadline).await?;
        if let Claim::Done { resource } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            let id = StudyId::parse(&resource).ok_or_else(|| Failure::NotFound(resource.clone()))?;
            let registered = store::study::get(&mut transaction, id).await?;
            return registered.ok_or(Failure::NotFound(resource));
        }
        let units = new.design.units();
        let known = store::unit::known(&mut transaction, &units).await?;
        if let Some(at) = units.iter().position(|unit| !known.contains(unit)) {
            return Err(Failure::UnitNotFound(new.design.field(at)));
        }
        order.callers.hold_all(&mut transaction, &units).await?;
        if let Some(first_after) = new.design.post.first()
            && store::unit_index::any_after(&mut transaction, &units, first_after.first_day()).await?
        {
            return Err(Failure::RegisteredTooLate);
        }
        let now = self.clock.now();
        let study = Study {
            id,
            version: 1,
            title: new.title,
            intervention: new.intervention,
            design: new.design,
            seed: new.seed,
            values: new.values,
            registered_by: new.registered_by,
            state: StudyState::Registered,
            created_at: now,
            updated_at: now,
        };
        store::study::insert(&mut transaction, &study).await?;
        transaction.commit().await?;
        Ok(study)
    }

    /// Runs a study.
    pub(crate) async fn run_study(&self, order: Order, id: StudyId, etag: String) -> Result<Study, Failure> {
        let missing = || Failure::NotFound(id.to_string());
        let mut transaction = self.database.begin(order.deadline).await?;
        if !store::study::lock(&mut transaction, id).await? {
            return Err(missing());
        }
        let study = store::study::get(&mut transaction, id).await?.ok_or_else(missing)?;
        if let Claim::Done { .. } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            return Ok(study);
        }
        order.callers.hold_all(&mut transaction, &study.design.units()).await?;
        if !etag.is_empty() && etag != study.etag() {
            return Err(Failure::EtagMismatch);
        }
        study
            .may_run()
            .map_err(|_| Failure::IllegalTransition { name: id.to_string(), state: "CONCLUDED" })?;
        let values = values(&mut transaction, &study).await?;
        let started = match study.intervention {
            Some(programme) => {
                store::intervention::started(&mut transaction, programme, &study.design.units()).await?
            }
            None => Vec::new(),
        };
        let now = self.clock.now();
        let (mut study, values, conclusion) = run(study, values, started, now).await?;
        study.take(values, conclusion.clone(), now);
        store::study::conclude(&mut transaction, &study, &conclusion).await?;
        kit::events::append(&mut transaction, &[publish::study(&study, &conclusion)]).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        Ok(study)
    }

    /// A study.
    pub(crate) async fn study(&self, callers: &Callers, id: StudyId) -> Result<Study, Failure> {
        let mut connection = self.database.acquire().await?;
        let found = store::study::get(&mut connection, id).await?;
        let study = found.ok_or_else(|| Failure::NotFound(id.to_string()))?;
        if study.design.outcome == Outcome::Ikm {
            callers.hold_any(&mut connection, &study.design.units()).await?;
        }
        Ok(study)
    }

    /// Studies of given values, and those that one of the callers' units is in, newest first, with one more than the page where there are more.
    pub(crate) async fn studies(
        &self,
        callers: &Callers,
        filter: (Option<ProgrammeId>, &str),
        (after, size): (After, usize),
    ) -> Result<Vec<Study>, Failure> {
        let mut connection = self.database.acquire().await?;
        Ok(store::study::list(&mut connection, (callers.ids(), filter), (after, limit(size) + 1)).await?)
    }
}

/// The study's values in its order: those given, or the published indices, once all rounds are closed.
async fn values(connection: &mut PgConnection, study: &Study) -> Result<Vec<String>, Failure> {
    if study.design.outcome == Outcome::Given {
        return Ok(study.values.clone());
    }
    let units = study.design.units();
    let periods: Vec<String> = study.design.periods().map(|period| period.to_string()).collect();
    let unmeasured = store::unit_index::unmeasured(connection, &units, &periods).await?;
    if let Some(period) = unmeasured.into_iter().next() {
        return Err(Failure::DataMissing(period));
    }
    let published = store::unit_index::values(connection, &units, &periods).await?;
    let published: HashMap<(UnitId, String), Option<i32>> =
        published.into_iter().map(|(unit, period, value)| ((unit, period), value)).collect();
    let value = |unit: UnitId, period: &String| {
        let hundredths = published.get(&(unit, period.clone())).copied().flatten();
        hundredths.map(|value| format!("{}.{:02}", value / 100, value % 100)).unwrap_or_default()
    };
    Ok(units.iter().flat_map(|unit| periods.iter().map(|period| value(*unit, period))).collect())
}

/// Does the arithmetic, beside the runtime's own threads: two hundred thousand permutations are seconds.
async fn run(
    study: Study,
    values: Vec<String>,
    started: Vec<Started>,
    now: jiff::Timestamp,
) -> Result<(Study, Vec<String>, crate::domain::trial::Conclusion), Failure> {
    let internal = |error: String| {
        tracing::error!(error, "a study can't be run");
        Failure::Internal
    };
    let ran = tokio::task::spawn_blocking(move || {
        let hash = digest(&SHA256, study.lines(&values).as_bytes());
        let hash = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let conclusion = conclude(&study, (&values, hash), &started, now);
        conclusion.map(|conclusion| (study, values, conclusion))
    });
    match ran.await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(error)) => Err(internal(error.to_string())),
        Err(error) => Err(internal(error.to_string())),
    }
}
