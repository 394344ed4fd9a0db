//! What a service told, told again: the newest event of each aggregate, their versions, and events of the past put on the
//! outbox once more. Every event is a cumulative snapshot, so the newest of an aggregate says all of it; one that was
//! redacted says nothing and is left out. The RPCs are the same on every service;
//! [`replay_service!`](crate::replay_service) makes them for one.

mod rpc;

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::TryStreamExt;
pub use futures::{Stream, StreamExt};
use jiff::Timestamp;
use sqlx::{PgConnection, postgres::PgRow};
use tokio::sync::{Notify, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

use crate::{
    database::{Database, Deadline},
    request::{Claim, ClaimError, RequestKey, claim},
    server::Shell,
    stored::{Instant, ToStored},
};

pub use rpc::{refused, what};

/// How long an export may take.
const EXPORT: Duration = Duration::from_secs(10 * 60);
/// Rows on the way to a caller.
const UNDER_WAY: usize = 64;
/// Versions in one message.
const VERSIONS: usize = 1_000;

/// The history of one service.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The service's name.
    pub service: &'static str,
    database: Database,
    relay_wake: Arc<Notify>,
}

/// An event as it was published.
#[derive(Debug)]
pub struct Told {
    /// The subject it was published under.
    pub subject: String,
    /// Its headers, those of CloudEvents included.
    pub headers: HashMap<String, String>,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// The newest version of an aggregate.
#[derive(Debug, PartialEq, Eq)]
pub struct Version {
    /// Its type, such as `unit`.
    pub aggregate_type: String,
    /// Its resource name.
    pub resource: String,
    /// Which life of the database it was written in.
    pub epoch: i64,
    /// Its version.
    pub version: i64,
}

/// What to publish again.
#[derive(Debug)]
pub enum What {
    /// All events committed since a moment.
    Since(Timestamp),
    /// The newest event of each of these aggregates, by resource name.
    Newest(Vec<String>),
}

/// An operator's order to publish again.
#[derive(Debug)]
pub struct Act {
    /// Under which request id.
    pub key: RequestKey,
    /// By when.
    pub deadline: Deadline,
    /// What.
    pub what: What,
    /// Why.
    pub reason: String,
}

/// Why nothing was published again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayRefused {
    /// The history does not reach back so far; its oldest event's time, where there is one.
    #[error("the history does not reach back so far")]
    BeforeHistory(Option<Timestamp>),
    /// One of the aggregates never told anything: its position.
    #[error("aggregate {0} is not known")]
    AggregateUnknown(usize),
    /// The request id could not be claimed.
    #[error("the request id could not be claimed")]
    Claim(#[from] ClaimError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Replay {
    /// The history of the service that this is the shell of.
    #[must_use]
    pub fn new(shell: &Shell) -> Self {
        Self {
            service: shell.service,
            database: shell.database.clone(),
            relay_wake: Arc::clone(&shell.relay_wake),
        }
    }

    /// The newest event of each aggregate, as of one moment; only of a type where one is given, and only of these aggregates
    /// where there are some.
    pub fn export(
        &self,
        aggregate_type: String,
        resources: Vec<String>,
    ) -> impl Stream<Item = Result<Told, sqlx::Error>> + use<> {
        self.newest(
            "SELECT DISTINCT ON (aggregate_type, aggregate_id) subject, headers::text, event_id, epoch, version, payload
             FROM event_log
             WHERE ($1 = '' OR aggregate_type = $1)
               AND (cardinality($2::text[]) = 0 OR headers->>'ce-subject' = ANY ($2))
               AND NOT headers ? 'ce-primaredacted'
             ORDER BY aggregate_type, aggregate_id, epoch DESC, version DESC",
            (aggregate_type, resources),
            |row: (String, String, Uuid, i64, i64, Vec<u8>)| {
                let (subject, headers, event_id, epoch, version, payload) = row;
                let mut headers: HashMap<String, String> =
                    serde_json::from_str(&headers).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
                headers.insert("ce-id".to_owned(), event_id.to_string());
                headers.insert("ce-primaepoch".to_owned(), epoch.to_string());
                headers.insert("ce-primaversion".to_owned(), version.to_string());
                Ok(Told { subject, headers, payload })
            },
        )
    }

    /// The newest version of each aggregate, as of one moment; only of a type where one is given.
    pub fn versions(
        &self,
        aggregate_type: String,
    ) -> impl Stream<Item = Result<Vec<Version>, sqlx::Error>> + use<> {
        let versions = self.newest(
            "SELECT DISTINCT ON (aggregate_type, aggregate_id) aggregate_type, headers->>'ce-subject', epoch, version
             FROM event_log WHERE ($1 = '' OR aggregate_type = $1) AND cardinality($2::text[]) = 0
               AND NOT headers ? 'ce-primaredacted'
             ORDER BY aggregate_type, aggregate_id, epoch DESC, version DESC",
            (aggregate_type, Vec::new()),
            |(aggregate_type, resource, epoch, version)| {
                Ok(Version { aggregate_type, resource, epoch, version })
            },
        );
        versions.try_chunks(VERSIONS).map_err(|error| error.1)
    }

    /// Rows of one statement, so of one moment, read only as fast as they are taken; whoever stops taking them ends it.
    fn newest<Row, Item>(
        &self,
        statement: &'static str,
        (aggregate_type, resources): (String, Vec<String>),
        item: fn(Row) -> Result<Item, sqlx::Error>,
    ) -> impl Stream<Item = Result<Item, sqlx::Error>> + use<Row, Item>
    where
        Row: for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin + 'static,
        Item: Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(UNDER_WAY);
        let database = self.database.clone();
        tokio::spawn(async move {
            let read = async {
                let mut transaction = database.begin(Deadline::after(EXPORT)).await?;
                let mut rows = sqlx::query_as::<_, Row>(statement)
                    .bind(aggregate_type)
                    .bind(resources)
                    .fetch(&mut *transaction);
                while let Some(row) = rows.try_next().await? {
                    if sender.send(Ok(item(row)?)).await.is_err() {
                        break;
                    }
                }
                Ok::<(), sqlx::Error>(())
            };
            if let Err(error) = read.await {
                // The one who takes may be gone.
                let _ = sender.send(Err(error)).await;
            }
        });
        ReceiverStream::new(receiver)
    }

    /// Puts events on the outbox again; answers how many.
    ///
    /// # Errors
    /// [`ReplayRefused`]; nothing is put there then.
    pub async fn again(&self, act: Act) -> Result<i64, ReplayRefused> {
        let Act { key, deadline, what, reason } = act;
        let mut transaction = self.database.begin(deadline).await?;
        // The outcome is a number, which is kept where others keep a name; it is known only after the work.
        if let Claim::Done { resource } = claim(&mut transaction, &key, "").await? {
            return Ok(resource.parse().unwrap_or_default());
        }
        let events = match what {
            What::Since(since) => since_moment(&mut transaction, since).await?,
            What::Newest(resources) => newest_of(&mut transaction, &resources).await?,
        };
        sqlx::query(
            "UPDATE request_reply SET resource = $4 WHERE caller = $1 AND rpc = $2 AND request_id = $3",
        )
        .bind(&key.caller)
        .bind(key.rpc)
        .bind(key.request_id)
        .bind(events.to_string())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        tracing::info!(events, caller = key.caller, reason, "events are published again");
        Ok(events)
    }
}

async fn since_moment(connection: &mut PgConnection, since: Timestamp) -> Result<i64, ReplayRefused> {
    let oldest: Option<Instant> =
        sqlx::query_scalar("SELECT min(recorded_at) FROM event_log").fetch_one(&mut *connection).await?;
    let oldest = oldest.map(Instant::to_jiff);
    if oldest.is_none_or(|oldest| since < oldest) {
        return Err(ReplayRefused::BeforeHistory(oldest));
    }
    let enqueued: i64 = sqlx::query_scalar(
        "WITH enqueued AS (
             INSERT INTO outbox_pending (shard, id, recorded_at)
             SELECT shard, id, recorded_at FROM event_log
             WHERE recorded_at >= $1 AND NOT headers ? 'ce-primaredacted'
             ON CONFLICT DO NOTHING RETURNING 1
         )
         SELECT count(*) FROM enqueued",
    )
    .bind(since.stored())
    .fetch_one(connection)
    .await?;
    Ok(enqueued)
}

async fn newest_of(connection: &mut PgConnection, resources: &[String]) -> Result<i64, ReplayRefused> {
    let found: Vec<(i64, i16, i64, Instant)> = sqlx::query_as(
        "SELECT DISTINCT ON (asked.position) asked.position, log.shard, log.id, log.recorded_at
         FROM UNNEST($1::text[]) WITH ORDINALITY AS asked (resource, position)
         JOIN event_log AS log
             ON log.headers->>'ce-subject' = asked.resource AND NOT log.headers ? 'ce-primaredacted'
         ORDER BY asked.position, log.epoch DESC, log.version DESC",
    )
    .bind(resources)
    .fetch_all(&mut *connection)
    .await?;
    let known = |position: usize| {
        found.iter().any(|(found, ..)| usize::try_from(*found).is_ok_and(|found| found == position + 1))
    };
    if let Some(position) = (0..resources.len()).find(|position| !known(*position)) {
        return Err(ReplayRefused::AggregateUnknown(position));
    }
    let shards: Vec<i16> = found.iter().map(|(_, shard, ..)| *shard).collect();
    let ids: Vec<i64> = found.iter().map(|(_, _, id, _)| *id).collect();
    let times: Vec<Instant> = found.iter().map(|(.., time)| *time).collect();
    sqlx::query(
        "INSERT INTO outbox_pending (shard, id, recorded_at)
         SELECT * FROM UNNEST($1::smallint[], $2::bigint[], $3::timestamptz[]) ON CONFLICT DO NOTHING",
    )
    .bind(shards)
    .bind(ids)
    .bind(times)
    .execute(connection)
    .await?;
    Ok(i64::try_from(found.len()).unwrap_or(i64::MAX))
}
