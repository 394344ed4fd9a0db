//! A report by the number that its reporter was told, and the code that goes with it.

use kit::stored::Instant;
use sqlx::PgConnection;

use super::{
    Loaded,
    row::{Row, rows},
};
use crate::domain::ComplaintId;

/// Reads the report of a number.
pub(crate) async fn by_number(
    connection: &mut PgConnection,
    number: &str,
) -> Result<Option<Loaded>, sqlx::Error> {
    rows!("", "FROM complaints.complaint WHERE number = $1", number)
        .fetch_optional(connection)
        .await?
        .map(Row::load)
        .transpose()
}

/// Reads the report of a number and holds its row until the transaction ends.
pub(crate) async fn lock_by_number(
    connection: &mut PgConnection,
    number: &str,
) -> Result<Option<Loaded>, sqlx::Error> {
    rows!("", "FROM complaints.complaint WHERE number = $1 FOR UPDATE", number)
        .fetch_optional(connection)
        .await?
        .map(Row::load)
        .transpose()
}

/// Makes another access code valid. The caller holds the row's lock.
pub(crate) async fn set_code(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    (generation, key_id): (i32, &str),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE complaints.complaint SET code_generation = $2, code_key = $3 WHERE id = $1",
        complaint.0,
        generation,
        key_id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Up to which version the reporter's words were released; 0 for none.
pub(crate) async fn words_released(
    connection: &mut PgConnection,
    complaint: ComplaintId,
) -> Result<i64, sqlx::Error> {
    let released =
        sqlx::query_scalar!("SELECT words_released FROM complaints.complaint WHERE id = $1", complaint.0)
            .fetch_optional(connection)
            .await?;
    Ok(released.unwrap_or(0))
}
