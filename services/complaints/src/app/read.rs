//! Reading reports and their steps. A report that the caller may not see doesn't exist for it.

use kit::identity::Caller;
use sqlx::PgConnection;

use super::{App, Failure, Proof};
use crate::{
    domain::{Complaint, ComplaintId, Step},
    store::{self, complaint::Selection, unit::Reach},
};

impl App {
    /// A report that is in the caller's units, was filed by the calling channel, or whose reporter's proof is shown.
    pub(crate) async fn get(
        &self,
        caller: &Caller,
        id: ComplaintId,
        proof: &Proof,
    ) -> Result<Complaint, Failure> {
        self.visible(&mut *self.database.acquire().await?, (caller, proof), id).await
    }

    /// The reports that a selection finds.
    pub(crate) async fn list(&self, selection: &Selection) -> Result<Vec<Complaint>, Failure> {
        Ok(store::complaint::list(&mut *self.database.acquire().await?, selection).await?)
    }

    /// At most `limit` steps after a version, of a report that the caller may see.
    pub(crate) async fn timeline(
        &self,
        (caller, proof): (&Caller, &Proof),
        id: ComplaintId,
        (after, limit): (i64, usize),
    ) -> Result<Vec<Step>, Failure> {
        let mut connection = self.database.acquire().await?;
        self.visible(&mut connection, (caller, proof), id).await?;
        let limit = i64::try_from(limit).expect("a page is small");
        Ok(store::timeline::list(&mut connection, id, (after, limit)).await?)
    }

    /// The steps after a version, for a watch that was let in before; at most a batch.
    pub(crate) async fn steps_since(&self, id: ComplaintId, after: i64) -> Result<Vec<Step>, Failure> {
        const BATCH: i64 = 100;
        Ok(store::timeline::list(&mut *self.database.acquire().await?, id, (after, BATCH)).await?)
    }

    async fn visible(
        &self,
        connection: &mut PgConnection,
        (caller, proof): (&Caller, &Proof),
        id: ComplaintId,
    ) -> Result<Complaint, Failure> {
        let loaded = store::complaint::get(connection, id).await?.ok_or(Failure::NotFound)?;
        let unit = loaded.complaint.responsible_unit;
        let visible = loaded.complaint.filing.channel == caller.system()
            || self.is_reporter(caller, &loaded, proof)
            || store::unit::covered(connection, (&caller.units, Reach::SubtreeOf), unit).await?;
        if visible { Ok(loaded.complaint) } else { Err(Failure::NotFound) }
    }
}
