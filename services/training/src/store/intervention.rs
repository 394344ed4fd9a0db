//! Units' exposures to batches.

use sqlx::PgConnection;

use crate::domain::{BatchId, InterventionId, UnitId};

/// A new version of a unit's exposure to a batch; the first becomes `new`. Its row is held until the transaction ends, so
/// that whoever sums up after it sees all that was completed before.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    new: InterventionId,
    (batch, unit): (BatchId, UnitId),
) -> Result<(InterventionId, i64), sqlx::Error> {
    let row = sqlx::query!(
        "INSERT INTO training.intervention AS stored (id, version, batch, unit) VALUES ($1, 1, $2, $3)
         ON CONFLICT ON CONSTRAINT intervention_batch_unit_key DO UPDATE SET version = stored.version + 1
         RETURNING id, version",
        new.0,
        batch.0,
        unit.0
    )
    .fetch_one(connection)
    .await?;
    Ok((InterventionId(row.id), row.version))
}

/// All JP credited to a unit's people in a batch, and how many people that are.
pub(crate) async fn sums(
    connection: &mut PgConnection,
    batch: BatchId,
    unit: UnitId,
) -> Result<(i64, i64), sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT coalesce(sum(hours_jp), 0)::bigint AS "dose_jp!", count(DISTINCT person) AS "participants!"
           FROM training.enrolment WHERE batch = $1 AND unit = $2 AND state = 'COMPLETED'"#,
        batch.0,
        unit.0
    )
    .fetch_one(connection)
    .await?;
    Ok((row.dose_jp, row.participants))
}
