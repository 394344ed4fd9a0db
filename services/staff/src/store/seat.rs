//! The table of seats.

use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::unknown_word;
use crate::domain::{Post, Seat, SeatClass, SeatId, UnitId};

/// A seat's row.
struct Row {
    id: Uuid,
    version: i64,
    unit: Uuid,
    code: Option<String>,
    display_name: String,
    seat_class: String,
    is_head: bool,
    created_at: Instant,
    updated_at: Instant,
}

/// Adds a seat.
pub(crate) async fn insert(connection: &mut PgConnection, seat: &Seat) -> Result<(), sqlx::Error> {
    let post = &seat.post;
    sqlx::query!(
        "INSERT INTO staff.seat (id, version, unit, code, display_name, seat_class, is_head, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        seat.id.0,
        seat.version,
        post.unit.0,
        post.code,
        post.display_name,
        post.class.word(),
        post.is_head,
        seat.created_at.stored(),
        seat.updated_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Seats that keep another one from being made.
#[derive(Debug)]
pub(crate) struct InTheWay {
    pub(crate) of_code: Option<SeatId>,
    pub(crate) head: Option<SeatId>,
}

/// The seats that have the code, or lead the unit, that another is to have or to lead.
pub(crate) async fn in_the_way(connection: &mut PgConnection, post: &Post) -> Result<InTheWay, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT (SELECT id FROM staff.seat WHERE code = $1) AS of_code,
                (SELECT id FROM staff.seat WHERE unit = $2 AND is_head) AS head",
        post.code,
        post.unit.0
    )
    .fetch_one(connection)
    .await?;
    Ok(InTheWay { of_code: row.of_code.map(SeatId), head: row.head.map(SeatId) })
}

/// The code of one of `units` that has a seat.
pub(crate) async fn unit_with_seats(
    connection: &mut PgConnection,
    units: &[UnitId],
) -> Result<Option<String>, sqlx::Error> {
    let units: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    sqlx::query_scalar!(
        "SELECT unit.code FROM staff.unit unit JOIN staff.seat seat ON seat.unit = unit.id
         WHERE unit.id = ANY($1) ORDER BY unit.code LIMIT 1",
        &units
    )
    .fetch_optional(connection)
    .await
}

/// Reads a seat.
pub(crate) async fn get(connection: &mut PgConnection, id: SeatId) -> Result<Option<Seat>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, version, unit, code, display_name, seat_class, is_head, created_at, updated_at
         FROM staff.seat WHERE id = $1",
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::load)
    .transpose()
}

/// Holds a seat's row until the transaction ends, so that its assignments are recorded one after the other; answers its
/// unit.
pub(crate) async fn lock(connection: &mut PgConnection, id: SeatId) -> Result<Option<UnitId>, sqlx::Error> {
    let unit = sqlx::query_scalar!("SELECT unit FROM staff.seat WHERE id = $1 FOR NO KEY UPDATE", id.0)
        .fetch_optional(connection)
        .await?;
    Ok(unit.map(UnitId))
}

/// Which seats to list.
#[derive(Debug)]
pub(crate) struct Selection {
    /// Only in the subtree of this unit.
    pub(crate) unit: Option<UnitId>,
    /// Only of this class.
    pub(crate) class: Option<SeatClass>,
    /// Only those that come after this one.
    pub(crate) after: Option<SeatId>,
    /// At most this many.
    pub(crate) limit: i64,
}

/// Seats by display name.
pub(crate) async fn list(
    connection: &mut PgConnection,
    selection: &Selection,
) -> Result<Vec<Seat>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "WITH RECURSIVE below AS (
             SELECT id FROM staff.unit WHERE id = $1
             UNION
             SELECT unit.id FROM below JOIN staff.unit unit ON unit.parent = below.id
         )
         SELECT id, version, unit, code, display_name, seat_class, is_head, created_at, updated_at
         FROM staff.seat
         WHERE ($1::uuid IS NULL OR unit IN (SELECT id FROM below))
           AND ($2::text IS NULL OR seat_class = $2)
           AND ($3::uuid IS NULL OR (display_name, id) > (SELECT last.display_name, last.id FROM staff.seat last
                                                          WHERE last.id = $3))
         ORDER BY display_name, id LIMIT $4",
        selection.unit.map(|unit| unit.0),
        selection.class.map(SeatClass::word),
        selection.after.map(|after| after.0),
        selection.limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

/// At most `limit` seats of a unit's subtree that come after a seat: by unit code, then the head's first, then display
/// name.
pub(crate) async fn directory(
    connection: &mut PgConnection,
    unit: UnitId,
    (after, limit): (Option<SeatId>, i64),
) -> Result<Vec<Seat>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "WITH RECURSIVE below AS (
             SELECT id, code FROM staff.unit WHERE id = $1
             UNION
             SELECT unit.id, unit.code FROM below JOIN staff.unit unit ON unit.parent = below.id
         )
         SELECT seat.id, seat.version, seat.unit, seat.code, seat.display_name, seat.seat_class, seat.is_head,
                seat.created_at, seat.updated_at
         FROM below JOIN staff.seat seat ON seat.unit = below.id
         WHERE $2::uuid IS NULL
            OR (below.code, NOT seat.is_head, seat.display_name, seat.id) >
               (SELECT unit.code, NOT last.is_head, last.display_name, last.id
                FROM staff.seat last JOIN staff.unit unit ON unit.id = last.unit WHERE last.id = $2)
         ORDER BY below.code, NOT seat.is_head, seat.display_name, seat.id LIMIT $3",
        unit.0,
        after.map(|after| after.0),
        limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

impl Row {
    fn load(self) -> Result<Seat, sqlx::Error> {
        Ok(Seat {
            id: SeatId(self.id),
            version: self.version,
            post: Post {
                unit: UnitId(self.unit),
                code: self.code,
                display_name: self.display_name,
                class: SeatClass::from_word(&self.seat_class)
                    .ok_or_else(|| unknown_word(&self.seat_class))?,
                is_head: self.is_head,
            },
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}
