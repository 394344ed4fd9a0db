//! The commands on an enrolment: approve, decline, complete. All lock the enrolment first, then its batches by id.

use kit::request::{Claim, claim};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{App, Failure, Order};
use crate::{
    domain::{Batch, BatchId, BatchName, Enrolment, EnrolmentId, Exposure, InterventionId, Places},
    events::publish,
    store::{self, enrolment::Loaded},
};

impl App {
    /// Finds a nomination good, and gives it a place in a batch while there is one. `batch` is none where the caller's
    /// name for it is of no batch.
    pub(crate) async fn approve(
        &self,
        order: Order<'_>,
        id: EnrolmentId,
        batch: Option<BatchName>,
    ) -> Result<Loaded, Failure> {
        let person = order.person()?;
        let mut transaction = self.database.begin(order.deadline).await?;
        let mut enrolment = store::enrolment::lock(&mut transaction, id).await?.ok_or(Failure::NotFound)?;
        order.covers(&mut transaction, enrolment.nomination.unit).await?;
        if let Claim::Done { .. } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            return shown(&mut transaction, id).await;
        }
        order.unchanged(&enrolment.etag())?;
        let of_programme = batch.filter(|batch| batch.programme == enrolment.nomination.programme);
        let to = of_programme.ok_or(Failure::BatchUnknown)?.batch;
        let ids: Vec<BatchId> = std::iter::once(to).chain(enrolment.waits_in()).collect();
        let mut batches = store::batch::lock(&mut transaction, &ids).await?;
        {
            let (mut to_batch, mut left) = (None, None);
            for batch in &mut batches {
                if batch.id == to { to_batch = Some(batch) } else { left = Some(batch) }
            }
            let to = to_batch
                .filter(|batch| batch.programme == enrolment.nomination.programme)
                .ok_or(Failure::BatchUnknown)?;
            enrolment.approve(person, self.now(), Places { to, from: left })?;
        }
        for batch in &batches {
            store::batch::update(&mut transaction, batch).await?;
        }
        store::enrolment::update(&mut transaction, &enrolment).await?;
        let approved = shown(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(approved)
    }

    /// Turns a nomination down.
    pub(crate) async fn decline(
        &self,
        order: Order<'_>,
        id: EnrolmentId,
        reason: String,
    ) -> Result<Loaded, Failure> {
        let person = order.person()?;
        let mut transaction = self.database.begin(order.deadline).await?;
        let mut enrolment = store::enrolment::lock(&mut transaction, id).await?.ok_or(Failure::NotFound)?;
        order.covers(&mut transaction, enrolment.nomination.unit).await?;
        if let Claim::Done { .. } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            return shown(&mut transaction, id).await;
        }
        order.unchanged(&enrolment.etag())?;
        let mut left = match enrolment.waits_in() {
            Some(batch) => store::batch::lock(&mut transaction, &[batch]).await?.pop(),
            None => None,
        };
        enrolment.decline(person, self.now(), (reason, left.as_mut()))?;
        if let Some(batch) = &left {
            store::batch::update(&mut transaction, batch).await?;
        }
        store::enrolment::update(&mut transaction, &enrolment).await?;
        let declined = shown(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(declined)
    }

    /// Records that somebody took part to the end, and the unit's exposure with it. `asked_jp` are the JP to credit; 0
    /// for all of the programme's.
    pub(crate) async fn complete(
        &self,
        order: Order<'_>,
        id: EnrolmentId,
        asked_jp: i32,
    ) -> Result<Loaded, Failure> {
        let mut transaction = self.database.begin(order.deadline).await?;
        let mut enrolment = store::enrolment::lock(&mut transaction, id).await?.ok_or(Failure::NotFound)?;
        order.covers(&mut transaction, enrolment.nomination.unit).await?;
        if let Claim::Done { .. } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            return shown(&mut transaction, id).await;
        }
        order.unchanged(&enrolment.etag())?;
        let programme = store::programme::get(&mut transaction, enrolment.nomination.programme).await?;
        let programme = programme.ok_or(Failure::NotFound)?;
        let batch = match enrolment.batch() {
            Some(batch) => store::batch::get(&mut transaction, batch).await?,
            None => None,
        };
        let now = self.now();
        enrolment.complete(now, (&programme, batch.as_ref()), asked_jp)?;
        store::enrolment::update(&mut transaction, &enrolment).await?;
        if let (Some(batch), Some(credit)) = (&batch, enrolment.credit()) {
            let exposure = expose(&mut transaction, &enrolment, batch).await?;
            let events = [
                publish::enrolment_completed(&enrolment, batch.name(), credit),
                publish::intervention_recorded(&exposure, now.at),
            ];
            kit::events::append(&mut transaction, &events).await?;
        }
        let completed = shown(&mut transaction, id).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        Ok(completed)
    }
}

async fn shown(connection: &mut PgConnection, id: EnrolmentId) -> Result<Loaded, Failure> {
    store::enrolment::get(connection, id).await?.ok_or(Failure::NotFound)
}

/// The exposure of an enrolment's unit to a batch, a version on.
async fn expose(
    connection: &mut PgConnection,
    enrolment: &Enrolment,
    batch: &Batch,
) -> Result<Exposure, Failure> {
    let unit = enrolment.nomination.unit;
    let new = InterventionId(Uuid::now_v7());
    let (intervention, version) = store::intervention::advance(connection, new, (batch.id, unit)).await?;
    let (dose_jp, participants) = store::intervention::sums(connection, batch.id, unit).await?;
    let lottery = store::lottery::that_put_first(connection, batch.programme, unit).await?;
    Ok(Exposure {
        intervention,
        version,
        unit,
        batch: batch.name(),
        days: batch.days,
        dose_jp,
        participants,
        lottery,
    })
}
