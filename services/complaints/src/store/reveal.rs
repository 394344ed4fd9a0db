//! The table of reveals: added, read, never changed.

use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{ComplaintId, PersonId};

/// That somebody was shown who a reporter is.
#[derive(Debug)]
pub(crate) struct Reveal {
    pub(crate) id: Uuid,
    pub(crate) person: PersonId,
    pub(crate) purpose: String,
    pub(crate) at: jiff::Timestamp,
}

/// Adds one.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    reveal: &Reveal,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO complaints.reveal (id, complaint, person, purpose, revealed_at) VALUES ($1, $2, $3, $4, $5)",
        reveal.id,
        complaint.0,
        reveal.person.0,
        reveal.purpose,
        reveal.at.stored() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// At most `limit` of a report's after one, oldest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    (after, limit): (Option<Uuid>, i64),
) -> Result<Vec<Reveal>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id, person, purpose, revealed_at AS "revealed_at: Instant" FROM complaints.reveal
           WHERE complaint = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"#,
        complaint.0,
        after,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Reveal {
            id: row.id,
            person: PersonId(row.person),
            purpose: row.purpose,
            at: row.revealed_at.to_jiff(),
        })
        .collect())
}

/// How many a report has.
pub(crate) async fn count(connection: &mut PgConnection, complaint: ComplaintId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM complaints.reveal WHERE complaint = $1"#,
        complaint.0
    )
    .fetch_one(connection)
    .await
}
