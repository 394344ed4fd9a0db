//! The clock of all reports: does what is due, each step once. Any number of replicas share the work: a report that one
//! looks at is left alone by the others, and what a killed one had begun is due again.

use std::time::Duration;

use futures::future::try_join_all;
use kit::database::Deadline;

use super::{
    App, Failure,
    commands::{Changes, follow},
};
use crate::{
    domain::{Complaint, Step},
    store,
};

/// How often it looks where nothing was due.
const EVERY: Duration = Duration::from_millis(500);
/// After a failure.
const BACK_OFF: Duration = Duration::from_secs(2);
/// Reports of one transaction.
const BATCH: i64 = 100;
/// Transactions at once.
const HANDS: usize = 4;

impl App {
    /// Looks for what is due for as long as the process lives.
    pub(crate) async fn run_clock(self) {
        loop {
            let pause = match self.tick().await {
                Ok(0) => EVERY,
                Ok(_) => continue,
                Err(failure) => {
                    tracing::warn!(error = %failure, "what is due can't be done yet; trying again");
                    BACK_OFF
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Does some of what is due by now; how many steps that were.
    pub(crate) async fn tick(&self) -> Result<usize, Failure> {
        let steps = try_join_all((0..HANDS).map(|_| {
            let app = self.clone();
            // A transaction that has begun is brought to its end, also where the process drains.
            kit::run::to_the_end(async move { app.batch().await })
        }));
        Ok(steps.await?.into_iter().sum())
    }

    async fn batch(&self) -> Result<usize, Failure> {
        let now = self.clock.now();
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        let due = store::complaint::lock_due(&mut transaction, (now, BATCH)).await?;
        if due.is_empty() {
            transaction.rollback().await?;
            return Ok(0);
        }
        let (mut changes, mut steps) = (Changes::default(), 0);
        for mut complaint in due {
            while let Some(step) = complaint.fire(now) {
                let mut step = step?;
                self.escalate(&mut transaction, &complaint, &mut step).await?;
                changes.write(&mut transaction, &complaint, &step).await?;
                follow(&mut transaction, &mut changes, (&complaint, &step), now).await?;
                steps += 1;
            }
        }
        self.finish(transaction, changes).await?;
        Ok(steps)
    }

    /// Names the unit that is told: one level up for each warning and breach since the responsible unit got the report.
    async fn escalate(
        &self,
        connection: &mut sqlx::PgConnection,
        complaint: &Complaint,
        step: &mut Step,
    ) -> Result<(), Failure> {
        if step.due.is_some() {
            let levels = complaint.counts.escalations;
            step.escalated_to =
                store::unit::ancestor(connection, complaint.responsible_unit(), levels).await?;
        }
        Ok(())
    }
}
