//! Seats: made, read.

use kit::request::{Claim, claim};
use uuid::Uuid;

use super::{App, Failure, Order, covers, failure::violated};
use crate::{
    domain::{Post, Seat, SeatId, UnitKind},
    events::publish,
    store::{self, seat::Selection},
};

impl App {
    /// Makes a seat in a unit of the caller's.
    pub(crate) async fn create_seat(&self, order: &Order, post: Post) -> Result<Seat, Failure> {
        let id = SeatId(Uuid::now_v7());
        let mut transaction = self.database.begin(order.deadline).await?;
        if let Claim::Done { resource } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            let made_before = SeatId::parse(&resource).ok_or(Failure::NotFound(resource))?;
            return store::seat::get(&mut transaction, made_before)
                .await?
                .ok_or_else(|| Failure::NotFound(made_before.to_string()));
        }
        let kind = store::unit::keep_kind(&mut transaction, post.unit).await?.ok_or(Failure::UnitNotFound)?;
        covers(&mut transaction, &order.caller, post.unit).await?;
        if kind == UnitKind::External {
            return Err(Failure::UnitExternal);
        }
        let seat = Seat::make(id, post, self.clock.now());
        if let Err(error) = store::seat::insert(&mut transaction, &seat).await {
            transaction.rollback().await?;
            return Err(self.seat_refused(error, &seat.post).await);
        }
        kit::events::append(&mut transaction, &[publish::seat_changed(&seat)]).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        Ok(seat)
    }

    /// A seat.
    pub(crate) async fn seat(&self, id: SeatId) -> Result<Seat, Failure> {
        store::seat::get(&mut *self.database.acquire().await?, id)
            .await?
            .ok_or_else(|| Failure::NotFound(id.to_string()))
    }

    /// The seats that a selection finds.
    pub(crate) async fn seats(&self, selection: &Selection) -> Result<Vec<Seat>, Failure> {
        Ok(store::seat::list(&mut *self.database.acquire().await?, selection).await?)
    }

    /// What a refused insert means, and which seat is in the way.
    async fn seat_refused(&self, error: sqlx::Error, post: &Post) -> Failure {
        let in_the_way = match self.database.acquire().await {
            Ok(mut connection) => store::seat::in_the_way(&mut connection, post).await,
            Err(error) => Err(error),
        };
        match (violated(&error), in_the_way) {
            (Some("seat_code_key"), Ok(found)) => Failure::SeatCodeTaken(found.of_code),
            (Some("seat_one_head"), Ok(found)) => Failure::HeadSeatExists(found.head),
            (Some("seat_code_key" | "seat_one_head"), Err(error)) | (_, Err(error)) => {
                Failure::Database(error)
            }
            (_, Ok(_)) => Failure::Database(error),
        }
    }
}
