//! Carries committed events to the stream, at least once and in each aggregate's order. Any number of replicas share the
//! shards by advisory locks. It changes nothing but `outbox_pending`.

use std::{collections::HashMap, collections::HashSet, sync::Arc, time::Duration};

use async_nats::{
    HeaderMap, HeaderValue,
    jetstream::{message::PublishMessage, publish::PublishAck},
};
use futures::{StreamExt, future::join_all, stream::FuturesUnordered};
use rand::seq::SliceRandom;
use sqlx::PgPool;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use super::{
    road::{ACK_TIMEOUT, Road},
    spans,
};
use crate::metrics::Metrics;

/// Events read at once from a shard.
const BATCH: i64 = 256;
/// Shards drained at once, each with a connection; the pool has one more, for whoever looks after the stream.
const AT_ONCE: usize = 3;
/// How a batch's transaction begins. What a crash of the database takes back of it is published again, and known by its ids,
/// so nobody waits for the disk. And the outbox is read in its key's order whatever statistics say: of a table that is empty
/// one moment and full the next they say nothing, and a plan that reads all of it for each batch is the worst.
const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL enable_seqscan = off;
    SET LOCAL enable_bitmapscan = off; SET LOCAL plan_cache_mode = force_generic_plan";
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

#[derive(sqlx::FromRow)]
struct Pending {
    id: i64,
    event_id: Uuid,
    aggregate_id: Uuid,
    epoch: i64,
    version: i64,
    subject: String,
    headers: String,
    payload: Vec<u8>,
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
        let mut drained = FuturesUnordered::new();
        let (mut published, mut failure) = (0, None);
        loop {
            while failure.is_none() && drained.len() < AT_ONCE {
                let Some(shard) = shards.pop() else { break };
                drained.push(self.drain(shard));
            }
            // What has begun is brought to its end, whatever becomes of the others.
            match drained.next().await {
                None => break,
                Some(Ok(sent)) => published += sent,
                Some(Err(error)) => failure = Some(error),
            }
        }
        match failure {
            Some(failure) => Err(failure),
            None => Ok(published),
        }
    }

    /// A shard, batch by batch; answers how many events were published.
    async fn drain(&self, shard: i32) -> anyhow::Result<usize> {
        let mut published = 0;
        loop {
            let (read, sent) = self.drain_batch(shard).await?;
            published += sent;
            if read < usize::try_from(BATCH).expect("a small number") {
                return Ok(published);
            }
        }
    }

    /// One batch of one shard: how many were read and how many published.
    async fn drain_batch(&self, shard: i32) -> anyhow::Result<(usize, usize)> {
        let shard_column = i16::try_from(shard)?;
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let mine: bool = sqlx::query_scalar(
            "SELECT pg_try_advisory_xact_lock(hashtext('relay ' || current_schema()), $1)",
        )
        .bind(shard)
        .fetch_one(&mut *transaction)
        .await?;
        if !mine {
            return Ok((0, 0));
        }
        let batch: Vec<Pending> = sqlx::query_as(
            "SELECT log.id, log.event_id, log.aggregate_id, log.epoch, log.version, log.subject,
                    log.headers::text AS headers, log.payload
             FROM (SELECT id, recorded_at FROM outbox_pending WHERE shard = $1 ORDER BY id LIMIT $2) AS pending
             JOIN event_log AS log ON log.recorded_at = pending.recorded_at AND log.id = pending.id
             ORDER BY pending.id",
        )
        .bind(shard_column)
        .bind(BATCH)
        .fetch_all(&mut *transaction)
        .await?;
        let read = batch.len();
        let outcome = self.publish(batch).await;
        if let Some(last) = outcome.last {
            // What was acknowledged leaves the outbox together with the word of where it was last: no crash of both
            // processes can lose the one and keep the other.
            sqlx::query(
                "WITH taken AS (DELETE FROM outbox_pending WHERE shard = $1 AND id = ANY($2))
                 INSERT INTO stream_watermark (shard, sequence, event_id) VALUES ($1, $3, $4)
                 ON CONFLICT (shard) DO UPDATE SET sequence = excluded.sequence, event_id = excluded.event_id",
            )
            .bind(shard_column)
            .bind(&outcome.acknowledged)
            .bind(last.sequence)
            .bind(last.event_id)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        self.metrics.published.inc_by(u64::try_from(outcome.acknowledged.len())?);
        match outcome.failure {
            Some(failure) => {
                self.metrics.publish_errors.inc();
                Err(failure)
            }
            None => Ok((read, outcome.acknowledged.len())),
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
                        outcome.acknowledged.push(event.id);
                        let here = Acknowledged { sequence, event_id: event.event_id };
                        outcome.last = outcome
                            .last
                            .into_iter()
                            .chain([here])
                            .max_by_key(|acknowledged| acknowledged.sequence);
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

impl Pending {
    /// The stored headers, and those that have columns.
    fn headers(&self) -> anyhow::Result<HeaderMap> {
        let stored: HashMap<String, String> = serde_json::from_str(&self.headers)?;
        let mut headers = HeaderMap::new();
        for (key, value) in stored {
            headers.insert(key, value);
        }
        headers.insert("ce-id", self.event_id.to_string());
        headers.insert("ce-primaepoch", self.epoch.to_string());
        headers.insert("ce-primaversion", self.version.to_string());
        Ok(headers)
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
    acknowledged: Vec<i64>,
    last: Option<Acknowledged>,
    failure: Option<anyhow::Error>,
}

/// Splits a batch so that the k-th event of each aggregate is in the k-th wave.
fn waves(batch: Vec<Pending>) -> Vec<Vec<Pending>> {
    let mut waves: Vec<Vec<Pending>> = Vec::new();
    let mut seen: HashMap<Uuid, usize> = HashMap::new();
    for event in batch {
        let position = seen.entry(event.aggregate_id).or_default();
        if waves.len() == *position {
            waves.push(Vec::new());
        }
        waves[*position].push(event);
        *position += 1;
    }
    waves
}
