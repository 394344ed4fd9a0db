//! The table of surveys.

use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::After;
use crate::domain::{SurveyId, survey::Survey};

struct Row {
    id: Uuid,
    version: i64,
    norm: String,
    title: String,
    created_at: Instant,
    updated_at: Instant,
}

/// Adds a survey.
pub(crate) async fn insert(connection: &mut PgConnection, survey: &Survey) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO evaluation.survey (id, version, norm, title, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)",
        survey.id.0,
        survey.version,
        survey.norm,
        survey.title,
        survey.created_at.stored(),
        survey.updated_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a survey.
pub(crate) async fn get(connection: &mut PgConnection, id: SurveyId) -> Result<Option<Survey>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, version, norm, title, created_at, updated_at FROM evaluation.survey WHERE id = $1",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Row::load))
}

/// At most `limit` surveys, newest first; only of a norm where one is named.
pub(crate) async fn list(
    connection: &mut PgConnection,
    norm: &str,
    (after, limit): (After, i64),
) -> Result<Vec<Survey>, sqlx::Error> {
    let (after_time, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, version, norm, title, created_at, updated_at FROM evaluation.survey
         WHERE ($1 = '' OR norm = $1) AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $4",
        norm,
        after_time.map(ToStored::stored) as _,
        after_id,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Row::load).collect())
}

impl Row {
    fn load(self) -> Survey {
        Survey {
            id: SurveyId(self.id),
            version: self.version,
            norm: self.norm,
            title: self.title,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        }
    }
}
