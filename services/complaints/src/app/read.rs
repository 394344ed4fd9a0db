//! Reading reports and their steps. A report that the caller may not see doesn't exist for it.

use kit::identity::Caller;
use sqlx::PgConnection;

use super::{App, Failure, Proof, Sight};
use crate::{
    domain::{Complaint, ComplaintId, Step},
    store::{self, complaint::Selection},
};

impl App {
    /// A report that is in the caller's units, was filed by the calling channel, or whose reporter's proof is shown; and
    /// how the caller comes to see it.
    pub(crate) async fn get(
        &self,
        caller: &Caller,
        id: ComplaintId,
        proof: &Proof,
    ) -> Result<(Complaint, Sight), Failure> {
        self.visible(&mut *self.database.acquire().await?, (caller, proof), id).await
    }

    /// The reports that a selection finds.
    pub(crate) async fn list(&self, selection: &Selection) -> Result<Vec<Complaint>, Failure> {
        let found = store::complaint::list(&mut *self.database.acquire().await?, selection).await?;
        found.into_iter().map(|loaded| Ok(self.open(loaded)?.0)).collect()
    }

    /// At most `limit` steps after a version, of a report that the caller may see.
    pub(crate) async fn timeline(
        &self,
        (caller, proof): (&Caller, &Proof),
        id: ComplaintId,
        (after, limit): (i64, usize),
    ) -> Result<Vec<Step>, Failure> {
        let mut connection = self.database.acquire().await?;
        let (_, sight) = self.visible(&mut connection, (caller, proof), id).await?;
        let limit = i64::try_from(limit).expect("a page is small");
        self.steps(&mut connection, (id, sight), (after, limit)).await
    }

    pub(super) async fn steps(
        &self,
        connection: &mut PgConnection,
        (id, sight): (ComplaintId, Sight),
        page: (i64, i64),
    ) -> Result<Vec<Step>, Failure> {
        let steps = store::timeline::list(connection, id, page).await?;
        Ok(seen(self.open_steps(connection, id, steps).await?, sight))
    }

    async fn visible(
        &self,
        connection: &mut PgConnection,
        asker: (&Caller, &Proof),
        id: ComplaintId,
    ) -> Result<(Complaint, Sight), Failure> {
        let loaded = store::complaint::get(connection, id).await?.ok_or(Failure::NotFound)?;
        let sight = self.sight(connection, asker, &loaded).await?;
        Ok((self.open(loaded)?.0, sight))
    }
}

/// What officials write among themselves is for officials.
pub(super) fn seen(mut steps: Vec<Step>, sight: Sight) -> Vec<Step> {
    if sight != Sight::Official {
        steps.iter_mut().for_each(|step| step.texts.internal.clear());
    }
    steps
}
