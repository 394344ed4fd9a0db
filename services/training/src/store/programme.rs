//! The table of programmes.

use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{After, word};
use crate::domain::{Programme, ProgrammeId, Syllabus};

/// A programme's row.
struct Row {
    id: Uuid,
    version: i64,
    title: String,
    elements: Vec<String>,
    hours_jp: i32,
    form: String,
    created_at: Instant,
    updated_at: Instant,
}

/// Adds a programme.
pub(crate) async fn insert(connection: &mut PgConnection, programme: &Programme) -> Result<(), sqlx::Error> {
    let syllabus = &programme.syllabus;
    sqlx::query!(
        "INSERT INTO training.programme (id, version, title, elements, hours_jp, form, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        programme.id.0,
        programme.version,
        syllabus.title,
        &syllabus.elements,
        syllabus.hours_jp,
        syllabus.form.word(),
        programme.created_at.stored(),
        programme.updated_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a programme.
pub(crate) async fn get(
    connection: &mut PgConnection,
    id: ProgrammeId,
) -> Result<Option<Programme>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, version, title, elements, hours_jp, form, created_at, updated_at
         FROM training.programme WHERE id = $1",
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::load)
    .transpose()
}

/// Programmes that address an element (empty for any), newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    element: &str,
    (after, limit): (After, i64),
) -> Result<Vec<Programme>, sqlx::Error> {
    let (after_time, after_id) = after.unzip();
    sqlx::query_as!(
        Row,
        "SELECT id, version, title, elements, hours_jp, form, created_at, updated_at FROM training.programme
         WHERE ($1 = '' OR elements @> ARRAY[$1])
           AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $4",
        element,
        after_time.map(ToStored::stored) as _,
        after_id,
        limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

impl Row {
    fn load(self) -> Result<Programme, sqlx::Error> {
        Ok(Programme {
            id: ProgrammeId(self.id),
            version: self.version,
            syllabus: Syllabus {
                title: self.title,
                elements: self.elements,
                hours_jp: self.hours_jp,
                form: word(&self.form)?,
            },
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}
