//! Compares one producer's aggregates each night, and whenever its consumer says that it may have missed something.

use std::{sync::Arc, time::Duration};

use jiff::{ToSpan, civil::time};
use sqlx::{Connection, PgPool};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::compare::{Compared, Comparison};
use crate::clock::{Clock, jakarta};

/// Between tries to reach the producer.
const BACK_OFF_MIN: Duration = Duration::from_secs(1);
const BACK_OFF_MAX: Duration = Duration::from_secs(5 * 60);
/// Where the time of the night can't be told.
const A_DAY: Duration = Duration::from_secs(24 * 3_600);

/// Compares when it is time.
pub(crate) struct Comparer {
    pub(crate) comparison: Comparison,
    pub(crate) pool: PgPool,
    /// Notified by the consumer.
    pub(crate) due: Arc<Notify>,
}

impl Comparer {
    /// Works until shut down.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let works = async {
            loop {
                tokio::select! {
                    () = self.due.notified() => {}
                    () = tokio::time::sleep(until_night()) => {}
                }
                let mut back_off = BACK_OFF_MIN;
                while let Err(error) = self.once().await {
                    let producer = &self.comparison.producer;
                    tracing::warn!(producer, error = format!("{error:#}"), "can't compare yet; trying again");
                    tokio::time::sleep(back_off).await;
                    back_off = (back_off * 2).min(BACK_OFF_MAX);
                }
            }
        };
        tokio::select! { () = works => {}, () = shutdown.cancelled() => {} }
    }

    /// Compares; none where another comparison is at it.
    pub(crate) async fn once(&self) -> anyhow::Result<Option<Compared>> {
        // The lock is the connection's: it ends with it, however this ends.
        let mut connection = self.pool.acquire().await?.detach();
        let mine: bool = sqlx::query_scalar(
            "SELECT pg_try_advisory_lock(hashtext('compare ' || current_schema()), hashtext($1))",
        )
        .bind(&self.comparison.producer)
        .fetch_one(&mut connection)
        .await?;
        let compared = if mine { Some(self.comparison.run().await?) } else { None };
        connection.close().await?;
        Ok(compared)
    }
}

/// How long it is until two at night, in Jakarta, by machine time.
fn until_night() -> Duration {
    let now = jakarta().to_datetime(Clock::default().now());
    let mut night = now.date().to_datetime(time(2, 0, 0, 0));
    if night <= now {
        night = night.saturating_add(1.day());
    }
    Duration::try_from(night.duration_since(now)).unwrap_or(A_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_night_is_less_than_a_day_away() {
        let wait = until_night();
        assert!(wait > Duration::ZERO && wait <= A_DAY);
    }
}
