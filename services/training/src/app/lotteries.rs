//! Lotteries: published, drawn, read.

use aws_lc_rs::digest::{SHA256, digest};
use kit::request::{Claim, claim};
use uuid::Uuid;

use super::{App, Failure, Order, covers};
use crate::{
    domain::{Digest, Lottery, LotteryId, Publication, UnitId},
    store,
};

impl App {
    /// Publishes a lottery among units.
    pub(crate) async fn publish_lottery(
        &self,
        order: Order<'_>,
        publication: Publication,
        units: Vec<UnitId>,
    ) -> Result<Lottery, Failure> {
        let id = LotteryId(Uuid::now_v7());
        let mut transaction = self.database.begin(order.deadline).await?;
        if let Claim::Done { resource } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            let made = LotteryId::parse(&resource).ok_or(Failure::NotFound)?;
            return store::lottery::get(&mut transaction, made).await?.ok_or(Failure::NotFound);
        }
        let programme = store::programme::get(&mut transaction, publication.programme).await?;
        programme.ok_or(Failure::ProgrammeUnknown)?;
        if let Some(position) = store::staff::unknown_unit(&mut transaction, &units).await? {
            return Err(Failure::UnitNotFound(position));
        }
        covers(&mut transaction, order.caller, &units).await?;
        let lottery = Lottery::publish(id, publication, units, self.clock.now())?;
        if !store::lottery::insert(&mut transaction, &lottery).await? {
            let other = store::lottery::other_with_units_of(&mut transaction, &lottery).await?;
            return Err(Failure::LotteryExists(other));
        }
        transaction.commit().await?;
        Ok(lottery)
    }

    /// Draws the order.
    pub(crate) async fn draw_lottery(&self, order: Order<'_>, id: LotteryId) -> Result<Lottery, Failure> {
        let mut transaction = self.database.begin(order.deadline).await?;
        let mut lottery = store::lottery::lock(&mut transaction, id).await?.ok_or(Failure::NotFound)?;
        let units: Vec<UnitId> = lottery.slips.iter().map(|slip| slip.unit).collect();
        covers(&mut transaction, order.caller, &units).await?;
        if let Claim::Done { .. } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            return Ok(lottery);
        }
        order.unchanged(&lottery.etag())?;
        lottery.draw(self.now(), sha256)?;
        store::lottery::update(&mut transaction, &lottery).await?;
        transaction.commit().await?;
        Ok(lottery)
    }

    /// A lottery.
    pub(crate) async fn lottery(&self, id: LotteryId) -> Result<Lottery, Failure> {
        store::lottery::get(&mut *self.database.acquire().await?, id).await?.ok_or(Failure::NotFound)
    }
}

fn sha256(text: &str) -> Digest {
    digest(&SHA256, text.as_bytes()).as_ref().try_into().expect("SHA-256 has 32 bytes")
}
