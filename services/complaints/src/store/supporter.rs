//! Citizens who support a report.

use sqlx::PgConnection;

use crate::domain::ComplaintId;

/// Adds a supporter; false where it supports already.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    (channel, reference): (&str, &[u8]),
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "INSERT INTO complaints.supporter (complaint, channel, channel_reference) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
        complaint.0,
        channel,
        reference
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Whether one of a channel's references is a supporter's of a report.
pub(crate) async fn exists(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    (channel, references): (&str, &[Vec<u8>]),
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM complaints.supporter
                          WHERE complaint = $1 AND channel = $2 AND channel_reference = ANY($3)) AS "exists!""#,
        complaint.0,
        channel,
        references
    )
    .fetch_one(connection)
    .await
}
