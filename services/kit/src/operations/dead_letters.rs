//! Lists and reads dead letters.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Operations, failure::Failure};
use crate::{
    events::dead_letter::{self, DeadLetter, State},
    page,
    stored::{Instant, ToStored},
};

/// Which dead letters to list.
pub(super) struct Filter {
    /// Only in this state.
    pub(super) state: Option<State>,
    /// Only of this stream; of any where empty.
    pub(super) stream: String,
}

/// Where a list goes on, in its order.
type Key = (Instant, Uuid, String);

/// The name of a dead letter, taken apart.
pub(super) fn parse(name: &str) -> Option<(&str, Uuid)> {
    let (stream, event) = name.strip_prefix("deadLetters/")?.split_once('.')?;
    Some((stream, event.parse().ok()?))
}

/// The name of a dead letter.
pub(super) fn name(letter: &DeadLetter) -> String {
    format!("deadLetters/{}.{}", letter.stream, letter.event_id)
}

/// Reads a dead letter in the transaction that `connection` is in, and keeps others from moving it.
pub(super) async fn lock(connection: &mut PgConnection, name: &str) -> Result<DeadLetter, Failure> {
    let not_found = || Failure::NotFound(name.to_owned());
    let key = parse(name).ok_or_else(not_found)?;
    dead_letter::lock(connection, key).await?.ok_or_else(not_found)
}

impl Operations {
    /// A page of dead letters, and the token of the next.
    pub(super) async fn list(
        &self,
        filter: &Filter,
        (size, token): (usize, &str),
    ) -> Result<(Vec<DeadLetter>, String), Failure> {
        let state = filter.state.map(State::word);
        let list = format!("ListDeadLetters state={} stream={}", state.unwrap_or_default(), filter.stream);
        let (before, event, consumer) = page::key(&list, token)
            .ok()
            .and_then(|key| after(&key))
            .ok_or(Failure::PageTokenInvalid)?
            .map_or((None, None, None), |(at, event, consumer)| (Some(at), Some(event), Some(consumer)));
        let letters = sqlx::query_as(
            "SELECT event_id, stream, subject, event_type, resource, '{}' AS headers, ''::bytea AS payload, reason, error,
                    attempts, state, retry_at, recorded_at, updated_at
             FROM dead_letter
             WHERE (recorded_at, event_id, consumer) < (coalesce($1, 'infinity'::timestamptz), $2, $3)
               AND ($4::text IS NULL OR state = $4) AND ($5 = '' OR stream = $5)
             ORDER BY recorded_at DESC, event_id DESC, consumer DESC LIMIT $6",
        )
        .bind(before)
        .bind(event.unwrap_or_default())
        .bind(consumer.unwrap_or_default())
        .bind(state)
        .bind(&filter.stream)
        .bind(i64::try_from(size).expect("a page is small") + 1)
        .fetch_all(&mut *self.database.acquire().await?)
        .await?;
        Ok(page::cut(&list, size, letters, key_of))
    }

    /// A dead letter, whole.
    pub(super) async fn get(&self, name: &str) -> Result<DeadLetter, Failure> {
        let not_found = || Failure::NotFound(name.to_owned());
        let (stream, event) = parse(name).ok_or_else(not_found)?;
        let mut connection = self.database.acquire().await?;
        dead_letter::get(&mut connection, (stream, event)).await?.ok_or_else(not_found)
    }
}

fn key_of(letter: &DeadLetter) -> String {
    format!("{} {} {}", letter.recorded_at.to_jiff().as_microsecond(), letter.event_id, letter.stream)
}

/// Where a list goes on: `Some(None)` from the start, `None` for a key that is none.
#[expect(clippy::option_option, reason = "the start of a list and a broken key are two things")]
fn after(key: &str) -> Option<Option<Key>> {
    if key.is_empty() {
        return Some(None);
    }
    let mut parts = key.splitn(3, ' ');
    let at = jiff::Timestamp::from_microsecond(parts.next()?.parse().ok()?).ok()?;
    Some(Some((at.stored(), parts.next()?.parse().ok()?, parts.next()?.to_owned())))
}
