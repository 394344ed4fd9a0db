//! Sees whether the stream still holds what it acknowledged. Where it was lost, made anew or cut, everything published
//! since it was last seen whole is put on the outbox again, from history; whoever has applied it already drops it.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use super::{
    road::{MAX_AGE, Road},
    stream_name,
};
use crate::stored::{Instant, ToStored};

/// A transaction that was open when the stream was looked at may commit events that it recorded before: none is open
/// longer than this.
const LONGEST_TRANSACTION: Duration = Duration::from_secs(15 * 60);
/// Events put on the outbox again by one statement.
const CHUNK: i64 = 5_000;
/// The looker of this service, among all processes.
const LOCK: &str = "pg_try_advisory_lock(hashtext('stream check ' || current_schema()), 0)";

/// Looks again and again.
pub(crate) struct StreamCheck {
    pub(crate) pool: PgPool,
    pub(crate) road: Road,
}

/// A message that the stream acknowledged.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
struct Acknowledged {
    sequence: i64,
    event_id: Uuid,
}

/// What an earlier look found.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
struct Seen {
    checked_at: Instant,
    stream_created: Instant,
    sequence: Option<i64>,
    event_id: Option<Uuid>,
    published_later: Instant,
}

impl StreamCheck {
    /// Looks for as long as the process lives.
    pub(crate) async fn run(self, every: Duration) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.look().await {
                tracing::info!(error = format!("{error:#}"), "the stream can't be looked at; trying again");
            }
        }
    }

    /// Looks once, unless another process is at it. Dropping it in the middle loses nothing: it begins anew.
    async fn look(&self) -> anyhow::Result<()> {
        // The lock is the connection's: it ends with it, however this ends.
        let mut connection = self.pool.acquire().await?.detach();
        let mine: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT {LOCK}")))
            .fetch_one(&mut connection)
            .await?;
        if mine {
            self.look_alone(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }

    async fn look_alone(&self, connection: &mut PgConnection) -> anyhow::Result<()> {
        let now = database_time(connection).await?;
        let name = stream_name(self.road.service);
        self.road.ensure_stream().await?;
        let stream = self.road.jetstream.get_stream(&name).await?;
        let created = Timestamp::from_nanosecond(stream.cached_info().created.unix_timestamp_nanos())?;
        // To the microsecond, as it is stored.
        let created = Timestamp::from_microsecond(created.as_microsecond())?;
        let newest: Option<Acknowledged> =
            sqlx::query_as("SELECT sequence, event_id FROM stream_watermark ORDER BY sequence DESC LIMIT 1")
                .fetch_optional(&mut *connection)
                .await?;
        let published_later = published_later(connection, now).await?;
        let last_seen = seen_before(connection, Timestamp::MAX).await?;
        let is_anew = last_seen.is_some_and(|seen| seen.stream_created.to_jiff() != created);
        let is_whole = match newest {
            Some(newest) => holds(&self.road, newest, now).await?,
            None => true,
        };
        if is_anew || !is_whole {
            let since =
                if is_anew { oldest_kept(now) } else { last_whole(connection, &self.road, now).await? };
            tracing::error!(stream = name, is_anew, %since, "the stream lost events; they are published again");
            let events = publish_again(connection, since).await?;
            tracing::error!(stream = name, events, "events that the stream may have lost are on the outbox");
            let mut transaction = connection.begin().await?;
            // What the stream acknowledged meanwhile stays.
            sqlx::query("DELETE FROM stream_watermark WHERE sequence <= $1")
                .bind(newest.map_or(0, |newest| newest.sequence))
                .execute(&mut *transaction)
                .await?;
            sqlx::query("DELETE FROM stream_check").execute(&mut *transaction).await?;
            remember(&mut transaction, (created, None), (published_later, now)).await?;
            transaction.commit().await?;
        } else {
            remember(connection, (created, newest), (published_later, now)).await?;
            forget(connection).await?;
        }
        Ok(())
    }
}

/// Whether the stream has this message in its place. One that is so old that the stream may have dropped it is taken for
/// held.
async fn holds(road: &Road, message: Acknowledged, now: Timestamp) -> anyhow::Result<bool> {
    let aged_out = message.event_id.get_timestamp().is_none_or(|written| {
        i64::try_from(written.to_unix().0).is_ok_and(|seconds| seconds < oldest_kept(now).as_second())
    });
    if aged_out {
        return Ok(true);
    }
    Ok(road.event_at(message.sequence).await? == Some(message.event_id))
}

/// From when on events must be published again: since the newest look whose message the stream still holds.
async fn last_whole(connection: &mut PgConnection, road: &Road, now: Timestamp) -> anyhow::Result<Timestamp> {
    let mut before = Timestamp::MAX;
    while let Some(seen) = seen_before(connection, before).await? {
        let message = seen.sequence.zip(seen.event_id);
        let message = message.map(|(sequence, event_id)| Acknowledged { sequence, event_id });
        let held = match message {
            Some(message) => holds(road, message, now).await?,
            None => true,
        };
        if held {
            return Ok(seen.published_later.to_jiff());
        }
        before = seen.checked_at.to_jiff();
    }
    Ok(oldest_kept(now))
}

/// The newest look before a moment.
async fn seen_before(connection: &mut PgConnection, before: Timestamp) -> Result<Option<Seen>, sqlx::Error> {
    sqlx::query_as(
        "SELECT checked_at, stream_created, sequence, event_id, published_later FROM stream_check
         WHERE checked_at < $1 ORDER BY checked_at DESC LIMIT 1",
    )
    .bind(before.stored())
    .fetch_optional(connection)
    .await
}

/// Whatever is published from now on was recorded after this.
async fn published_later(connection: &mut PgConnection, now: Timestamp) -> Result<Timestamp, sqlx::Error> {
    let oldest_pending: Option<Instant> =
        sqlx::query_scalar("SELECT min(recorded_at) FROM outbox_pending").fetch_one(connection).await?;
    let open = now.checked_sub(LONGEST_TRANSACTION).unwrap_or(now);
    Ok(oldest_pending.map_or(open, |pending| pending.to_jiff().min(open)))
}

async fn remember(
    connection: &mut PgConnection,
    (created, newest): (Timestamp, Option<Acknowledged>),
    (published_later, now): (Timestamp, Timestamp),
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO stream_check (checked_at, stream_created, sequence, event_id, published_later)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(now.stored())
    .bind(created.stored())
    .bind(newest.map(|newest| newest.sequence))
    .bind(newest.map(|newest| newest.event_id))
    .bind(published_later.stored())
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps every look of the last hour, one for each hour before, and none that is older than what the stream keeps.
async fn forget(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM stream_check WHERE checked_at < clock_timestamp() - interval '14 days'
            OR (checked_at < clock_timestamp() - interval '1 hour' AND checked_at NOT IN (
                SELECT min(checked_at) FROM stream_check GROUP BY date_trunc('hour', checked_at)))",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts every event recorded since a moment on the outbox, as far as it isn't there; answers how many.
async fn publish_again(connection: &mut PgConnection, since: Timestamp) -> Result<u64, sqlx::Error> {
    let mut from = (since.stored(), i64::MIN);
    let mut events = 0;
    loop {
        let reached: Option<(Instant, i64, i64)> = sqlx::query_as(
            "WITH lost AS (
                 SELECT shard, id, recorded_at, headers ? 'ce-primaredacted' AS is_redacted
                 FROM event_log WHERE (recorded_at, id) > ($1, $2)
                 ORDER BY recorded_at, id LIMIT $3
             ), enqueued AS (
                 INSERT INTO outbox_pending (shard, id, recorded_at)
                 SELECT shard, id, recorded_at FROM lost WHERE NOT is_redacted
                 ON CONFLICT DO NOTHING RETURNING 1
             )
             SELECT recorded_at, id, (SELECT count(*) FROM enqueued) FROM lost
             ORDER BY recorded_at DESC, id DESC LIMIT 1",
        )
        .bind(from.0)
        .bind(from.1)
        .bind(CHUNK)
        .fetch_optional(&mut *connection)
        .await?;
        let Some((recorded_at, id, enqueued)) = reached else { return Ok(events) };
        events += u64::try_from(enqueued).unwrap_or_default();
        from = (recorded_at, id);
        tracing::info!(events, "events are put on the outbox again");
    }
}

/// What was written before this may have left the stream by its age.
fn oldest_kept(now: Timestamp) -> Timestamp {
    now.checked_sub(MAX_AGE).unwrap_or(Timestamp::MIN)
}

async fn database_time(connection: &mut PgConnection) -> Result<Timestamp, sqlx::Error> {
    let now: Instant = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(connection).await?;
    Ok(now.to_jiff())
}
