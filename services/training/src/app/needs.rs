//! Needs: read, and answered. They are made by evaluation's events.

use kit::{
    identity::Caller,
    request::{Claim, claim},
};

use super::{App, Failure, Order, covers};
use crate::{
    domain::{Answer, Need, NeedId},
    events::publish,
    store::{self, need::Selection},
};

impl App {
    /// A need.
    pub(crate) async fn need(&self, caller: &Caller, id: NeedId) -> Result<Need, Failure> {
        let mut connection = self.database.acquire().await?;
        let need = store::need::get(&mut connection, id).await?.ok_or(Failure::NotFound)?;
        covers(&mut connection, caller, &[need.unit]).await?;
        Ok(need)
    }

    /// The needs of the caller's units that a selection finds.
    pub(crate) async fn needs(&self, caller: &Caller, selection: &Selection) -> Result<Vec<Need>, Failure> {
        let mut connection = self.database.acquire().await?;
        Ok(store::need::list(&mut connection, &caller.units, selection).await?)
    }

    /// Says what became of a need.
    pub(crate) async fn answer_need(
        &self,
        order: Order<'_>,
        id: NeedId,
        (answer, reason): (Answer, String),
    ) -> Result<Need, Failure> {
        let person = order.person()?;
        let mut transaction = self.database.begin(order.deadline).await?;
        let mut need = store::need::lock(&mut transaction, id).await?.ok_or(Failure::NotFound)?;
        order.covers(&mut transaction, need.unit).await?;
        if let Claim::Done { .. } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            return Ok(need);
        }
        order.unchanged(&need.etag())?;
        let completed = store::enrolment::completed_for(&mut transaction, id).await?;
        need.answer(person, self.now(), (answer, reason, completed))?;
        store::need::update(&mut transaction, &need).await?;
        let answered = need.answered().expect("it was just answered");
        kit::events::append(&mut transaction, &[publish::need_answered(&need, answered, completed)]).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        Ok(need)
    }
}
