//! The table of batches.

use jiff::civil::Date;
use kit::stored::{Day, Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Batch, BatchId, Days, ProgrammeId};

/// A batch's row.
struct Row {
    id: Uuid,
    programme: Uuid,
    version: i64,
    starts_on: Day,
    ends_on: Day,
    capacity: i32,
    enrolled: i32,
    waitlisted: i32,
    waitlist_number: i64,
    created_at: Instant,
    updated_at: Instant,
}

/// Adds a batch.
pub(crate) async fn insert(connection: &mut PgConnection, batch: &Batch) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO training.batch (id, programme, version, starts_on, ends_on, capacity, enrolled, waitlisted,
             waitlist_number, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        batch.id.0,
        batch.programme.0,
        batch.version,
        batch.days.start.stored(),
        batch.days.end.stored(),
        batch.capacity,
        batch.enrolled,
        batch.waitlisted,
        batch.waitlist_number,
        batch.created_at.stored(),
        batch.updated_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a batch.
pub(crate) async fn get(connection: &mut PgConnection, id: BatchId) -> Result<Option<Batch>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, programme, version, starts_on, ends_on, capacity, enrolled, waitlisted, waitlist_number, created_at,
                updated_at
         FROM training.batch WHERE id = $1",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Row::load))
}

/// Reads batches and holds their rows until the transaction ends; in the order of their ids, so that nobody waits for
/// one while holding the next.
pub(crate) async fn lock(connection: &mut PgConnection, ids: &[BatchId]) -> Result<Vec<Batch>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, programme, version, starts_on, ends_on, capacity, enrolled, waitlisted, waitlist_number, created_at,
                updated_at
         FROM training.batch WHERE id = ANY($1) ORDER BY id FOR UPDATE",
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Row::load).collect())
}

/// Stores what changed. The caller holds the row's lock.
pub(crate) async fn update(connection: &mut PgConnection, batch: &Batch) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE training.batch SET version = $2, enrolled = $3, waitlisted = $4, waitlist_number = $5, updated_at = $6
         WHERE id = $1",
        batch.id.0,
        batch.version,
        batch.enrolled,
        batch.waitlisted,
        batch.waitlist_number,
        batch.updated_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A programme's batches after a first day and id, by first day.
pub(crate) async fn list(
    connection: &mut PgConnection,
    programme: ProgrammeId,
    (after, limit): (Option<(Date, Uuid)>, i64),
) -> Result<Vec<Batch>, sqlx::Error> {
    let (after_day, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, programme, version, starts_on, ends_on, capacity, enrolled, waitlisted, waitlist_number, created_at,
                updated_at
         FROM training.batch
         WHERE programme = $1 AND ($2::date IS NULL OR (starts_on, id) > ($2, $3::uuid))
         ORDER BY starts_on, id LIMIT $4",
        programme.0,
        after_day.map(ToStored::stored) as _,
        after_id,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Row::load).collect())
}

impl Row {
    fn load(self) -> Batch {
        Batch {
            id: BatchId(self.id),
            programme: ProgrammeId(self.programme),
            version: self.version,
            days: Days { start: self.starts_on.to_jiff(), end: self.ends_on.to_jiff() },
            capacity: self.capacity,
            enrolled: self.enrolled,
            waitlisted: self.waitlisted,
            waitlist_number: self.waitlist_number,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        }
    }
}
