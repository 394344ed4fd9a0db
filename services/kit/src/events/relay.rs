//! Carries committed events to the stream, at least once and in each aggregate's order. Any number of replicas share the
//! shards by advisory locks. It changes nothing but `outbox_pending`.

use std::{collections::HashMap, collections::HashSet, sync::Arc, time::Duration};

use async_nats::{
    HeaderMap, HeaderValue,
    jetstream::{message::PublishMessage, publish::PublishAck},
};
use futures::future::join_all;
use rand::seq::SliceRandom;
use sqlx::{PgConnection, PgPool};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use super::{
    pending::{Pending, waves},
    road::{ACK_TIMEOUT, Road},
    spans,
};
use crate::metrics::Metrics;

/// Events of a transaction.
const BATCH: usize = 256;
/// Shards of a transaction, so that few events in many shards need few transactions. All shards are done in three at once, and
/// the pool has one connection more, for whoever looks after the stream.
const TOGETHER: usize = 6;
/// How a batch's transaction begins. What a crash of the database takes back of it is published again, and known by its ids,
/// so nobody waits for the disk. And the events are found by their keys, one by one, whatever statistics say: of a table
/// that is empty one moment and full the next they say nothing, and a plan that reads all of it is made sooner or later.
const BEGIN: &str =
    "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL plan_cache_mode = force_generic_plan;
    SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
/// How long one batch may take; what is acknowledged by then is deleted.
const BATCH_TIME: Duration = Duration::from_secs(5);
/// The outbox is read this often while there is work, and ever more rarely while there is none.
const POLL_MIN: Duration = Duration::from_millis(20);
const POLL_MAX: Duration = Duration::from_millis(250);
/// After a failure.
const BACK_OFF: Duration = Duration::from_millis(500);

/// The carrier of one service's events.
pub(crate) struct Relay {
    pub(crate) pool: PgPool,
    pub(crate) road: Road,
    pub(crate) wake: Arc<Notify>,
    pub(crate) metrics: Metrics,
}

impl Relay {
    /// Works until shut down, then once more, so that what was committed last is not left to another replica.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut poll = POLL_MIN;
        let mut stream_known = false;
        loop {
            let ending = shutdown.is_cancelled();
            match self.turn(&mut stream_known).await {
                Ok(0) => poll = (poll * 2).min(POLL_MAX),
                Ok(_) => poll = POLL_MIN,
                Err(error) => {
                    stream_known = false;
                    poll = BACK_OFF;
                    tracing::warn!(error = format!("{error:#}"), "events wait in the outbox");
                }
            }
            if ending {
                return;
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(poll) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Drains every shard that has something and is not another's; answers how many events were published.
    async fn turn(&self, stream_known: &mut bool) -> anyhow::Result<usize> {
        if !*stream_known {
            self.road.ensure_stream().await?;
            *stream_known = true;
        }
        let mut shards: Vec<i32> = sqlx::query_scalar(
            "SELECT number FROM generate_series(0, 15) AS number
             WHERE EXISTS (SELECT FROM outbox_pending WHERE shard = number)",
        )
        .fetch_all(&self.pool)
        .await?;
        shards.shuffle(&mut rand::rng());
        let drained = join_all(shards.chunks(TOGETHER).map(|shards| self.drain(shards))).await;
        // Each was brought to its end, whatever became of the others.
        drained.into_iter().sum()
    }

    /// Some shards, together as long as each has little, and by itself what has more; answers how many events were
    /// published.
    async fn drain(&self, shards: &[i32]) -> anyhow::Result<usize> {
        let (full, mut published) = self.drain_batch(shards).await?;
        for shard in full {
            loop {
                let (full, sent) = self.drain_batch(&[shard]).await?;
                published += sent;
                if full.is_empty() {
                    break;
                }
            }
        }
        Ok(published)
    }

    /// One batch of those shards that nobody else has: which may have more, and how many events were published.
    async fn drain_batch(&self, shards: &[i32]) -> anyhow::Result<(Vec<i32>, usize)> {
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let mine: Vec<i32> = sqlx::query_scalar(
            "SELECT shard FROM UNNEST($1::integer[]) AS shard
             WHERE pg_try_advisory_xact_lock(hashtext('relay ' || current_schema()), shard)",
        )
        .bind(shards)
        .fetch_all(&mut *transaction)
        .await?;
        if mine.is_empty() {
            return Ok((mine, 0));
        }
        let of_each = BATCH / mine.len();
        let batch: Vec<Pending> = sqlx::query_as(
            "SELECT log.shard, log.id, log.event_id, log.aggregate_id, log.epoch, log.version, log.subject,
                    log.headers::text AS headers, log.payload
             FROM UNNEST($1::integer[]) AS mine (shard)
             CROSS JOIN LATERAL (SELECT id, recorded_at FROM outbox_pending
                                 WHERE outbox_pending.shard = mine.shard::smallint ORDER BY id LIMIT $2) AS pending
             JOIN event_log AS log ON log.recorded_at = pending.recorded_at AND log.id = pending.id
             ORDER BY pending.id",
        )
        .bind(&mine)
        .bind(i64::try_from(of_each)?)
        .fetch_all(&mut *transaction)
        .await?;
        let read = |shard: &i32| batch.iter().filter(|event| i32::from(event.shard) == *shard).count();
        let full = mine.into_iter().filter(|shard| read(shard) == of_each).collect();
        let outcome = self.publish(batch).await;
        let sent = outcome.acknowledged.len();
        if sent > 0 {
            take_off(&mut transaction, &outcome).await?;
        }
        transaction.commit().await?;
        self.metrics.published.inc_by(u64::try_from(sent)?);
        match outcome.failure {
            Some(failure) => {
                self.metrics.publish_errors.inc();
                Err(failure)
            }
            None => Ok((full, sent)),
        }
    }

    /// Publishes in waves: an aggregate's next event goes only after its predecessor was acknowledged.
    async fn publish(&self, batch: Vec<Pending>) -> Outcome {
        let began = Instant::now();
        let mut outcome = Outcome::default();
        let mut stuck: HashSet<Uuid> = HashSet::new();
        for wave in waves(batch) {
            if began.elapsed() > BATCH_TIME {
                outcome
                    .failure
                    .get_or_insert_with(|| anyhow::anyhow!("the batch took longer than {BATCH_TIME:?}"));
                break;
            }
            let wave: Vec<Pending> =
                wave.into_iter().filter(|event| !stuck.contains(&event.aggregate_id)).collect();
            let answers = join_all(wave.iter().map(|event| self.send(event))).await;
            for (event, answer) in wave.iter().zip(answers) {
                match answer {
                    Ok(sequence) => {
                        outcome.acknowledged.push((event.shard, event.id));
                        let here = Acknowledged { sequence, event_id: event.event_id };
                        let last = outcome.last.entry(event.shard).or_insert(here);
                        if last.sequence < sequence {
                            *last = here;
                        }
                    }
                    Err(error) => {
                        stuck.insert(event.aggregate_id);
                        outcome.failure = Some(error);
                    }
                }
            }
        }
        outcome
    }

    /// Sends an event, and waits for its place in the stream.
    async fn send(&self, event: &Pending) -> anyhow::Result<i64> {
        let headers = event.headers()?;
        let trace = headers.get(spans::TRACEPARENT).map(HeaderValue::as_str).unwrap_or_default();
        let span = spans::send(&self.road.own_stream_name(), trace);
        self.deliver(event, headers).instrument(span).await
    }

    async fn deliver(&self, event: &Pending, mut headers: HeaderMap) -> anyhow::Result<i64> {
        headers.insert(async_nats::header::NATS_MESSAGE_ID, event.event_id.to_string());
        let acknowledged = self.publish_once(event, headers).await?;
        let sequence = i64::try_from(acknowledged.sequence)?;
        // The server remembers ids longer than a message that was lost meanwhile: what it takes for a repetition is only one
        // if it is there.
        if !acknowledged.duplicate || self.road.event_at(sequence).await? == Some(event.event_id) {
            return Ok(sequence);
        }
        Ok(i64::try_from(self.publish_once(event, event.headers()?).await?.sequence)?)
    }

    async fn publish_once(&self, event: &Pending, headers: HeaderMap) -> anyhow::Result<PublishAck> {
        let message = PublishMessage::build().payload(event.payload.clone().into()).headers(headers);
        let ack = self.road.jetstream.send_publish(event.subject.clone(), message).await?;
        Ok(tokio::time::timeout(ACK_TIMEOUT, ack).await??)
    }
}

/// Where the stream put an event.
#[derive(Clone, Copy, Debug)]
struct Acknowledged {
    sequence: i64,
    event_id: Uuid,
}

#[derive(Default)]
struct Outcome {
    /// Shards and ids.
    acknowledged: Vec<(i16, i64)>,
    /// Of each shard.
    last: HashMap<i16, Acknowledged>,
    failure: Option<anyhow::Error>,
}

/// What was acknowledged leaves the outbox together with the word of where it was last: no crash of both processes can lose
/// the one and keep the other.
async fn take_off(connection: &mut PgConnection, outcome: &Outcome) -> Result<(), sqlx::Error> {
    let (shards, ids): (Vec<i16>, Vec<i64>) = outcome.acknowledged.iter().copied().unzip();
    let last = || outcome.last.values();
    sqlx::query(
        "WITH taken AS (
             DELETE FROM outbox_pending USING UNNEST($1::smallint[], $2::bigint[]) AS acknowledged (shard, id)
             WHERE outbox_pending.shard = acknowledged.shard AND outbox_pending.id = acknowledged.id
         )
         INSERT INTO stream_watermark (shard, sequence, event_id)
         SELECT * FROM UNNEST($3::smallint[], $4::bigint[], $5::uuid[])
         ON CONFLICT (shard) DO UPDATE SET sequence = excluded.sequence, event_id = excluded.event_id",
    )
    .bind(shards)
    .bind(ids)
    .bind(outcome.last.keys().copied().collect::<Vec<_>>())
    .bind(last().map(|last| last.sequence).collect::<Vec<_>>())
    .bind(last().map(|last| last.event_id).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
