//! What reports are found again by: where they are, their category, and the words of their reporters.

use jiff::Timestamp;
use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::complaint::unknown_word;
use crate::domain::{
    Complaint, ComplaintId, State,
    duplicates::{Near, Sought, of_thousand},
    place::{Cell, Point},
};

/// Reports looked at in one cell of the grid, or without a point in one kelurahan, the newest.
const IN_ONE_PLACE: i64 = 100;
/// Reports found fixed that are looked at.
const FIXED: i64 = 100;

struct Row {
    id: Uuid,
    kelurahan_code: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    state: String,
    supporters: i32,
    at: Instant,
    text_likeness: f32,
}

impl Row {
    fn load(self) -> Result<Near, sqlx::Error> {
        let point = self.latitude.zip(self.longitude);
        Ok(Near {
            id: ComplaintId(self.id),
            kelurahan_code: self.kelurahan_code,
            point: point.and_then(|(latitude, longitude)| Point::try_new(latitude, longitude)),
            state: State::from_word(&self.state).ok_or_else(|| unknown_word(&self.state))?,
            supporters: self.supporters,
            at: self.at.to_jiff(),
            text_likeness: of_thousand(f64::from(self.text_likeness)),
        })
    }
}

/// Keeps what a report that was just filed is found by, where it may be found, and what statistics count of it.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    complaint: &Complaint,
    sought: Option<&Sought>,
) -> Result<(), sqlx::Error> {
    let filing = &complaint.filing;
    sqlx::query!(
        "WITH spot AS (
             INSERT INTO complaints.complaint_spot (complaint, category, kelurahan_code, cell, filed_at, search_text)
             SELECT $1::uuid, $2::text, $3::text, $4::bigint, $5::timestamptz, $6::text WHERE $6 IS NOT NULL
         )
         INSERT INTO complaints.report_fact
             (complaint, filed_at, kelurahan_code, category, unit, unit_complained_of, state, due_at, is_recurring)
         VALUES ($1, $5, $3, $2, $7, $8, $9, $10, $11)",
        complaint.id.0,
        complaint.category,
        filing.kelurahan_code,
        sought.and_then(|sought| sought.point).map(Cell::of),
        filing.filed_at.stored() as Instant,
        sought.map(|sought| sought.search_text.as_str()),
        complaint.responsible_unit().0,
        filing.unit_complained_of.map(|unit| unit.0),
        complaint.state().word(),
        complaint.finish_due_at().map(ToStored::stored) as _,
        filing.recurrence_of.is_some()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps what a step changed of it: its category, and whether it is found fixed.
pub(crate) async fn update(connection: &mut PgConnection, complaint: &Complaint) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE complaints.complaint_spot SET category = $2, fixed_at = $3 WHERE complaint = $1",
        complaint.id.0,
        complaint.category,
        complaint.fixed_at().map(ToStored::stored) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a report is looked for by; none of one about officials, nor of one whose reporter was erased.
pub(crate) async fn sought(
    connection: &mut PgConnection,
    complaint: &Complaint,
) -> Result<Option<Sought>, sqlx::Error> {
    let found = sqlx::query!(
        r#"SELECT spot.search_text, place.latitude AS "latitude?", place.longitude AS "longitude?"
           FROM complaints.complaint_spot AS spot LEFT JOIN complaints.complaint_place AS place USING (complaint)
           WHERE spot.complaint = $1"#,
        complaint.id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|row| Sought {
        of: Some(complaint.id),
        category: complaint.category.clone(),
        kind: complaint.filing.kind,
        kelurahan_code: complaint.filing.kelurahan_code.clone(),
        point: row
            .latitude
            .zip(row.longitude)
            .and_then(|(latitude, longitude)| Point::try_new(latitude, longitude)),
        search_text: row.search_text,
    }))
}

/// Reports of the same category and kind that were filed after a time in these cells, or that are in the kelurahan where
/// one of the two has no point; open, or resolved.
pub(crate) async fn near(
    connection: &mut PgConnection,
    (sought, cells): (&Sought, &[i64]),
    since: Timestamp,
) -> Result<Vec<Near>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"WITH found AS (
               SELECT in_cell.complaint, in_cell.filed_at, in_cell.search_text
               FROM unnest($1::bigint[]) AS around (cell) CROSS JOIN LATERAL (
                   SELECT complaint, filed_at, search_text FROM complaints.complaint_spot AS spot
                   WHERE spot.category = $2 AND spot.cell = around.cell AND spot.filed_at >= $3
                   ORDER BY spot.filed_at DESC LIMIT $8
               ) AS in_cell
               UNION ALL
               (SELECT complaint, filed_at, search_text FROM complaints.complaint_spot AS spot
                WHERE spot.category = $2 AND spot.kelurahan_code = $4 AND spot.filed_at >= $3
                  AND (spot.cell IS NULL OR cardinality($1::bigint[]) = 0)
                ORDER BY spot.filed_at DESC LIMIT $8)
           )
           SELECT complaint.id AS "id!", complaint.kelurahan_code AS "kelurahan_code!", place.latitude AS "latitude?",
                  place.longitude AS "longitude?", complaint.state AS "state!", complaint.supporters AS "supporters!",
                  found.filed_at AS "at!: Instant",
                  extensions.similarity(found.search_text, $5) AS "text_likeness!"
           FROM found JOIN complaints.complaint ON complaint.id = found.complaint
                LEFT JOIN complaints.complaint_place AS place ON place.complaint = found.complaint
           WHERE complaint.kind = $6 AND ($7::uuid IS NULL OR complaint.id <> $7)
             AND complaint.state NOT IN ('REJECTED', 'MERGED', 'CLOSED')"#,
        cells,
        sought.category,
        since.stored() as Instant,
        sought.kelurahan_code,
        sought.search_text,
        sought.kind.word(),
        sought.of.map(|id| id.0),
        IN_ONE_PLACE
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

/// Reports of the same category and kind that were found fixed after a time, in these cells, or in the kelurahan where one
/// of the two has no point.
pub(crate) async fn fixed(
    connection: &mut PgConnection,
    (sought, cells): (&Sought, &[i64]),
    since: Timestamp,
) -> Result<Vec<Near>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"WITH found AS (
               (SELECT complaint, fixed_at, search_text FROM complaints.complaint_spot
                WHERE category = $2 AND cell = ANY($1) AND fixed_at >= $3
                ORDER BY fixed_at DESC LIMIT $7)
               UNION ALL
               (SELECT complaint, fixed_at, search_text FROM complaints.complaint_spot
                WHERE category = $2 AND kelurahan_code = $4 AND fixed_at >= $3
                  AND (cell IS NULL OR cardinality($1::bigint[]) = 0)
                ORDER BY fixed_at DESC LIMIT $7)
           )
           SELECT complaint.id AS "id!", complaint.kelurahan_code AS "kelurahan_code!", place.latitude AS "latitude?",
                  place.longitude AS "longitude?", complaint.state AS "state!", complaint.supporters AS "supporters!",
                  found.fixed_at AS "at!: Instant",
                  extensions.similarity(found.search_text, $5) AS "text_likeness!"
           FROM found JOIN complaints.complaint ON complaint.id = found.complaint
                LEFT JOIN complaints.complaint_place AS place ON place.complaint = found.complaint
           WHERE complaint.kind = $6"#,
        cells,
        sought.category,
        since.stored() as Instant,
        sought.kelurahan_code,
        sought.search_text,
        sought.kind.word(),
        FIXED
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}
