//! Looks where every event is: committed in its service's log, taken off the outbox, held by the stream, applied by each
//! consumer, and seen in what the consumer made of it. It only reads, but where it is asked to spoil something.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Result, bail};
use async_nats::jetstream::{self, consumer::pull};
use dev::{client, cluster::SERVICES, stack::Stack};
use futures::StreamExt;
use sqlx::{AssertSqlSafe, PgPool, Row, postgres::PgPoolOptions};
use tokio::{sync::Mutex, time::Instant};
use uuid::Uuid;

use super::fault::Fault;

/// How long events may be under way once nobody makes new ones.
const QUIET_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(100);
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
    /// From where on the order in each stream is looked at: after a loss events come again, behind later ones.
    ordered_from: Mutex<HashMap<&'static str, u64>>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    committed: i64,
    pending: i64,
    dead_letters: i64,
    /// Events of a stream that a consumer has not applied.
    unapplied: i64,
    /// Events that the stream doesn't hold.
    not_in_stream: i64,
    /// Events more than once in the facts that were made of them, or less.
    facts_off: i64,
    /// Aggregates that a consumer knows in another version than the newest.
    projections_off: i64,
    /// Events that came into the stream for the first time after a later one of the same aggregate did.
    out_of_order: i64,
}

impl Checker {
    pub(super) async fn connect(stack: &Stack) -> Self {
        let database = PgPoolOptions::new().max_connections(2).connect(&stack.superuser_url()).await.unwrap();
        let jetstream = jetstream::new(client::nats(stack.nats_url()).await.unwrap());
        Self { database, jetstream, ordered_from: Mutex::default() }
    }

    pub(super) fn jetstream(&self) -> &jetstream::Context {
        &self.jetstream
    }

    /// Spoils what a consumer knows; answers an error where nothing was there to be spoiled.
    pub(super) async fn forget(&self, statement: &'static str) -> Result<()> {
        let rows = sqlx::query(statement).execute(&self.database).await?.rows_affected();
        anyhow::ensure!(rows > 0, "{statement} changes nothing");
        Ok(())
    }

    /// Waits until nothing is under way, and looks; what is wrong by then stays wrong.
    pub(super) async fn quiet(&self, after: Fault) -> Result<Found> {
        let until = Instant::now() + QUIET_WITHIN;
        loop {
            let looked = self.look(after).await;
            match looked {
                Ok(found) if found.wrong().is_empty() => return Ok(found),
                Ok(found) if Instant::now() > until => return Ok(found),
                Err(error) if Instant::now() > until => bail!("nothing can be seen: {error:#}"),
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }

    async fn look(&self, after: Fault) -> Result<Found> {
        let mut found = Found::default();
        for service in SERVICES {
            let counts = self
                .row(format!(
                    "SELECT (SELECT count(*) FROM {service}.event_log), (SELECT count(*) FROM {service}.outbox_pending),
                            (SELECT count(*) FROM {service}.dead_letter WHERE state IN ('WAITING', 'PARKED'))"
                ))
                .await?;
            found.committed += counts.0;
            found.pending += counts.1;
            found.dead_letters += counts.2;
        }
        for (consumer, producer) in CONSUMERS {
            found.unapplied += self
                .row(format!(
                    "SELECT count(*), 0::bigint, 0::bigint FROM {producer}.event_log AS told WHERE NOT EXISTS (
                         SELECT FROM {consumer}.inbox WHERE inbox.event_id = told.event_id
                            AND inbox.consumer = 'EVT_{}')",
                    producer.to_uppercase()
                ))
                .await?
                .0;
        }
        for (table, producer, aggregate_type) in PROJECTIONS {
            found.projections_off += self
                .row(format!(
                    "SELECT count(*), 0::bigint, 0::bigint FROM (
                         SELECT DISTINCT ON (aggregate_id) aggregate_id, epoch, version FROM {producer}.event_log
                         WHERE aggregate_type = '{aggregate_type}' ORDER BY aggregate_id, epoch DESC, version DESC
                     ) AS told LEFT JOIN {table} AS known ON known.id = told.aggregate_id
                     WHERE (known.epoch, known.version) IS DISTINCT FROM (told.epoch, told.version)"
                ))
                .await?
                .0;
        }
        found.facts_off = self
            .row(
                "SELECT abs((SELECT count(*) FROM evaluation.fact) -
                            (SELECT count(*) FROM complaints.event_log WHERE aggregate_type = 'complaint')),
                        0::bigint, 0::bigint"
                    .to_owned(),
            )
            .await?
            .0;
        // The streams are read whole: only once the rest is as it should be.
        if found.wrong().is_empty() {
            for service in SERVICES {
                self.read_stream(service, after, &mut found).await?;
            }
        }
        Ok(found)
    }

    async fn row(&self, sql: String) -> Result<(i64, i64, i64)> {
        Ok(sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&self.database).await?)
    }

    /// Compares a stream with its service's log: whether it holds each event, and in what order each aggregate's came.
    async fn read_stream(&self, service: &'static str, after: Fault, found: &mut Found) -> Result<()> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT event_id, aggregate_id, epoch, version FROM {service}.event_log"
        )))
        .fetch_all(&self.database)
        .await?;
        let mut told: HashMap<Uuid, (Uuid, (i64, i64))> = HashMap::new();
        for row in rows {
            told.insert(row.try_get(0)?, (row.try_get(1)?, (row.try_get(2)?, row.try_get(3)?)));
        }
        let stream = self.jetstream.get_stream(format!("EVT_{}", service.to_uppercase())).await?;
        let consumer = stream
            .create_consumer(pull::OrderedConfig { headers_only: true, ..pull::OrderedConfig::default() })
            .await?;
        let ordered_from = self.ordered_from.lock().await.get(service).copied().unwrap_or_default();
        let (mut newest, mut reached): (HashMap<Uuid, (i64, i64)>, u64) = (HashMap::new(), 0);
        let mut left = consumer.cached_info().num_pending;
        let mut messages = consumer.messages().await?;
        while left > 0 {
            let Some(message) = tokio::time::timeout(QUIET_WITHIN, messages.next()).await? else { break };
            let message = message?;
            let info = message.info().map_err(|error| anyhow::anyhow!("{error}"))?;
            (left, reached) = (info.pending, info.stream_sequence);
            let id = message.headers.as_ref().and_then(|headers| headers.get("ce-id"));
            let Some(id) = id.and_then(|id| Uuid::parse_str(id.as_str()).ok()) else { continue };
            // One that comes again is known already, and has no order any more.
            if let Some((aggregate, version)) = told.remove(&id) {
                let newest = newest.entry(aggregate).or_default();
                let is_behind = version < *newest && reached > ordered_from && !after.loses();
                found.out_of_order += i64::from(is_behind);
                *newest = version.max(*newest);
            }
        }
        if after.loses() {
            self.ordered_from.lock().await.insert(service, reached);
        }
        found.not_in_stream += i64::try_from(told.len())?;
        Ok(())
    }
}

impl Found {
    /// What is not as it must be once all is quiet.
    pub(super) fn wrong(&self) -> Vec<String> {
        [
            ("pending", self.pending),
            ("dead letters", self.dead_letters),
            ("unapplied", self.unapplied),
            ("not in their stream", self.not_in_stream),
            ("facts lost or duplicated", self.facts_off),
            ("projections in another version", self.projections_off),
            ("out of order", self.out_of_order),
        ]
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .map(|(what, count)| format!("{count} {what}"))
        .collect()
    }
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} events committed, 0 lost, 0 duplicated, 0 out of order", self.committed)
    }
}
