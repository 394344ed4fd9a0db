//! Makes away with the content of an event that should never have been told: history keeps an empty tombstone, dead letters
//! likewise, and the stream loses the message. What it loses besides is published again.

use async_nats::jetstream::stream::Stream;
use jiff::{Timestamp, ToSpan};
use proto::ops::v1::{RedactEventRequest, RedactEventResponse};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{Operations, acts, failure::Failure};
use crate::{
    database::Deadline,
    events::Found,
    identity::Caller,
    stored::{Instant, ToStored},
};

/// The RPC, as its acts are kept by it.
const REDACT: &str = "RedactEvent";
/// How far an event's record may be from the time in its id.
const CLOCKS_HOURS: i64 = 24;
/// Events looked up by one statement.
const CHUNK: usize = 5_000;
/// Searching days of history takes longer than the relay's statements may.
const LONGEST_STATEMENT: &str = "SET statement_timeout = '10min'";

/// The event in the history.
#[derive(sqlx::FromRow)]
struct Told {
    shard: i16,
    id: i64,
    recorded_at: Instant,
    subject: String,
}

impl Operations {
    /// Redacts the event here first, so that it is never published again; then in the stream.
    pub(super) async fn redact(
        &self,
        caller: &Caller,
        request: RedactEventRequest,
    ) -> Result<RedactEventResponse, Failure> {
        let not_found = || Failure::NotFound(format!("events/{}", request.event));
        let event: Uuid = request.event.parse().map_err(|_| not_found())?;
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        let dead_letters = empty_letters(&mut transaction, event).await?;
        let told = find(&mut transaction, event).await?;
        if told.is_none() && dead_letters == 0 {
            transaction.rollback().await?;
            return Err(not_found());
        }
        if let Some(told) = &told {
            bury(&mut transaction, event, told).await?;
        }
        acts::record(&mut transaction, caller, (REDACT, &format!("events/{event}")), &request.reason).await?;
        transaction.commit().await?;
        tracing::info!(%event, in_history = told.is_some(), dead_letters, "an operator redacted an event");

        let (purged, enqueued) = match &told {
            Some(told) => self.purge(event, told).await?,
            None => (0, 0),
        };
        Ok(RedactEventResponse { in_history: told.is_some(), purged, enqueued, dead_letters })
    }

    /// Takes the event out of the stream. A stream deletes no single message, but all of a subject up to a place: the others
    /// among them are put on the outbox again. Where this fails in the middle, the audit finds them.
    async fn purge(&self, event: Uuid, told: &Told) -> Result<(i64, i64), Failure> {
        let stream = match self.road.look_at_stream().await {
            Found::Present(_) => self.road.own_stream().await.map_err(road_down)?,
            Found::Absent => return Ok((0, 0)),
            Found::Unknown => return Err(Failure::RoadDown),
        };
        // The connection's locks end with it, however this ends. Check and audit would take the purge for a loss; that they
        // are waited for is bounded by the role's statement timeout.
        let mut connection = self.shell.relay_pool.acquire().await?.detach();
        sqlx::query(
            "SELECT pg_advisory_lock(hashtext('stream check ' || current_schema()), 0),
                    pg_advisory_lock(hashtext('stream audit ' || current_schema()), 0)",
        )
        .execute(&mut connection)
        .await?;
        let purged = self.purge_alone(&mut connection, &stream, (event, told)).await;
        connection.close().await?;
        purged
    }

    async fn purge_alone(
        &self,
        connection: &mut PgConnection,
        stream: &Stream,
        (event, told): (Uuid, &Told),
    ) -> Result<(i64, i64), Failure> {
        let held = self.road.events_under(stream, &told.subject).await.map_err(road_down)?;
        let Some(last) = held.iter().filter(|(_, id)| *id == event).map(|(sequence, _)| *sequence).max()
        else {
            return Ok((0, 0));
        };
        // What the stream must hold is from now on something later.
        sqlx::query("DELETE FROM stream_watermark WHERE shard = $1 AND sequence <= $2")
            .bind(told.shard)
            .bind(i64::try_from(last).unwrap_or(i64::MAX))
            .execute(&mut *connection)
            .await?;
        let purged = stream.purge().filter(told.subject.as_str()).sequence(last + 1).await;
        let purged = purged.map_err(|error| road_down(error.into()))?.purged;
        let others: Vec<Uuid> = held
            .into_iter()
            .filter(|(sequence, id)| *sequence <= last && *id != event)
            .map(|(_, id)| id)
            .collect();
        let enqueued = enqueue(connection, &others).await?;
        self.shell.relay_wake.notify_one();
        tracing::info!(%event, purged, enqueued, "the stream has the redacted event no more");
        Ok((i64::try_from(purged).unwrap_or(i64::MAX), enqueued))
    }
}

fn road_down(error: anyhow::Error) -> Failure {
    tracing::warn!(error = format!("{error:#}"), "a redacted event can't be taken out of the stream");
    Failure::RoadDown
}

/// Empties the event's dead letters; answers how many there are.
async fn empty_letters(connection: &mut PgConnection, event: Uuid) -> Result<i64, sqlx::Error> {
    let letters = sqlx::query(
        r#"UPDATE dead_letter
           SET payload = '', headers = headers || '{"ce-primaredacted": "true"}', error = 'redacted', retry_at = NULL,
               state = CASE state WHEN 'RESOLVED' THEN state ELSE 'DROPPED' END, updated_at = clock_timestamp()
           WHERE event_id = $1"#,
    )
    .bind(event)
    .execute(connection)
    .await?;
    Ok(i64::try_from(letters.rows_affected()).unwrap_or(i64::MAX))
}

/// The event in the history: it is looked for about the time in its id.
async fn find(connection: &mut PgConnection, event: Uuid) -> Result<Option<Told>, sqlx::Error> {
    let Some((from, until)) = recorded(event) else { return Ok(None) };
    sqlx::query_as(
        "SELECT shard, id, recorded_at, subject FROM event_log
         WHERE event_id = $1 AND recorded_at BETWEEN $2 AND $3",
    )
    .bind(event)
    .bind(from.stored())
    .bind(until.stored())
    .fetch_optional(connection)
    .await
}

/// Leaves a tombstone in the history and nothing on the outbox, once no relay is at the event's shard.
async fn bury(connection: &mut PgConnection, event: Uuid, told: &Told) -> Result<(), sqlx::Error> {
    // The relay's lock of a shard: what it read before is published, and found in the stream, once this is held.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext('relay ' || current_schema()), $1)")
        .bind(i32::from(told.shard))
        .execute(&mut *connection)
        .await?;
    sqlx::query("SELECT redact_event($1, $2, $2)")
        .bind(event)
        .bind(told.recorded_at)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM outbox_pending WHERE shard = $1 AND id = $2")
        .bind(told.shard)
        .bind(told.id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Puts events on the outbox by their ids; answers how many were not there yet.
async fn enqueue(connection: &mut PgConnection, events: &[Uuid]) -> Result<i64, sqlx::Error> {
    sqlx::query(LONGEST_STATEMENT).execute(&mut *connection).await?;
    let mut enqueued = 0;
    for chunk in events.chunks(CHUNK) {
        let times = || chunk.iter().copied().filter_map(recorded);
        let Some((from, until)) = times().map(|time| time.0).min().zip(times().map(|time| time.1).max())
        else {
            continue;
        };
        let count: i64 = sqlx::query_scalar(
            "WITH enqueued AS (
                 INSERT INTO outbox_pending (shard, id, recorded_at)
                 SELECT shard, id, recorded_at FROM event_log
                 WHERE event_id = ANY($1) AND recorded_at BETWEEN $2 AND $3 AND NOT headers ? 'ce-primaredacted'
                 ON CONFLICT DO NOTHING RETURNING 1
             )
             SELECT count(*) FROM enqueued",
        )
        .bind(chunk)
        .bind(from.stored())
        .bind(until.stored())
        .fetch_one(&mut *connection)
        .await?;
        enqueued += count;
    }
    Ok(enqueued)
}

/// Between when and when an event of this id was recorded.
fn recorded(event: Uuid) -> Option<(Timestamp, Timestamp)> {
    let written = i64::try_from(event.get_timestamp()?.to_unix().0).ok()?;
    let written = Timestamp::from_second(written).ok()?;
    Some((written.checked_sub(CLOCKS_HOURS.hours()).ok()?, written.checked_add(CLOCKS_HOURS.hours()).ok()?))
}
