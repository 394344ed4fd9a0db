//! Looks where every event is: committed in its service's log, taken off the outbox, held by the stream, applied by each
//! consumer, and seen in what the consumer made of it. It only reads, but where it is asked to spoil something.

mod found;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow, bail};
use async_nats::jetstream::{self, consumer::pull};
use dev::{client, cluster::SERVICES, stack::Stack};
use futures::{StreamExt, TryStreamExt};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tokio::time::Instant;
use uuid::Uuid;

pub(super) use found::Found;

const POLL: Duration = Duration::from_millis(100);
const LONGEST_POLL: Duration = Duration::from_secs(2);
/// How long a stream that is read may be silent.
const SILENCE: Duration = Duration::from_secs(60);
/// Who takes whose events.
const CONSUMERS: [(&str, &str); 6] = [
    ("complaints", "staff"),
    ("evaluation", "staff"),
    ("evaluation", "complaints"),
    ("evaluation", "training"),
    ("training", "staff"),
    ("training", "evaluation"),
];
/// Tables of the newest that a consumer knows of each aggregate of a type, and whose it is.
const PROJECTIONS: [(&str, &str, &str); 3] = [
    ("complaints.unit", "staff", "unit"),
    ("training.unit", "staff", "unit"),
    ("evaluation.unit", "staff", "unit"),
];

/// A reader of one stack.
pub(super) struct Checker {
    database: PgPool,
    jetstream: jetstream::Context,
    /// When a stream lost what it held, from and until, in microseconds: what was recorded before the end of a loss may
    /// come again behind later events, once the loss began.
    losses: Mutex<Vec<(i64, i64)>>,
}

/// An event as its log has it.
#[derive(sqlx::FromRow)]
struct Told {
    event_id: Uuid,
    aggregate_id: Uuid,
    epoch: i64,
    version: i64,
    recorded_micros: i64,
}

impl Checker {
    pub(super) async fn connect(stack: &Stack) -> Result<Self> {
        let database = PgPoolOptions::new().max_connections(2).connect(&stack.superuser_url()).await?;
        let jetstream = jetstream::new(client::nats(stack.nats_url()).await?);
        Ok(Self { database, jetstream, losses: Mutex::default() })
    }

    pub(super) fn jetstream(&self) -> &jetstream::Context {
        &self.jetstream
    }

    #[cfg(test)]
    pub(super) fn database(&self) -> &PgPool {
        &self.database
    }

    /// Deletes all durables of a consumer, where they are.
    #[cfg(test)]
    pub(super) async fn delete_durables(&self, of: &str) -> Result<()> {
        for (consumer, producer) in CONSUMERS.into_iter().filter(|(consumer, _)| *consumer == of) {
            let stream = self.jetstream.get_stream(stream_of(producer)).await?;
            anyhow::ensure!(stream.delete_consumer(consumer).await?.success, "not deleted");
        }
        Ok(())
    }

    /// Takes note that a stream lost events from a moment until now.
    pub(super) fn lost_since(&self, begun: SystemTime) {
        let loss = (micros(begun), micros(SystemTime::now()));
        self.losses.lock().unwrap_or_else(PoisonError::into_inner).push(loss);
    }

    /// Spoils what a consumer knows; answers an error where nothing was there to be spoiled.
    pub(super) async fn forget(&self, statement: &'static str) -> Result<()> {
        let rows = sqlx::query(statement).execute(&self.database).await?.rows_affected();
        anyhow::ensure!(rows > 0, "{statement} changes nothing");
        Ok(())
    }

    /// Waits until nothing is under way, and looks; what is wrong by then stays wrong.
    pub(super) async fn quiet(&self, within: Duration) -> Result<Found> {
        let until = Instant::now() + within;
        let mut pause = POLL;
        loop {
            let is_late = Instant::now() > until;
            let looked = match self.under_way().await {
                Ok(0) => self.look().await,
                Ok(_) if is_late => self.look().await,
                Ok(events) => Err(anyhow!("{events} events are under way")),
                Err(error) => Err(error),
            };
            match looked {
                Ok(found) if is_late || found.wrong().is_empty() => return Ok(found),
                Err(error) if is_late => bail!("nothing can be seen: {error:#}"),
                _ => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(LONGEST_POLL);
        }
    }

    /// How many events wait on an outbox.
    pub(super) async fn pending(&self) -> Result<i64> {
        let counts = SERVICES.map(|service| format!("(SELECT count(*) FROM {service}.outbox_pending)"));
        self.count(format!("SELECT {}", counts.join(" + "))).await
    }

    /// How many events all services committed.
    pub(super) async fn committed(&self) -> Result<i64> {
        let counts = SERVICES.map(|service| format!("(SELECT count(*) FROM {service}.event_log)"));
        self.count(format!("SELECT {}", counts.join(" + "))).await
    }

    /// How many events wait for the stream or for a consumer, roughly and cheaply.
    async fn under_way(&self) -> Result<u64> {
        let mut events = u64::try_from(self.pending().await?)?;
        for (consumer, producer) in CONSUMERS {
            let stream = stream_of(producer);
            let durable: jetstream::consumer::PullConsumer =
                self.jetstream.get_consumer_from_stream(consumer, stream).await?;
            // What was delivered and not acknowledged may have been applied: whether it was, the inbox says.
            events += durable.cached_info().num_pending;
        }
        Ok(events)
    }

    async fn look(&self) -> Result<Found> {
        let mut found = Found { committed: self.committed().await?, ..Found::default() };
        found.pending = self.pending().await?;
        for service in SERVICES {
            found.dead_letters += self
                .count(format!(
                    "SELECT count(*) FROM {service}.dead_letter WHERE state IN ('WAITING', 'PARKED')"
                ))
                .await?;
        }
        for (consumer, producer) in CONSUMERS {
            found.unapplied += self
                .count(format!(
                    "SELECT count(*) FROM {producer}.event_log AS told WHERE NOT EXISTS (
                         SELECT FROM {consumer}.inbox WHERE inbox.event_id = told.event_id
                            AND inbox.consumer = '{}')",
                    stream_of(producer)
                ))
                .await?;
        }
        for (table, producer, aggregate_type) in PROJECTIONS {
            found.projections_off += self
                .count(format!(
                    "SELECT count(*) FROM (
                         SELECT DISTINCT ON (aggregate_id) aggregate_id, epoch, version FROM {producer}.event_log
                         WHERE aggregate_type = '{aggregate_type}' ORDER BY aggregate_id, epoch DESC, version DESC
                     ) AS told LEFT JOIN {table} AS known ON known.id = told.aggregate_id
                     WHERE (known.epoch, known.version) IS DISTINCT FROM (told.epoch, told.version)"
                ))
                .await?;
        }
        self.look_at_facts(&mut found).await?;
        let open = "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE '%\\_app' AND state LIKE 'idle in transaction%'";
        found.left_open = self.count(open.to_owned()).await?;
        // The streams are read whole: only once the rest is as it should be.
        if found.wrong().is_empty() {
            for service in SERVICES {
                self.read_stream(service, &mut found).await?;
            }
        }
        Ok(found)
    }

    /// Each event of a report makes one fact, and no fact is made of anything else; a report's events are counted through.
    async fn look_at_facts(&self, found: &mut Found) -> Result<()> {
        let sql = "SELECT count(*) FILTER (WHERE fact.event_id IS NULL),
                          count(*) FILTER (WHERE told.event_id IS NULL
                              OR (fact.complaint, fact.epoch, fact.version) <> (told.aggregate_id, told.epoch, told.version))
                   FROM (SELECT * FROM complaints.event_log WHERE aggregate_type = 'complaint') AS told
                   FULL JOIN evaluation.fact ON fact.event_id = told.event_id";
        let (missing, beside): (i64, i64) = sqlx::query_as(sql).fetch_one(&self.database).await?;
        (found.facts_missing, found.facts_beside) = (missing, beside);
        found.versions_off = self
            .count(
                "SELECT count(*) FROM (SELECT count(*) AS events, max(version) AS newest, count(DISTINCT version) AS versions
                     FROM complaints.event_log GROUP BY aggregate_id) AS report
                 WHERE events <> newest OR events <> versions"
                    .to_owned(),
            )
            .await?;
        Ok(())
    }

    async fn count(&self, sql: String) -> Result<i64> {
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.database).await?)
    }

    /// Compares a stream with its service's log: whether it holds each event, and in what order each aggregate's came.
    async fn read_stream(&self, service: &'static str, found: &mut Found) -> Result<()> {
        let mut told = self.told(service).await?;
        let stream = self.jetstream.get_stream(stream_of(service)).await?;
        let consumer = stream
            .create_consumer(pull::OrderedConfig { headers_only: true, ..pull::OrderedConfig::default() })
            .await?;
        let losses = self.losses.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut newest: HashMap<Uuid, (i64, i64)> = HashMap::new();
        let mut left = consumer.cached_info().num_pending;
        let mut messages = consumer.messages().await?;
        while left > 0 {
            let Some(message) = tokio::time::timeout(SILENCE, messages.next()).await? else { break };
            let message = message?;
            let info = message.info().map_err(|error| anyhow!("{error}"))?;
            left = info.pending;
            let published_micros = i64::try_from(info.published.unix_timestamp_nanos() / 1_000)?;
            let id = message.headers.as_ref().and_then(|headers| headers.get("ce-id"));
            let Some(id) = id.and_then(|id| Uuid::parse_str(id.as_str()).ok()) else { continue };
            // One that comes again is known already, and has no order any more.
            let Some(event) = told.remove(&id) else { continue };
            let version = (event.epoch, event.version);
            let newest = newest.entry(event.aggregate_id).or_default();
            if version < *newest {
                let was_lost = losses
                    .iter()
                    .any(|(from, until)| event.recorded_micros <= *until && published_micros >= *from);
                found.came_again += i64::from(was_lost);
                found.out_of_order += i64::from(!was_lost);
            }
            *newest = version.max(*newest);
        }
        found.not_in_stream += i64::try_from(told.len())?;
        Ok(())
    }

    async fn told(&self, service: &str) -> Result<HashMap<Uuid, Told>> {
        let sql = format!(
            "SELECT event_id, aggregate_id, epoch, version,
                    (extract(epoch FROM recorded_at) * 1000000)::bigint AS recorded_micros FROM {service}.event_log"
        );
        let rows = sqlx::query_as(AssertSqlSafe(sql)).fetch(&self.database);
        Ok(rows.map_ok(|told: Told| (told.event_id, told)).try_collect().await?)
    }
}

fn stream_of(service: &str) -> String {
    format!("EVT_{}", service.to_uppercase())
}

fn micros(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
