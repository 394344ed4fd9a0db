//! Batches: made and read.

use jiff::civil::Date;
use kit::request::{Claim, claim};
use uuid::Uuid;

use super::{App, Failure, Order};
use crate::{
    domain::{Batch, BatchId, BatchName, Days, ProgrammeId},
    store,
};

impl App {
    /// Makes a batch of a programme, with so many places.
    pub(crate) async fn create_batch(
        &self,
        order: Order<'_>,
        programme: ProgrammeId,
        (days, capacity): (Days, i32),
    ) -> Result<Batch, Failure> {
        let name = BatchName { programme, batch: BatchId(Uuid::now_v7()) };
        let batch = Batch::new(name, (days, capacity), self.clock.now());
        let mut transaction = self.database.begin(order.deadline).await?;
        let claimed = claim(&mut transaction, &order.key, &name.to_string()).await?;
        if let Claim::Done { resource } = claimed {
            let made = BatchName::parse(&resource).ok_or(Failure::NotFound)?;
            return store::batch::get(&mut transaction, made.batch).await?.ok_or(Failure::NotFound);
        }
        store::programme::get(&mut transaction, programme).await?.ok_or(Failure::NotFound)?;
        store::batch::insert(&mut transaction, &batch).await?;
        transaction.commit().await?;
        Ok(batch)
    }

    /// A batch.
    pub(crate) async fn batch(&self, name: BatchName) -> Result<Batch, Failure> {
        store::batch::get(&mut *self.database.acquire().await?, name.batch)
            .await?
            .filter(|batch| batch.programme == name.programme)
            .ok_or(Failure::NotFound)
    }

    /// A programme's batches, by first day.
    pub(crate) async fn batches(
        &self,
        programme: ProgrammeId,
        page: (Option<(Date, Uuid)>, i64),
    ) -> Result<Vec<Batch>, Failure> {
        let mut connection = self.database.acquire().await?;
        store::programme::get(&mut connection, programme).await?.ok_or(Failure::NotFound)?;
        Ok(store::batch::list(&mut connection, programme, page).await?)
    }
}
