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

/// Keeps, of each unit, the newer of what is stored and what is given; none may be given twice.
pub(crate) async fn project(connection: &mut PgConnection, units: &[Unit]) -> Result<(), sqlx::Error> {
    let parents: Vec<Option<Uuid>> = units.iter().map(|unit| unit.parent).collect();
    sqlx::query!(
        "INSERT INTO evaluation.unit AS stored (id, epoch, version, parent)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[])
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, parent = excluded.parent
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        &units.iter().map(|unit| unit.id).collect::<Vec<_>>(),
        &units.iter().map(|unit| unit.epoch).collect::<Vec<_>>(),
        &units.iter().map(|unit| unit.version).collect::<Vec<_>>(),
        parents as _
    )
    .execute(connection)
    .await?;
    Ok(())
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

/// Which of these units are one of `callers` or below one.
pub(crate) async fn covered(
    connection: &mut PgConnection,
    callers: &[Uuid],
    units: &[UnitId],
) -> Result<Vec<UnitId>, sqlx::Error> {
    let ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    let covered = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM evaluation.subtree($1) AS id WHERE id = ANY($2)"#,
        callers,
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(covered.into_iter().map(UnitId).collect())
}
