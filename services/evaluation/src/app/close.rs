//! Closing a round: all in one transaction, its indices are made and published, needs for training are raised, and its
//! answers are mixed.

use std::sync::Arc;

use jiff::Timestamp;
use kit::request::{Claim, claim};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{App, Failure, Order};
use crate::{
    domain::{
        RoundName, SignalId, UnitId,
        index::{norm::Norm, sums::RunningSums},
        need::Rule,
        published::{Measured, Published},
        signal::{Signal, SignalState, shown},
        survey::{Round, RoundState, RoundUnit},
    },
    events::publish,
    store::{self, unit_index::Selection},
};

impl App {
    /// Closes a round and publishes what it shows.
    pub(crate) async fn close_round(
        &self,
        order: Order,
        name: RoundName,
        etag: String,
    ) -> Result<Round, Failure> {
        let mut transaction = self.database.begin(order.deadline).await?;
        let found = store::round::lock(&mut transaction, name).await?;
        let mut round = found.ok_or_else(|| Failure::NotFound(name.to_string()))?;
        if let Claim::Done { .. } = claim(&mut transaction, &order.key, &name.to_string()).await? {
            return Ok(round);
        }
        let units: Vec<UnitId> = round.units.iter().map(|covered| covered.unit).collect();
        order.callers.hold_all(&mut transaction, &units).await?;
        if !etag.is_empty() && etag != round.etag() {
            return Err(Failure::EtagMismatch);
        }
        let now = self.clock.now();
        let before = round.state;
        round
            .close(now)
            .map_err(|_| Failure::IllegalTransition { name: name.to_string(), state: before.word() })?;
        let survey = store::survey::get(&mut transaction, name.survey)
            .await?
            .ok_or_else(|| Failure::NotFound(name.survey.to_string()))?;
        let norm = self.norm_of(&mut transaction, &survey.norm).await?;
        let counted = store::round::lock_all_sums(&mut transaction, name.round, &norm).await?;
        let published = publish(&round, norm, counted, now).await?;
        let mut told = Vec::with_capacity(published.len());
        for index in &published {
            store::unit_index::insert(&mut transaction, index).await?;
            told.push(publish::index(index));
        }
        for signal in raise(&mut transaction, &round, &published, now).await? {
            told.push(publish::need(&signal));
        }
        store::round::update(&mut transaction, &round).await?;
        kit::events::append(&mut transaction, &told).await?;
        store::answer::mix_all(&mut transaction, name.round).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        Ok(round)
    }
}

/// Makes the indices, beside the runtime's own threads: a thousand of them are seconds of arithmetic.
async fn publish(
    round: &Round,
    norm: Arc<Norm>,
    counted: Vec<(RoundUnit, RunningSums)>,
    now: Timestamp,
) -> Result<Vec<Published>, Failure> {
    let (name, period, target_hundredths) = (round.name, round.period, round.target_hundredths);
    let made = tokio::task::spawn_blocking(move || {
        let one = |(unit, sums): &(RoundUnit, RunningSums)| Published {
            id: Uuid::now_v7(),
            round: name,
            unit: unit.unit,
            period,
            norm: norm.id().code.clone(),
            target_hundredths,
            measured: Measured::of(&norm, sums, unit.population),
            published_at: now,
        };
        counted.iter().map(one).collect()
    });
    made.await.map_err(|error| {
        tracing::error!(error = %error, "the indices can't be made");
        Failure::Internal
    })
}

/// Stores the signals that this round and the one of the period before show, but those that are open already.
async fn raise(
    connection: &mut PgConnection,
    round: &Round,
    latest: &[Published],
    now: Timestamp,
) -> Result<Vec<Signal>, Failure> {
    let Some(before) = round.period.previous() else { return Ok(Vec::new()) };
    let earlier = match store::round::of_period(connection, round.name.survey, before).await? {
        Some((name, RoundState::Closed { .. })) => {
            let selection = Selection { round: Some(name), ..Selection::default() };
            store::unit_index::list(connection, &selection, (None, i64::MAX)).await?
        }
        _ => return Ok(Vec::new()),
    };
    let mut raised = Vec::new();
    for need in shown(&Rule::default(), &earlier, latest) {
        let signal = Signal {
            id: SignalId(Uuid::now_v7()),
            version: 1,
            unit: need.unit,
            norm: latest.first().map(|index| index.norm.clone()).unwrap_or_default(),
            element: need.element,
            periods: need.periods,
            as_known_at: now,
            state: SignalState::Open,
            created_at: now,
            updated_at: now,
        };
        if store::signal::insert(connection, &signal).await? {
            raised.push(signal);
        }
    }
    Ok(raised)
}
