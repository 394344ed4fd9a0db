//! Searches the stream for holes: every event that history has from a span of time must be in the stream, or on the outbox.
//! What is missing is put on the outbox again. Each search looks at what came since the last one; where the stream says
//! that it lost messages meanwhile, at all that it should hold.

use std::time::Duration;

use async_nats::jetstream::{consumer::DeliverPolicy, stream::Stream};
use jiff::Timestamp;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use super::{
    reading::Reading,
    road::{MAX_AGE, Road},
    stream_name,
};
use crate::stored::{Instant, ToStored};

/// What was recorded this lately may be in a transaction that is still open.
const UNDER_WAY: Duration = Duration::from_secs(15);
/// How far the clocks of database and NATS may differ.
const CLOCKS: Duration = Duration::from_secs(5 * 60);
/// The comparison of a whole history takes longer than the relay's statements may.
const LONGEST_STATEMENT: &str = "10min";
/// Ids stored by one statement.
const CHUNK: usize = 5_000;
const LOCK: &str = "pg_try_advisory_lock(hashtext('stream audit ' || current_schema()), 0)";

/// Searches again and again.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    pub(crate) pool: PgPool,
    pub(crate) road: Road,
}

/// What a search found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Audited {
    /// Messages of the stream that were looked at.
    pub(crate) messages: i64,
    /// Events of the same time in the history.
    pub(crate) events: i64,
    /// Of these, neither in the stream nor on the outbox before.
    pub(crate) missing: i64,
}

impl Audit {
    /// Searches what is new for as long as the process lives.
    pub(crate) async fn run(self, every: Duration) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.audit(false).await {
                tracing::info!(
                    error = format!("{error:#}"),
                    "the stream can't be audited; trying again later"
                );
            }
        }
    }

    /// Searches what was recorded since the last search, or `whole` all that the stream keeps. None where another search is
    /// at it.
    pub(crate) async fn audit(&self, whole: bool) -> anyhow::Result<Option<Audited>> {
        // The lock is the connection's: it ends with it, however this ends.
        let mut connection = self.pool.acquire().await?.detach();
        let mine: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT {LOCK}")))
            .fetch_one(&mut connection)
            .await?;
        let audited = if mine { Some(self.audit_alone(&mut connection, whole).await?) } else { None };
        connection.close().await?;
        Ok(audited)
    }

    async fn audit_alone(&self, connection: &mut PgConnection, whole: bool) -> anyhow::Result<Audited> {
        let name = stream_name(self.road.service);
        let stream = self.road.jetstream.get_stream(&name).await?;
        let deleted = i64::try_from(stream.cached_info().state.deleted_count.unwrap_or_default())?;
        let (from, until) = span(connection, (whole, deleted)).await?;
        sqlx::query(sqlx::AssertSqlSafe(format!("SET statement_timeout = '{LONGEST_STATEMENT}'")))
            .execute(&mut *connection)
            .await?;
        // What waits on the outbox now may be in the stream before it was read to its end.
        sqlx::query(
            "CREATE TEMPORARY TABLE in_stream AS
             SELECT event_id FROM event_log JOIN outbox_pending USING (recorded_at, id)",
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query("CREATE UNIQUE INDEX ON in_stream (event_id)").execute(&mut *connection).await?;
        let messages = read(connection, &stream, from).await?;
        let mut transaction = connection.begin().await?;
        let (events, missing): (i64, i64) = sqlx::query_as(
            "WITH told AS (
                 SELECT shard, id, recorded_at, event_id FROM event_log
                 WHERE recorded_at > $1 AND recorded_at <= $2 AND NOT headers ? 'ce-primaredacted'
             ), missing AS (
                 INSERT INTO outbox_pending (shard, id, recorded_at)
                 SELECT shard, id, recorded_at FROM told
                 WHERE NOT EXISTS (SELECT FROM in_stream WHERE in_stream.event_id = told.event_id)
                 ON CONFLICT DO NOTHING RETURNING 1
             )
             SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM missing)",
        )
        .bind(from.stored())
        .bind(until.stored())
        .fetch_one(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM stream_audit").execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO stream_audit (audited_until, deleted) VALUES ($1, $2)")
            .bind(until.stored())
            .bind(deleted)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        if missing > 0 {
            tracing::error!(stream = name, missing, "the stream had holes; the events are published again");
        }
        Ok(Audited { messages, events, missing })
    }
}

/// What is to be searched: since the last search; or since the oldest that the stream keeps, where that is asked for or
/// `deleted` says that the stream lost messages since.
async fn span(
    connection: &mut PgConnection,
    (whole, deleted): (bool, i64),
) -> anyhow::Result<(Timestamp, Timestamp)> {
    let (now, last): (Instant, Option<Instant>) = sqlx::query_as(
        "SELECT clock_timestamp(), (SELECT max(audited_until) FROM stream_audit WHERE deleted >= $1)",
    )
    .bind(deleted)
    .fetch_one(connection)
    .await?;
    let now = now.to_jiff();
    // What is nearly as old as the stream keeps may leave it while it is searched.
    let oldest = now.checked_sub(MAX_AGE)?.checked_add(CLOCKS)?;
    let from = last.filter(|_| !whole).map_or(oldest, |last| last.to_jiff().max(oldest));
    let until = now.checked_sub(UNDER_WAY)?;
    Ok((from.min(until), until))
}

/// Notes the ids of all messages that the stream took since a little before a moment; answers how many.
async fn read(connection: &mut PgConnection, stream: &Stream, from: Timestamp) -> anyhow::Result<i64> {
    let since = from.checked_sub(CLOCKS)?;
    let start_time = time::OffsetDateTime::from_unix_timestamp(since.as_second())?;
    let mut reading = Reading::begin(stream, DeliverPolicy::ByStartTime { start_time }, "").await?;
    let mut ids: Vec<Uuid> = Vec::with_capacity(CHUNK);
    let mut count = 0;
    while let Some((_, id)) = reading.next().await? {
        ids.extend(id);
        count += 1;
        if ids.len() >= CHUNK {
            note(connection, &ids).await?;
            ids.clear();
            tracing::debug!(count, "messages of the stream were looked at");
        }
    }
    note(connection, &ids).await?;
    Ok(count)
}

async fn note(connection: &mut PgConnection, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO in_stream SELECT UNNEST($1::uuid[]) ON CONFLICT DO NOTHING")
        .bind(ids)
        .execute(connection)
        .await?;
    Ok(())
}
