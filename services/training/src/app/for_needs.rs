//! Nominates the people of units with needs, once each, as soon as need, people and a programme are all known, in
//! whatever order they came. Any number of processes may run it at once.

use std::time::Duration;

use kit::{database::Deadline, run::to_the_end};
use uuid::Uuid;

use super::{App, Failure};
use crate::{
    domain::{Enrolment, EnrolmentId, Moment, Nomination},
    store::{self, enrolment::Candidate},
};

/// How often it is looked for people to nominate.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many people are nominated before it rests again.
const MOST_AT_ONCE: i64 = 500;

impl App {
    /// Looks for people to nominate, again and again.
    pub(crate) async fn nominate_for_needs(self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            let app = self.clone();
            if let Err(failure) = to_the_end(async move { app.nominate_due().await }).await {
                tracing::warn!(error = ?failure, "nominating for needs failed; trying again");
            }
        }
    }

    /// Nominates those who are to be nominated now, at most [`MOST_AT_ONCE`].
    pub(crate) async fn nominate_due(&self) -> Result<(), Failure> {
        let now = self.now();
        let candidates =
            store::enrolment::candidates(&mut *self.database.acquire().await?, now.day, MOST_AT_ONCE).await?;
        for of_need in candidates.chunk_by(|one, next| one.need == next.need) {
            self.nominate_of_need(of_need, now).await?;
        }
        Ok(())
    }

    /// Nominates people for one need, unless another process is at it, or it was answered meanwhile.
    async fn nominate_of_need(&self, candidates: &[Candidate], now: Moment) -> Result<(), Failure> {
        let Some(first) = candidates.first() else { return Ok(()) };
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        let Some(mut need) = store::need::lock_if_free(&mut transaction, first.need).await? else {
            return Ok(());
        };
        if need.nominate(now).is_err() {
            return Ok(());
        }
        let enrolments: Vec<Enrolment> = candidates
            .iter()
            .map(|candidate| {
                let nomination = Nomination {
                    person: candidate.person,
                    unit: need.unit,
                    programme: candidate.programme,
                    need: Some(need.id),
                    by: None,
                    at: now.at,
                };
                Enrolment::nominate(EnrolmentId(Uuid::now_v7()), nomination)
            })
            .collect();
        let nominated = store::enrolment::insert(&mut transaction, &enrolments).await?;
        if nominated > 0 {
            store::need::update(&mut transaction, &need).await?;
            transaction.commit().await?;
            tracing::info!(need = %need.id, nominated, "people nominated for a need");
        }
        Ok(())
    }
}
