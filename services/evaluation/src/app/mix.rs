//! Mixing answers, so that nothing leads from a token to the answer it gave: when ten or more about a unit are in intake,
//! they are moved on together, in a random order, and their tokens' hashes are forgotten.

use std::time::Duration;

use kit::{
    database::{Database, Deadline},
    run::to_the_end,
};

use super::{App, Failure};
use crate::store;

/// Fewest answers that are mixed before a round's end.
const LEAST: i64 = 10;
/// Units that are looked after in one go; the rest wait for the next.
const MOST_UNITS: i64 = 1_000;
/// How long an answer may be sent again at least, where others come in at once.
const EVERY: Duration = Duration::from_secs(60);

impl App {
    /// Mixes every minute, for as long as the process lives.
    pub(crate) async fn keep_mixing(self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            let database = self.database.clone();
            match to_the_end(async move { mix(&database).await }).await {
                Ok(0) => {}
                Ok(answers) => tracing::info!(answers, "answers mixed"),
                Err(error) => tracing::warn!(error = %error, "answers are not mixed yet; trying again"),
            }
        }
    }
}

/// Mixes what is ripe; answers how many answers that were.
pub(crate) async fn mix(database: &Database) -> Result<u64, Failure> {
    let ripe = store::answer::ripe(&mut *database.acquire().await?, LEAST, MOST_UNITS).await?;
    let mut mixed = 0;
    for unit in ripe {
        let mut transaction = database.begin(Deadline::unattended()).await?;
        if store::answer::hold_for_mixing(&mut transaction, unit).await? {
            let answers = store::answer::mix(&mut transaction, unit).await?;
            // Somebody else may have mixed them since they were counted: then there may be too few.
            if i64::try_from(answers).is_ok_and(|answers| answers >= LEAST) {
                transaction.commit().await?;
                mixed += answers;
                continue;
            }
        }
        transaction.rollback().await?;
    }
    Ok(mixed)
}
