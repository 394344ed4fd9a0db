//! Erasing what a reporter said: one statement for each place where it is, or where something was derived from it.

use kit::stored::ToStored;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ComplaintId;

/// Runs statements on one report, each of which takes its id.
macro_rules! each {
    ($connection:ident, $id:expr, $($sql:literal,)+) => {
        $(sqlx::query!($sql, $id).execute(&mut *$connection).await?;)+
    };
}

/// Destroys the report's own key, and blanks all that it sealed and all that was derived from what it sealed. Whoever
/// derives more from a reporter's words adds its statement here.
pub(crate) async fn erase(connection: &mut PgConnection, complaint: ComplaintId) -> Result<(), sqlx::Error> {
    each!(
        connection,
        complaint.0,
        "UPDATE complaints.reporter SET key_id = NULL, wrapped_key = NULL, identity = NULL, channel_reference = NULL
         WHERE complaint = $1",
        "UPDATE complaints.complaint SET text = NULL, channel_reference = NULL WHERE id = $1",
        "DELETE FROM complaints.reporter_text WHERE complaint = $1",
        "UPDATE complaints.complaint_place SET latitude = NULL, longitude = NULL WHERE complaint = $1",
        "DELETE FROM complaints.complaint_spot WHERE complaint = $1",
        "DELETE FROM complaints.capture AS capture USING complaints.evidence
         WHERE evidence.id = capture.evidence AND evidence.complaint = $1 AND evidence.role = 'BEFORE'",
        "DELETE FROM complaints.fingerprint AS fingerprint USING complaints.evidence
         WHERE evidence.id = fingerprint.evidence AND evidence.complaint = $1 AND evidence.role = 'BEFORE'",
    );
    Ok(())
}

/// Keeps that an erasure was done.
pub(crate) async fn record(
    connection: &mut PgConnection,
    (complaint, version): (ComplaintId, i64),
    at: jiff::Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO complaints.erasure (complaint, version, erased_at) VALUES ($1, $2, $3)",
        complaint.0,
        version,
        at.stored() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a discipline case uses a report.
pub(crate) async fn is_held(
    connection: &mut PgConnection,
    complaint: ComplaintId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM complaints.erasure_hold WHERE complaint = $1) AS "held!""#,
        complaint.0
    )
    .fetch_one(connection)
    .await
}

/// At most `limit` reports that were restricted for a case that uses them no more.
pub(crate) async fn released(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<ComplaintId>, sqlx::Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar!(
        "SELECT id FROM complaints.complaint
         WHERE reporter_restricted_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM complaints.erasure_hold WHERE erasure_hold.complaint = complaint.id)
         ORDER BY id LIMIT $1",
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ComplaintId).collect())
}

/// Of these reports, those that have a key still, or words.
pub(crate) async fn unerased(
    connection: &mut PgConnection,
    complaints: &[ComplaintId],
) -> Result<Vec<ComplaintId>, sqlx::Error> {
    let ids: Vec<Uuid> = complaints.iter().map(|complaint| complaint.0).collect();
    let ids = sqlx::query_scalar!(
        "SELECT id FROM complaints.complaint WHERE id = ANY($1) AND reporter_erased_at IS NULL ORDER BY id",
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ComplaintId).collect())
}
