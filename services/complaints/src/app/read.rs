//! Reading reports and their steps. A report that the caller may not see doesn't exist for it.

use kit::identity::Caller;
use sqlx::PgConnection;

use super::{App, Failure, Proof, Sight};
use crate::{
    domain::{Complaint, ComplaintId, Step},
    store,
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
        let (complaint, sight) =
            self.visible(&mut *self.database.acquire().await?, (caller, proof), id).await?;
        Ok((super::commands::seen(complaint, sight), sight))
    }

    /// How many reports are handled under one, and how many citizens stand behind them.
    pub(crate) async fn group_of(&self, id: ComplaintId) -> Result<(i64, i64), Failure> {
        Ok(store::supporter::group(&mut *self.database.acquire().await?, id).await?)
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
        let sight = match self.sight(connection, asker, &loaded).await {
            // The reporter of what is handled under it follows what becomes of it.
            Err(Failure::NotFound) if *asker.1 != Proof::default() => {
                self.any_reporter(connection, asker, &loaded).await.map_err(|failure| match failure {
                    Failure::NotTheReporter => Failure::NotFound,
                    other => other,
                })?
            }
            sight => sight?,
        };
        Ok((self.open(loaded)?.0, sight))
    }
}

/// What officials write among themselves is for officials.
pub(super) fn seen(mut steps: Vec<Step>, sight: Sight) -> Vec<Step> {
    for step in &mut steps {
        if sight != Sight::Official {
            step.texts.internal.clear();
        }
        if sight == Sight::Other {
            step.texts.reporter.clear();
        }
    }
    steps
}
