//! Tries dead letters again by the clock: each due one alone, ever more rarely, until it is applied or a person has to
//! decide. Any number of replicas share the work.

use std::time::{Duration, Instant};

use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    dead_letter::{self, Next, Reason, State},
    failure::{BACK_OFF_MAX, Failure, Fault, until_it_answers},
    known,
    subscription::Subscription,
};
use crate::database::{Database, Deadline};

/// Tries of one event, its deliveries counted too, before a person has to decide.
pub(super) const MAX_ATTEMPTS: i64 = 8;
/// What waiting times are multiples of.
pub(crate) const RETRY_UNIT: Duration = Duration::from_secs(1);
/// How often it is looked for dead letters whose type is known now.
const WAKE_INTERVAL: Duration = Duration::from_secs(60);
/// Of these, moved by one statement.
const WOKEN_AT_ONCE: u64 = 1_000;
/// The longest wait, in units.
const MAX_DELAY_UNITS: u32 = 300;

/// How long an event waits after its n-th try: 2ⁿ units, at most 300.
pub(super) fn delay_after(n: i64, unit: Duration) -> Duration {
    let units = u32::try_from(n).ok().and_then(|n| 1_u32.checked_shl(n)).unwrap_or(MAX_DELAY_UNITS);
    unit * units.min(MAX_DELAY_UNITS)
}

/// The clock of one service's dead letters.
pub(crate) struct Retry {
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) database: Database,
    /// Also how often it is looked for what is due.
    pub(crate) unit: Duration,
}

impl Retry {
    /// Works until shut down; a try that has begun is brought to its end.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let streams: Vec<String> =
            self.subscriptions.iter().map(|subscription| subscription.stream.clone()).collect();
        let mut woken: Option<Instant> = None;
        while !shutdown.is_cancelled() {
            if woken.is_none_or(|woken| woken.elapsed() > WAKE_INTERVAL) {
                match self.wake(&streams).await {
                    Ok(()) => woken = Some(Instant::now()),
                    Err(error) => tracing::warn!(error = %error, "dead letters can't be looked through yet"),
                }
            }
            let pause = match self.turn(&streams, &shutdown).await {
                Ok(true) => continue,
                Ok(false) => self.unit,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "dead letters can't be tried again yet");
                    BACK_OFF_MAX
                }
            };
            tokio::select! { () = tokio::time::sleep(pause) => {}, () = shutdown.cancelled() => {} }
        }
    }

    /// Has those tried again whose type no version before this one knew. It is looked for them again and again: while an
    /// older version still runs, it may park them once more.
    async fn wake(&self, streams: &[String]) -> Result<(), sqlx::Error> {
        let types = known::types();
        loop {
            let woken = wake_known(&mut *self.database.acquire().await?, (streams, &types)).await?;
            if woken > 0 {
                tracing::info!(woken, "events of types that are known now are tried again");
            }
            if woken < WOKEN_AT_ONCE {
                return Ok(());
            }
        }
    }

    /// Tries one that is due; false where none is.
    async fn turn(&self, streams: &[String], shutdown: &CancellationToken) -> anyhow::Result<bool> {
        let due = dead_letter::claim_due(&mut *self.database.acquire().await?, streams).await?;
        let Some((stream, event)) = due else { return Ok(false) };
        let subscription = self.subscriptions.iter().find(|subscription| subscription.stream == stream);
        let subscription = subscription.ok_or_else(|| anyhow::anyhow!("{stream} was not asked for"))?;
        loop {
            match self.attempt(subscription, event).await {
                Ok(()) => return Ok(true),
                // That the database goes down meanwhile is not another try.
                Err(Failure::Down(error)) => until_it_answers(&self.database, &error, shutdown).await?,
                Err(Failure::Event(fault)) => anyhow::bail!("event {event}: {}", fault.error),
            }
        }
    }

    /// The try, which was counted before.
    async fn attempt(&self, subscription: &Subscription, event: Uuid) -> Result<(), Failure> {
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        let letter = dead_letter::lock(&mut transaction, (&subscription.stream, event)).await?;
        let Some(mut letter) = letter.filter(|letter| letter.state == State::Waiting) else {
            // A person was faster.
            return Ok(transaction.rollback().await?);
        };
        let attempts = letter.attempts;
        let outcome = if attempts > MAX_ATTEMPTS {
            // It is not made, so it doesn't count.
            letter.attempts = MAX_ATTEMPTS;
            Err(Failure::event(Reason::Transient, letter.error.clone()))
        } else {
            subscription.apply_again(&mut transaction, &letter).await
        };
        let next = match outcome {
            Ok(()) => Next::Resolved,
            Err(Failure::Event(fault)) => after(fault, attempts, self.unit),
            Err(down) => return Err(down),
        };
        let stream = &subscription.stream;
        match &next {
            Next::Parked(fault) => {
                let (reason, error) = (fault.reason.word(), &fault.error);
                tracing::error!(%event, stream, reason, error, attempts, "parked an event");
            }
            Next::Waiting(fault, _) => {
                tracing::warn!(%event, stream, error = fault.error, attempts, "an event failed again");
            }
            Next::Resolved | Next::Dropped => {
                tracing::info!(%event, stream, attempts, "applied a dead letter")
            }
        }
        let is_applied = matches!(next, Next::Resolved);
        dead_letter::move_to(&mut transaction, &letter, next).await?;
        transaction.commit().await?;
        subscription.applied.inc_by(u64::from(is_applied));
        Ok(())
    }
}

/// Moves to WAITING those parked for their type that are of one of these types; answers how many.
async fn wake_known(
    connection: &mut PgConnection,
    (streams, types): (&[String], &[String]),
) -> Result<u64, sqlx::Error> {
    let woken = sqlx::query(
        "UPDATE dead_letter
         SET state = 'WAITING', retry_at = clock_timestamp(), attempts = 0, updated_at = clock_timestamp()
         WHERE (event_id, consumer) IN (SELECT event_id, consumer FROM dead_letter
                                        WHERE state = 'PARKED' AND reason = 'UNKNOWN_TYPE' AND consumer = ANY($1)
                                          AND event_type = ANY($2)
                                        LIMIT $3 FOR UPDATE SKIP LOCKED)",
    )
    .bind(streams)
    .bind(types)
    .bind(i64::try_from(WOKEN_AT_ONCE).expect("a small number"))
    .execute(connection)
    .await?;
    Ok(woken.rows_affected())
}

/// What follows from a failed try by the clock.
fn after(fault: Fault, attempts: i64, unit: Duration) -> Next {
    match fault.reason {
        Reason::Transient if attempts >= MAX_ATTEMPTS => {
            Next::Parked(Fault { reason: Reason::AttemptsExhausted, ..fault })
        }
        Reason::Transient => Next::Waiting(fault, delay_after(attempts, unit)),
        _ => Next::Parked(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_with_each_try_up_to_five_minutes() {
        let seconds = [0, 1, 2, 3, 8, 9, 31, 32, 1_000].map(|n| delay_after(n, RETRY_UNIT).as_secs());
        assert_eq!(seconds, [1, 2, 4, 8, 256, 300, 300, 300, 300]);
    }
}
