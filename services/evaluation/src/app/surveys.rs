//! Norms, surveys, rounds and tokens: making and reading them.

use kit::request::{Claim, claim};
use uuid::Uuid;

use super::{App, Failure, Order, hash, limit};
use crate::{
    domain::{
        Period, RoundName, SurveyId, UnitId,
        survey::{Round, RoundState, RoundUnit, Survey, repeated},
    },
    store::{self, After, norm::NormRecord},
};

/// What round to open.
#[derive(Clone, Debug)]
pub(crate) struct ToOpen {
    pub(crate) survey: SurveyId,
    pub(crate) period: Period,
    pub(crate) units: Vec<RoundUnit>,
    pub(crate) target_hundredths: Option<i32>,
}

impl App {
    /// A norm.
    pub(crate) async fn norm(&self, id: &str) -> Result<NormRecord, Failure> {
        let found = store::norm::get(&mut *self.database.acquire().await?, id).await?;
        found.ok_or_else(|| Failure::NotFound(format!("norms/{id}")))
    }

    /// A page of norms after an id, with one more than the page where there are more.
    pub(crate) async fn norms(&self, after: &str, size: usize) -> Result<Vec<NormRecord>, Failure> {
        let mut connection = self.database.acquire().await?;
        let mut norms = Vec::new();
        for id in store::norm::ids(&mut connection, after, limit(size) + 1).await? {
            norms.extend(store::norm::get(&mut connection, &id).await?);
        }
        Ok(norms)
    }

    /// Makes a survey.
    pub(crate) async fn create_survey(
        &self,
        order: Order,
        norm: String,
        title: String,
    ) -> Result<Survey, Failure> {
        let id = SurveyId(Uuid::now_v7());
        let mut transaction = self.database.begin(order.deadline).await?;
        if let Claim::Done { resource } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            let id = SurveyId::parse(&resource).ok_or_else(|| Failure::NotFound(resource.clone()))?;
            let made = store::survey::get(&mut transaction, id).await?;
            return made.ok_or(Failure::NotFound(resource));
        }
        let now = self.clock.now();
        let survey = Survey { id, version: 1, norm, title, created_at: now, updated_at: now };
        store::survey::insert(&mut transaction, &survey).await.map_err(norm_unknown)?;
        transaction.commit().await?;
        Ok(survey)
    }

    /// A survey.
    pub(crate) async fn survey(&self, id: SurveyId) -> Result<Survey, Failure> {
        let found = store::survey::get(&mut *self.database.acquire().await?, id).await?;
        found.ok_or_else(|| Failure::NotFound(id.to_string()))
    }

    /// Surveys, newest first, with one more than the page where there are more.
    pub(crate) async fn surveys(
        &self,
        norm: &str,
        (after, size): (After, usize),
    ) -> Result<Vec<Survey>, Failure> {
        let mut connection = self.database.acquire().await?;
        Ok(store::survey::list(&mut connection, norm, (after, limit(size) + 1)).await?)
    }

    /// Opens a round.
    pub(crate) async fn open_round(&self, order: Order, to_open: ToOpen) -> Result<Round, Failure> {
        let name = RoundName { survey: to_open.survey, round: Uuid::now_v7() };
        let mut transaction = self.database.begin(order.deadline).await?;
        if let Claim::Done { resource } = claim(&mut transaction, &order.key, &name.to_string()).await? {
            let name = RoundName::parse(&resource).ok_or_else(|| Failure::NotFound(resource.clone()))?;
            let opened = store::round::get(&mut transaction, name).await?;
            return opened.ok_or(Failure::NotFound(resource));
        }
        let survey = store::survey::get(&mut transaction, to_open.survey)
            .await?
            .ok_or_else(|| Failure::NotFound(to_open.survey.to_string()))?;
        let norm = self.norm_of(&mut transaction, &survey.norm).await?;
        let units: Vec<UnitId> = to_open.units.iter().map(|unit| unit.unit).collect();
        let field = |at: usize| format!("units[{at}].unit");
        if let Some(at) = repeated(&units) {
            return Err(Failure::UnitRepeated(field(at)));
        }
        let known = store::unit::known(&mut transaction, &units).await?;
        if let Some(at) = units.iter().position(|unit| !known.contains(unit)) {
            return Err(Failure::UnitNotFound(field(at)));
        }
        order.callers.hold_all(&mut transaction, &units).await?;
        let now = self.clock.now();
        let round = Round {
            name,
            version: 1,
            period: to_open.period,
            units: to_open.units,
            target_hundredths: to_open.target_hundredths,
            state: RoundState::Open,
            created_at: now,
            updated_at: now,
        };
        if !store::round::insert(&mut transaction, &round, &norm).await? {
            let there = store::round::of_period(&mut transaction, survey.id, round.period).await?;
            return Err(Failure::RoundExists(there.map(|(name, _)| name.to_string()).unwrap_or_default()));
        }
        transaction.commit().await?;
        Ok(round)
    }

    /// A round.
    pub(crate) async fn round(&self, name: RoundName) -> Result<Round, Failure> {
        let found = store::round::get(&mut *self.database.acquire().await?, name).await?;
        found.ok_or_else(|| Failure::NotFound(name.to_string()))
    }

    /// A survey's rounds, the latest period first, with one more than the page where there are more.
    pub(crate) async fn rounds(
        &self,
        (survey, state): (SurveyId, &str),
        (after, size): (Option<(jiff::civil::Date, Uuid)>, usize),
    ) -> Result<Vec<Round>, Failure> {
        let mut connection = self.database.acquire().await?;
        if store::survey::get(&mut connection, survey).await?.is_none() {
            return Err(Failure::NotFound(survey.to_string()));
        }
        Ok(store::round::list(&mut connection, (survey, state), after, limit(size) + 1).await?)
    }

    /// Makes tokens, which nothing keeps: for a request that was answered before there are none.
    pub(crate) async fn issue_tokens(
        &self,
        order: Order,
        (name, unit): (RoundName, UnitId),
        count: usize,
    ) -> Result<Vec<[u8; 16]>, Failure> {
        let mut transaction = self.database.begin(order.deadline).await?;
        if let Claim::Done { .. } = claim(&mut transaction, &order.key, &name.to_string()).await? {
            return Ok(Vec::new());
        }
        let held = store::round::hold_open(&mut transaction, name.round).await?;
        let (_, state, _) =
            held.filter(|(held, _, _)| *held == name).ok_or_else(|| Failure::NotFound(name.to_string()))?;
        if !store::round::covers(&mut transaction, name.round, unit).await? {
            return Err(Failure::UnitNotInRound);
        }
        order.callers.hold_all(&mut transaction, &[unit]).await?;
        state.takes_answers().map_err(|_| Failure::RoundClosed(name.to_string()))?;
        let tokens: Vec<[u8; 16]> = (0..count).map(|_| rand::random()).collect();
        let hashes = tokens.iter().map(hash).collect();
        store::answer::insert_tokens(&mut transaction, (name.round, unit), hashes).await?;
        transaction.commit().await?;
        Ok(tokens)
    }
}

fn norm_unknown(error: sqlx::Error) -> Failure {
    match error.as_database_error().and_then(|database| database.constraint()) {
        Some("survey_norm_fkey") => Failure::NormUnknown,
        _ => Failure::Database(error),
    }
}
