//! The table of units.

use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::unknown_word;
use crate::domain::{Unit, UnitId, UnitKind};

/// A unit's row.
struct Row {
    id: Uuid,
    version: i64,
    code: String,
    kind: String,
    display_name: String,
    parent: Option<Uuid>,
    area_codes: Vec<String>,
    created_at: Instant,
    updated_at: Instant,
}

/// Reads all units and keeps others from changing any until the transaction ends. There are hundreds.
pub(crate) async fn lock_all(connection: &mut PgConnection) -> Result<Vec<Unit>, sqlx::Error> {
    sqlx::query!("LOCK TABLE staff.unit IN SHARE ROW EXCLUSIVE MODE").execute(&mut *connection).await?;
    sqlx::query_as!(
        Row,
        "SELECT id, version, code, kind, display_name, parent, area_codes, created_at, updated_at FROM staff.unit"
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

/// Adds a unit, or stores what changed of it.
pub(crate) async fn save(connection: &mut PgConnection, unit: &Unit) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO staff.unit (id, version, code, kind, display_name, parent, area_codes, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, kind = excluded.kind,
             display_name = excluded.display_name, parent = excluded.parent, area_codes = excluded.area_codes,
             updated_at = excluded.updated_at",
        unit.id.0,
        unit.version,
        unit.code,
        unit.kind.word(),
        unit.display_name,
        unit.parent.map(|parent| parent.0),
        &unit.area_codes,
        unit.created_at.stored(),
        unit.updated_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a unit.
pub(crate) async fn get(connection: &mut PgConnection, id: UnitId) -> Result<Option<Unit>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, version, code, kind, display_name, parent, area_codes, created_at, updated_at
         FROM staff.unit WHERE id = $1",
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::load)
    .transpose()
}

/// The kind of a unit, which stays until the transaction ends.
pub(crate) async fn keep_kind(
    connection: &mut PgConnection,
    id: UnitId,
) -> Result<Option<UnitKind>, sqlx::Error> {
    sqlx::query_scalar!("SELECT kind FROM staff.unit WHERE id = $1 FOR SHARE", id.0)
        .fetch_optional(connection)
        .await?
        .map(|kind| UnitKind::from_word(&kind).ok_or_else(|| unknown_word(&kind)))
        .transpose()
}

/// Whether one of `callers` is `unit` or above it.
pub(crate) async fn covered(
    connection: &mut PgConnection,
    callers: &[Uuid],
    unit: UnitId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE up AS (
               SELECT id, parent FROM staff.unit WHERE id = $2
               UNION
               SELECT above.id, above.parent FROM up JOIN staff.unit above ON above.id = up.parent
           )
           SELECT EXISTS (SELECT FROM up WHERE id = ANY($1)) AS "covered!""#,
        callers,
        unit.0
    )
    .fetch_one(connection)
    .await
}

/// Which units to list.
#[derive(Debug)]
pub(crate) struct Selection {
    /// Only of this kind.
    pub(crate) kind: Option<UnitKind>,
    /// Only of this code; empty for any.
    pub(crate) code: String,
    /// Only those whose code comes after this one.
    pub(crate) after: String,
    /// At most this many.
    pub(crate) limit: i64,
}

/// Units by code.
pub(crate) async fn list(
    connection: &mut PgConnection,
    selection: &Selection,
) -> Result<Vec<Unit>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, version, code, kind, display_name, parent, area_codes, created_at, updated_at
         FROM staff.unit
         WHERE code > $1 AND ($2::text IS NULL OR kind = $2) AND ($3 = '' OR code = $3)
         ORDER BY code LIMIT $4",
        selection.after,
        selection.kind.map(UnitKind::word),
        selection.code,
        selection.limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

impl Row {
    fn load(self) -> Result<Unit, sqlx::Error> {
        Ok(Unit {
            id: UnitId(self.id),
            version: self.version,
            code: self.code,
            kind: UnitKind::from_word(&self.kind).ok_or_else(|| unknown_word(&self.kind))?,
            display_name: self.display_name,
            parent: self.parent.map(UnitId),
            area_codes: self.area_codes,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}
