//! The projection of staff's units.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::UnitId;

/// A unit as staff last told of it.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) id: Uuid,
    pub(crate) epoch: i64,
    pub(crate) version: i64,
    pub(crate) parent: Option<Uuid>,
}

/// Keeps the newer of what is stored and what is given.
pub(crate) async fn project(connection: &mut PgConnection, unit: &Unit) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO evaluation.unit AS stored (id, epoch, version, parent) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, parent = excluded.parent
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        unit.id,
        unit.epoch,
        unit.version,
        unit.parent
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a unit is known, and whether one of `callers` is it or above it.
pub(crate) async fn known_and_covered(
    connection: &mut PgConnection,
    callers: &[Uuid],
    unit: Uuid,
) -> Result<(bool, bool), sqlx::Error> {
    let row = sqlx::query!(
        r#"WITH RECURSIVE up AS (
               SELECT id, parent, 0 AS distance FROM evaluation.unit WHERE id = $2
               UNION ALL
               SELECT above.id, above.parent, up.distance + 1 FROM up JOIN evaluation.unit above ON above.id = up.parent
               WHERE up.distance < 32
           )
           SELECT EXISTS (SELECT FROM up) AS "known!", EXISTS (SELECT FROM up WHERE id = ANY($1)) AS "covered!""#,
        callers,
        unit
    )
    .fetch_one(connection)
    .await?;
    Ok((row.known, row.covered))
}

/// Which of these units are known.
pub(crate) async fn known(
    connection: &mut PgConnection,
    units: &[UnitId],
) -> Result<Vec<UnitId>, sqlx::Error> {
    let ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    let known = sqlx::query_scalar!("SELECT id FROM evaluation.unit WHERE id = ANY($1)", &ids)
        .fetch_all(connection)
        .await?;
    Ok(known.into_iter().map(UnitId).collect())
}
