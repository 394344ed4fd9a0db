//! Which files are in the store of files, or are being put there. What was begun and never kept is taken away.

use sqlx::PgConnection;

/// Names files that are about to be written; how many of them may be: one that is being taken away may not.
pub(crate) async fn reserve(connection: &mut PgConnection, objects: &[Vec<u8>]) -> Result<u64, sqlx::Error> {
    let reserved = sqlx::query!(
        "INSERT INTO complaints.stored_object (object, state)
         SELECT object, 'WRITING' FROM unnest($1::bytea[]) AS named (object) ORDER BY object
         ON CONFLICT (object) DO UPDATE SET recorded_at = clock_timestamp() WHERE stored_object.state <> 'SWEEPING'",
        objects
    )
    .execute(connection)
    .await?;
    Ok(reserved.rows_affected())
}

/// Keeps files for good; how many of them were still there to keep.
pub(crate) async fn keep(connection: &mut PgConnection, objects: &[Vec<u8>]) -> Result<u64, sqlx::Error> {
    let kept = sqlx::query!(
        "UPDATE complaints.stored_object SET state = 'KEPT'
         WHERE object IN (SELECT object FROM complaints.stored_object
                          WHERE object = ANY($1) AND state <> 'SWEEPING' ORDER BY object FOR UPDATE)",
        objects
    )
    .execute(connection)
    .await?;
    Ok(kept.rows_affected())
}

/// At most `limit` files that were begun so many seconds ago and never kept; from now on nobody else may write them.
pub(crate) async fn take_orphans(
    connection: &mut PgConnection,
    (seconds, limit): (f64, i64),
) -> Result<Vec<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE complaints.stored_object SET state = 'SWEEPING'
         WHERE object IN (SELECT object FROM complaints.stored_object
                          WHERE state <> 'KEPT' AND recorded_at <= clock_timestamp() - make_interval(secs => $1)
                          ORDER BY recorded_at LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING object",
        seconds,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Forgets a file that was taken away.
pub(crate) async fn forget(connection: &mut PgConnection, object: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM complaints.stored_object WHERE object = $1 AND state = 'SWEEPING'", object)
        .execute(connection)
        .await?;
    Ok(())
}
