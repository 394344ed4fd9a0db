//! Events that could not be applied, kept whole until they are applied or given up: their states, and the table. Who moves
//! them is the consumer, the clock and the operator.

use std::{collections::HashMap, time::Duration};

use async_nats::jetstream::Message;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{failure::Fault, received::Received};
use crate::stored::Instant;

/// What is kept of an error's text.
const MAX_ERROR_CHARACTERS: usize = 1_000;
/// How long a try by the clock is left alone, in which its process may have died.
const TRY_TIME: Duration = Duration::from_secs(60);

/// Why an event was not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Its headers or its id could not be read.
    Unreadable,
    /// It can never be applied.
    Permanent,
    /// It failed each time it was tried, or ended the process.
    AttemptsExhausted,
    /// It failed in a way that may pass by itself.
    Transient,
    /// It is older than the oldest day for which it is known what was applied.
    OlderThanInbox,
    /// The contract of this binary does not have its type.
    UnknownType,
}

/// Where a dead letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It is tried again by the clock.
    Waiting,
    /// It waits for a person.
    Parked,
    /// It was applied.
    Resolved,
    /// It was given up.
    Dropped,
}

impl Reason {
    const ALL: [Self; 6] = [
        Self::Unreadable,
        Self::Permanent,
        Self::AttemptsExhausted,
        Self::Transient,
        Self::OlderThanInbox,
        Self::UnknownType,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Unreadable => "UNREADABLE",
            Self::Permanent => "PERMANENT",
            Self::AttemptsExhausted => "ATTEMPTS_EXHAUSTED",
            Self::Transient => "TRANSIENT",
            Self::OlderThanInbox => "OLDER_THAN_INBOX",
            Self::UnknownType => "UNKNOWN_TYPE",
        }
    }
}

impl State {
    const ALL: [Self; 4] = [Self::Waiting, Self::Parked, Self::Resolved, Self::Dropped];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Parked => "PARKED",
            Self::Resolved => "RESOLVED",
            Self::Dropped => "DROPPED",
        }
    }
}

impl TryFrom<String> for Reason {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        Self::ALL.into_iter().find(|reason| reason.word() == word).ok_or(word)
    }
}

impl TryFrom<String> for State {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        Self::ALL.into_iter().find(|state| state.word() == word).ok_or(word)
    }
}

/// A dead letter. Lists leave headers and payload empty.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct DeadLetter {
    pub(crate) event_id: Uuid,
    pub(crate) stream: String,
    pub(crate) subject: String,
    pub(crate) event_type: String,
    pub(crate) resource: String,
    pub(crate) headers: String,
    pub(crate) payload: Vec<u8>,
    #[sqlx(try_from = "String")]
    pub(crate) reason: Reason,
    pub(crate) error: String,
    pub(crate) attempts: i64,
    #[sqlx(try_from = "String")]
    pub(crate) state: State,
    pub(crate) retry_at: Option<Instant>,
    pub(crate) recorded_at: Instant,
    pub(crate) updated_at: Instant,
}

impl DeadLetter {
    /// Its headers; none where they can't be read.
    pub(crate) fn headers(&self) -> HashMap<String, String> {
        serde_json::from_str(&self.headers).unwrap_or_default()
    }

    /// The event, or why it can't be read.
    pub(super) fn event(&self) -> Result<Received, String> {
        let headers = self.headers();
        Received::parse(|key| headers.get(key).map(String::as_str), self.payload.clone())
    }
}

/// What becomes of an event that could not be applied.
#[derive(Debug)]
pub(crate) enum Next {
    /// It was applied.
    Resolved,
    /// It is given up.
    Dropped,
    /// It waits for a person.
    Parked(Fault),
    /// It is tried again by the clock, after this time.
    Waiting(Fault, Duration),
}

impl Next {
    fn columns(self) -> (State, Option<Fault>, Option<Duration>) {
        match self {
            Self::Resolved => (State::Resolved, None, None),
            Self::Dropped => (State::Dropped, None, None),
            Self::Parked(fault) => (State::Parked, Some(fault), None),
            Self::Waiting(fault, delay) => (State::Waiting, Some(fault), Some(delay)),
        }
    }
}

/// Puts down, whole, an event that could not be applied, with the tries that were made; from now on these are counted
/// here.
pub(super) async fn add(
    connection: &mut PgConnection,
    (stream, id): (&str, Uuid),
    message: &Message,
    (attempts, fault): (i64, &Fault),
    retry_after: Option<Duration>,
) -> Result<(), sqlx::Error> {
    let headers: serde_json::Map<String, serde_json::Value> = message
        .headers
        .iter()
        .flat_map(async_nats::HeaderMap::iter)
        .filter_map(|(key, values)| Some((text(key.as_ref()), text(values.first()?.as_str()).into())))
        .collect();
    let header = |key: &str| headers.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let state = if retry_after.is_some() { State::Waiting } else { State::Parked };
    sqlx::query(
        "WITH forgotten AS (DELETE FROM delivery_attempt WHERE event_id = $1 AND consumer = $2)
         INSERT INTO dead_letter (event_id, consumer, stream, subject, event_type, resource, headers, payload, reason,
                                  error, attempts, state, retry_at)
         VALUES ($1, $2, $2, $3, $4, $5, $6::text::jsonb, $7, $8, $9, $10, $11,
                 clock_timestamp() + $12 * interval '1 microsecond')
         ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(stream)
    .bind(message.subject.as_str())
    .bind(header("ce-type"))
    .bind(header("ce-subject"))
    .bind(serde_json::to_string(&headers).unwrap_or_default())
    .bind(&message.payload[..])
    .bind(fault.reason.word())
    .bind(error_text(&fault.error))
    .bind(attempts)
    .bind(state.word())
    .bind(retry_after.map(microseconds))
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the dead letter that is due the longest, of these streams, and counts the try that is to follow; nobody else
/// takes it for a minute.
pub(super) async fn claim_due(
    connection: &mut PgConnection,
    streams: &[String],
) -> Result<Option<(String, Uuid)>, sqlx::Error> {
    sqlx::query_as(
        "UPDATE dead_letter
         SET attempts = attempts + 1, retry_at = clock_timestamp() + $2 * interval '1 microsecond',
             updated_at = clock_timestamp()
         WHERE (event_id, consumer) = (SELECT event_id, consumer FROM dead_letter
                                       WHERE state = 'WAITING' AND retry_at <= clock_timestamp() AND consumer = ANY($1)
                                       ORDER BY retry_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING consumer, event_id",
    )
    .bind(streams)
    .bind(microseconds(TRY_TIME))
    .fetch_optional(connection)
    .await
}

/// Reads a dead letter.
pub(crate) async fn get(
    connection: &mut PgConnection,
    (stream, event): (&str, Uuid),
) -> Result<Option<DeadLetter>, sqlx::Error> {
    sqlx::query_as(
        "SELECT event_id, stream, subject, event_type, resource, headers::text AS headers, payload, reason, error, attempts,
                state, retry_at, recorded_at, updated_at
         FROM dead_letter WHERE event_id = $1 AND consumer = $2",
    )
    .bind(event)
    .bind(stream)
    .fetch_optional(connection)
    .await
}

/// Reads a dead letter and keeps others from moving it until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    key: (&str, Uuid),
) -> Result<Option<DeadLetter>, sqlx::Error> {
    sqlx::query("SELECT FROM dead_letter WHERE event_id = $1 AND consumer = $2 FOR UPDATE")
        .bind(key.1)
        .bind(key.0)
        .execute(&mut *connection)
        .await?;
    get(connection, key).await
}

/// Moves a dead letter whose row is locked.
pub(crate) async fn move_to(
    connection: &mut PgConnection,
    letter: &DeadLetter,
    next: Next,
) -> Result<(), sqlx::Error> {
    let (state, fault, delay) = next.columns();
    sqlx::query(
        "UPDATE dead_letter
         SET state = $3, reason = coalesce($4, reason), error = coalesce($5, error), attempts = $6,
             retry_at = clock_timestamp() + $7 * interval '1 microsecond', updated_at = clock_timestamp()
         WHERE event_id = $1 AND consumer = $2",
    )
    .bind(letter.event_id)
    .bind(&letter.stream)
    .bind(state.word())
    .bind(fault.as_ref().map(|fault| fault.reason.word()))
    .bind(fault.as_ref().map(|fault| error_text(&fault.error)))
    .bind(letter.attempts)
    .bind(delay.map(microseconds))
    .execute(connection)
    .await?;
    Ok(())
}

fn microseconds(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn error_text(error: &str) -> String {
    text(error).chars().take(MAX_ERROR_CHARACTERS).collect()
}

/// Postgres takes no NUL.
fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
