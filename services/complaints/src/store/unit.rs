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
    pub(crate) code: String,
    pub(crate) parent: Option<Uuid>,
    pub(crate) area_codes: Vec<String>,
}

/// Keeps the newer of what is stored and what is given.
pub(crate) async fn project(connection: &mut PgConnection, unit: &Unit) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO complaints.unit AS stored (id, epoch, version, code, parent, area_codes)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, code = excluded.code,
             parent = excluded.parent, area_codes = excluded.area_codes
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        unit.id,
        unit.epoch,
        unit.version,
        unit.code,
        unit.parent,
        &unit.area_codes
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The unit that serves an area.
pub(crate) async fn serving(
    connection: &mut PgConnection,
    area_code: &str,
) -> Result<Option<UnitId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM complaints.unit WHERE area_codes @> ARRAY[$1] ORDER BY code LIMIT 1",
        area_code
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(UnitId))
}

/// Whether any unit has arrived yet.
pub(crate) async fn any(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM complaints.unit) AS "any!""#)
        .fetch_one(connection)
        .await
}

/// How far up the tree a caller's units must be from a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The unit itself or one above it.
    SubtreeOf,
    /// One above it; for the root, the root itself.
    Above,
}

/// Whether one of `callers` holds `unit` in its subtree.
pub(crate) async fn covered(
    connection: &mut PgConnection,
    (callers, reach): (&[Uuid], Reach),
    unit: UnitId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE up AS (
               SELECT id, parent, 0 AS distance FROM complaints.unit WHERE id = $2
               UNION ALL
               SELECT above.id, above.parent, up.distance + 1 FROM up JOIN complaints.unit above ON above.id = up.parent
               WHERE up.distance < 32
           )
           SELECT EXISTS (
               SELECT FROM up WHERE id = ANY($1) AND (NOT $3 OR distance > 0 OR parent IS NULL)
           ) AS "covered!""#,
        callers,
        unit.0,
        reach == Reach::Above
    )
    .fetch_one(connection)
    .await
}

/// Whether one of `callers` is a unit or lies below it.
pub(crate) async fn any_within(
    connection: &mut PgConnection,
    callers: &[Uuid],
    unit: UnitId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE up AS (
               SELECT id, parent FROM complaints.unit WHERE id = ANY($1)
               UNION
               SELECT above.id, above.parent FROM up JOIN complaints.unit above ON above.id = up.parent
           )
           SELECT EXISTS (SELECT FROM up WHERE id = $2) AS "within!""#,
        callers,
        unit.0
    )
    .fetch_one(connection)
    .await
}

/// The unit above; none for the root, nor for one that has not arrived.
pub(crate) async fn above(
    connection: &mut PgConnection,
    unit: UnitId,
) -> Result<Option<UnitId>, sqlx::Error> {
    let above = sqlx::query_scalar!("SELECT parent FROM complaints.unit WHERE id = $1", unit.0)
        .fetch_optional(connection)
        .await?;
    Ok(above.flatten().map(UnitId))
}

/// The unit so many levels above one; the root where the tree ends before.
pub(crate) async fn ancestor(
    connection: &mut PgConnection,
    unit: UnitId,
    levels: i32,
) -> Result<Option<UnitId>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        r#"WITH RECURSIVE up AS (
               SELECT id, parent, 0 AS distance FROM complaints.unit WHERE id = $1
               UNION ALL
               SELECT above.id, above.parent, up.distance + 1 FROM up JOIN complaints.unit above ON above.id = up.parent
               WHERE up.distance < least($2, 32)
           )
           SELECT id AS "id!" FROM up ORDER BY distance DESC LIMIT 1"#,
        unit.0,
        levels
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(UnitId))
}

/// Whether a unit has arrived here.
pub(crate) async fn exists(connection: &mut PgConnection, unit: UnitId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM complaints.unit WHERE id = $1) AS "exists!""#, unit.0)
        .fetch_one(connection)
        .await
}

/// Units and all below them.
pub(crate) async fn subtree(connection: &mut PgConnection, units: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE below AS (
               SELECT id FROM complaints.unit WHERE id = ANY($1)
               UNION
               SELECT unit.id FROM below JOIN complaints.unit ON unit.parent = below.id
           )
           SELECT id AS "id!" FROM below"#,
        units
    )
    .fetch_all(connection)
    .await
}

/// Units and all above them.
pub(crate) async fn ancestors(
    connection: &mut PgConnection,
    units: &[Uuid],
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE up AS (
               SELECT id, parent FROM complaints.unit WHERE id = ANY($1)
               UNION
               SELECT above.id, above.parent FROM up JOIN complaints.unit above ON above.id = up.parent
           )
           SELECT id AS "id!" FROM up"#,
        units
    )
    .fetch_all(connection)
    .await
}
