//! The table of reporters: the reports' own keys under the master key, and who reports, sealed. Nothing is opened here.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ComplaintId;

/// What is kept of a new report under its own key, and the key itself.
#[derive(Debug)]
pub(crate) struct SealedFiling {
    /// Which key its access code is derived with.
    pub(crate) code_key: String,
    pub(crate) key_id: String,
    pub(crate) wrapped_key: Vec<u8>,
    pub(crate) text: Vec<u8>,
    pub(crate) identity: Option<Vec<u8>>,
    pub(crate) channel_reference: Option<Vec<u8>>,
}

/// A report's own key under the master key; none once it was destroyed.
pub(crate) async fn wrapped_key(
    connection: &mut PgConnection,
    complaint: ComplaintId,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let key =
        sqlx::query_scalar!("SELECT wrapped_key FROM complaints.reporter WHERE complaint = $1", complaint.0)
            .fetch_optional(connection)
            .await?;
    Ok(key.flatten())
}

/// Gives a report a key, whose own was destroyed.
pub(crate) async fn renew(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    (key_id, wrapped_key): (&str, &[u8]),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO complaints.reporter (complaint, key_id, wrapped_key) VALUES ($1, $2, $3)
         ON CONFLICT (complaint) DO UPDATE SET key_id = excluded.key_id, wrapped_key = excluded.wrapped_key",
        complaint.0,
        key_id,
        wrapped_key
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// At most `limit` reports whose key another master key wraps than the current one, with the key. Their rows are held
/// until the transaction ends; those that another holds are left to it.
pub(crate) async fn lock_wrapped_otherwise(
    connection: &mut PgConnection,
    (current, limit): (&str, i64),
) -> Result<Vec<(ComplaintId, Vec<u8>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT complaint, wrapped_key AS "wrapped_key!" FROM complaints.reporter
           WHERE key_id < $1 OR key_id > $1 LIMIT $2 FOR UPDATE SKIP LOCKED"#,
        current,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (ComplaintId(row.complaint), row.wrapped_key)).collect())
}

/// Stores keys that were wrapped anew.
pub(crate) async fn rewrap(
    connection: &mut PgConnection,
    key_id: &str,
    wrapped: &[(ComplaintId, Vec<u8>)],
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = wrapped.iter().map(|(id, _)| id.0).collect();
    let keys: Vec<Vec<u8>> = wrapped.iter().map(|(_, key)| key.clone()).collect();
    sqlx::query!(
        "UPDATE complaints.reporter SET key_id = $1, wrapped_key = anew.wrapped_key
         FROM UNNEST($2::uuid[], $3::bytea[]) AS anew (complaint, wrapped_key)
         WHERE reporter.complaint = anew.complaint",
        key_id,
        &ids,
        &keys
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a reporter said of themselves, under the report's own key.
#[derive(Debug, Default)]
pub(crate) struct Sealed {
    pub(crate) identity: Option<Vec<u8>>,
    pub(crate) channel_reference: Option<Vec<u8>>,
}

/// What a report's reporter said of themselves.
pub(crate) async fn sealed(
    connection: &mut PgConnection,
    complaint: ComplaintId,
) -> Result<Sealed, sqlx::Error> {
    let found = sqlx::query_as!(
        Sealed,
        "SELECT identity, channel_reference FROM complaints.reporter WHERE complaint = $1",
        complaint.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.unwrap_or_default())
}

/// Replaces name and contacts.
pub(crate) async fn set_identity(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    identity: Option<&[u8]>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE complaints.reporter SET identity = $2 WHERE complaint = $1", complaint.0, identity)
        .execute(connection)
        .await?;
    Ok(())
}
