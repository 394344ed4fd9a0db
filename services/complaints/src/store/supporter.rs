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

/// How many reports are handled under one, and how many citizens, each once, support it or one of those, or filed one of
/// those; its own reporter is not counted.
pub(crate) async fn group(
    connection: &mut PgConnection,
    complaint: ComplaintId,
) -> Result<(i64, i64), sqlx::Error> {
    let counted = sqlx::query!(
        r#"WITH member AS (
               SELECT id, channel, channel_reference FROM complaints.complaint WHERE merged_into = $1
           ), citizen AS (
               SELECT channel, channel_reference FROM complaints.supporter
               WHERE complaint = $1 OR complaint IN (SELECT id FROM member)
               UNION
               -- Who gave no reference is somebody else each time.
               SELECT channel, coalesce(channel_reference, uuid_send(id)) FROM member
               EXCEPT
               SELECT channel, channel_reference FROM complaints.complaint
               WHERE id = $1 AND channel_reference IS NOT NULL
           )
           SELECT (SELECT count(*) FROM member) AS "reports!", (SELECT count(*) FROM citizen) AS "citizens!""#,
        complaint.0
    )
    .fetch_one(connection)
    .await?;
    Ok((counted.reports, counted.citizens))
}
