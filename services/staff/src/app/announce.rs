//! What lies ahead announces itself: on the day an assignment takes effect or ends, the others are told, once, however
//! many processes look.

use std::time::Duration;

use kit::{clock::jakarta_day, database::Deadline, run::to_the_end};

use super::{App, Failure};
use crate::{domain::AssignmentId, events::publish, store};

/// How often is looked.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many are told of in one transaction.
const BATCH: i64 = 100;

impl App {
    /// Announces what is due each second, for as long as the process lives.
    pub(crate) async fn announce(self) {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let app = self.clone();
            if let Err(error) = to_the_end(async move { app.announce_due().await }).await {
                let error = anyhow::Error::from(error);
                tracing::warn!(error = format!("{error:#}"), "due assignments are not announced yet");
            }
        }
    }

    /// Announces what is due; answers how many were. Those that another process has in hand are its.
    pub(crate) async fn announce_due(&self) -> Result<usize, Failure> {
        let mut announced = 0;
        loop {
            let batch = self.announce_batch().await?;
            announced += batch;
            if batch == 0 {
                return Ok(announced);
            }
        }
    }

    async fn announce_batch(&self) -> Result<usize, Failure> {
        let now = self.clock.now();
        let today = jakarta_day(now);
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        let due = store::announcement::lock_due(&mut transaction, today, BATCH).await?;
        if due.is_empty() {
            transaction.rollback().await?;
            return Ok(0);
        }
        let ids: Vec<AssignmentId> = due.iter().map(|told| told.assignment).collect();
        let assignments = store::assignment::newest(&mut transaction, &ids).await?;
        let mut events = Vec::with_capacity(due.len());
        for told in due {
            let newest = assignments.iter().find(|assignment| assignment.id == told.assignment);
            let assignment = newest.ok_or_else(|| Failure::NotFound(told.assignment.to_string()))?;
            let announcement = told.next(assignment.terms.days, today);
            store::announcement::update(&mut transaction, &announcement).await?;
            events.push(publish::assignment_changed(assignment, &announcement, now));
        }
        kit::events::append(&mut transaction, &events).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        Ok(events.len())
    }
}
