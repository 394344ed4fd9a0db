//! The table of assignments: a row a version, on which days it holds (`valid`) and when that was known (`sys`). A row's
//! `sys` is closed once; nothing else of it changes.

use jiff::{Timestamp, civil::Date};
use kit::stored::{Day, Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::unknown_word;
use crate::domain::{
    Assignment, AssignmentId, AssignmentKind, Days, Decree, PersonId, Record, SeatId, Terms, UnitId,
};

/// A version's row, with its seat's unit.
struct Row {
    id: Uuid,
    version: i64,
    seat: Uuid,
    unit: Uuid,
    person: Uuid,
    kind: String,
    valid_from: Day,
    valid_until: Option<Day>,
    decree_number: String,
    decree_date: Day,
    reason: String,
    recorded_by: Option<Uuid>,
    approved_by: Option<Uuid>,
    recorded_at: Instant,
    superseded_at: Option<Instant>,
    created_at: Instant,
}

/// A moment to record at: `now`, but after all that is recorded of the seat or the person. The caller holds both's locks.
pub(crate) async fn moment(
    connection: &mut PgConnection,
    (seat, person): (SeatId, PersonId),
    now: Timestamp,
) -> Result<Timestamp, sqlx::Error> {
    let moment = sqlx::query_scalar!(
        r#"SELECT greatest($3::timestamptz, max(lower(sys)) + interval '1 microsecond') AS "moment!"
           FROM staff.assignment WHERE seat = $1 OR person = $2"#,
        seat.0,
        person.0,
        now.stored() as _
    )
    .fetch_one(connection)
    .await?;
    Ok(moment.to_jiff())
}

/// The present moment for a reader: `now`, but not before anything that is recorded.
pub(crate) async fn present(connection: &mut PgConnection, now: Timestamp) -> Result<Timestamp, sqlx::Error> {
    let present = sqlx::query_scalar!(
        r#"SELECT greatest($1::timestamptz, (SELECT max(lower(sys)) FROM staff.assignment)) AS "present!""#,
        now.stored() as _
    )
    .fetch_one(connection)
    .await?;
    Ok(present.to_jiff())
}

/// Adds a version, known from when it was recorded.
pub(crate) async fn insert(connection: &mut PgConnection, version: &Assignment) -> Result<(), sqlx::Error> {
    let Assignment { terms, record, .. } = version;
    sqlx::query!(
        "INSERT INTO staff.assignment (id, version, seat, person, kind, valid, sys, decree_number, decree_date,
             reason, recorded_by, approved_by, created_at)
         VALUES ($1, $2, $3, $4, $5, daterange($6::date, $7::date), tstzrange($8::timestamptz, NULL), $9, $10, $11,
             $12, $13, $14)",
        version.id.0,
        version.version,
        terms.seat.0,
        terms.person.0,
        terms.kind.word(),
        terms.days.from().stored() as _,
        terms.days.until().map(ToStored::stored) as _,
        version.recorded_at.stored() as _,
        record.decree.number,
        record.decree.date.stored(),
        record.reason,
        record.recorded_by.map(|person| person.0),
        record.approved_by.map(|person| person.0),
        version.created_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Closes a version: from `at` on it is no longer what is known. The caller holds the seat's and the person's locks.
pub(crate) async fn close(
    connection: &mut PgConnection,
    version: &Assignment,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE staff.assignment SET sys = tstzrange(lower(sys), $3::timestamptz)
         WHERE id = $1 AND version = $2 AND upper_inf(sys)",
        version.id.0,
        version.version,
        at.stored() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Assignments that keep another one from being recorded, by the rule they keep.
#[derive(Debug)]
pub(crate) struct InTheWay {
    pub(crate) seat_definitive: Option<AssignmentId>,
    pub(crate) person_definitive: Option<AssignmentId>,
    pub(crate) seat_acting: Option<AssignmentId>,
}

/// The assignments known now that hold on one of the days of `terms`.
pub(crate) async fn in_the_way(
    connection: &mut PgConnection,
    terms: &Terms,
) -> Result<InTheWay, sqlx::Error> {
    let row = sqlx::query!(
        "WITH present AS (
             SELECT id, seat, person, kind, valid FROM staff.assignment
             WHERE (seat = $1 OR person = $2) AND upper_inf(sys) AND valid && daterange($3::date, $4::date)
         )
         SELECT (SELECT id FROM present WHERE seat = $1 AND kind = 'DEFINITIVE' ORDER BY lower(valid) LIMIT 1)
                    AS seat_definitive,
                (SELECT id FROM present WHERE person = $2 AND kind = 'DEFINITIVE' ORDER BY lower(valid) LIMIT 1)
                    AS person_definitive,
                (SELECT id FROM present WHERE seat = $1 AND kind <> 'DEFINITIVE' ORDER BY lower(valid) LIMIT 1)
                    AS seat_acting",
        terms.seat.0,
        terms.person.0,
        terms.days.from().stored() as _,
        terms.days.until().map(ToStored::stored) as _
    )
    .fetch_one(connection)
    .await?;
    Ok(InTheWay {
        seat_definitive: row.seat_definitive.map(AssignmentId),
        person_definitive: row.person_definitive.map(AssignmentId),
        seat_acting: row.seat_acting.map(AssignmentId),
    })
}

/// The newest versions of assignments.
pub(crate) async fn newest(
    connection: &mut PgConnection,
    ids: &[AssignmentId],
) -> Result<Vec<Assignment>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query_as!(
        Row,
        r#"SELECT a.id, a.version, a.seat, seat.unit, a.person, a.kind, lower(a.valid) AS "valid_from!",
                  upper(a.valid) AS valid_until, a.decree_number, a.decree_date, a.reason, a.recorded_by, a.approved_by,
                  lower(a.sys) AS "recorded_at!", upper(a.sys) AS superseded_at, a.created_at
           FROM staff.assignment a JOIN staff.seat seat ON seat.id = a.seat
           WHERE a.id = ANY($1) AND upper_inf(a.sys)"#,
        &ids
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

/// The versions by which seats are had on a day, as known at a moment.
pub(crate) async fn holding(
    connection: &mut PgConnection,
    seats: &[SeatId],
    (day, known_at): (Date, Timestamp),
) -> Result<Vec<Assignment>, sqlx::Error> {
    let ids: Vec<Uuid> = seats.iter().map(|seat| seat.0).collect();
    sqlx::query_as!(
        Row,
        r#"SELECT a.id, a.version, a.seat, seat.unit, a.person, a.kind, lower(a.valid) AS "valid_from!",
                  upper(a.valid) AS valid_until, a.decree_number, a.decree_date, a.reason, a.recorded_by, a.approved_by,
                  lower(a.sys) AS "recorded_at!", upper(a.sys) AS superseded_at, a.created_at
           FROM staff.assignment a JOIN staff.seat seat ON seat.id = a.seat
           WHERE a.seat = ANY($1) AND a.valid @> $2::date AND a.sys @> $3::timestamptz"#,
        &ids,
        day.stored() as _,
        known_at.stored() as _
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

/// Which versions to list.
#[derive(Debug)]
pub(crate) struct Selection {
    /// Only of this seat.
    pub(crate) seat: Option<SeatId>,
    /// Only of this person.
    pub(crate) person: Option<PersonId>,
    /// Which versions.
    pub(crate) versions: Versions,
    /// Only those that come after this first day, id and version.
    pub(crate) after: Option<(Date, Uuid, i64)>,
    /// At most this many.
    pub(crate) limit: i64,
}

/// Which versions of an assignment are meant, at a moment of knowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Versions {
    /// The one that was the newest.
    Newest,
    /// Those that had been replaced by then, too.
    All,
}

/// Versions by first day, id and version, as known at a moment.
pub(crate) async fn list(
    connection: &mut PgConnection,
    (callers, own): (&[Uuid], Option<PersonId>),
    selection: &Selection,
    known_at: Timestamp,
) -> Result<Vec<Assignment>, sqlx::Error> {
    let after = selection.after;
    sqlx::query_as!(
        Row,
        r#"SELECT a.id, a.version, a.seat, seat.unit, a.person, a.kind, lower(a.valid) AS "valid_from!",
                  upper(a.valid) AS valid_until, a.decree_number, a.decree_date, a.reason, a.recorded_by, a.approved_by,
                  lower(a.sys) AS "recorded_at!", upper(a.sys) AS superseded_at, a.created_at
           FROM staff.assignment a JOIN staff.seat seat ON seat.id = a.seat
           WHERE (seat.unit IN (SELECT staff.subtree($9)) OR a.person = $10)
             AND ($1::uuid IS NULL OR a.seat = $1)
             AND ($2::uuid IS NULL OR a.person = $2)
             AND (a.sys @> $3::timestamptz OR $4 AND lower(a.sys) <= $3::timestamptz)
             AND ($5::date IS NULL OR (lower(a.valid), a.id, a.version) > ($5, $6::uuid, $7::bigint))
           ORDER BY lower(a.valid), a.id, a.version LIMIT $8"#,
        selection.seat.map(|seat| seat.0),
        selection.person.map(|person| person.0),
        known_at.stored() as _,
        selection.versions == Versions::All,
        after.map(|(day, _, _)| day.stored()) as _,
        after.map(|(_, id, _)| id),
        after.map(|(_, _, version)| version),
        selection.limit,
        callers,
        own.map(|person| person.0)
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

impl Row {
    fn load(self) -> Result<Assignment, sqlx::Error> {
        let days = Days::try_new(self.valid_from.to_jiff(), self.valid_until.map(Day::to_jiff));
        Ok(Assignment {
            id: AssignmentId(self.id),
            version: self.version,
            terms: Terms {
                seat: SeatId(self.seat),
                unit: UnitId(self.unit),
                person: PersonId(self.person),
                kind: AssignmentKind::from_word(&self.kind).ok_or_else(|| unknown_word(&self.kind))?,
                days: days.map_err(|_| unknown_word("an empty range of days"))?,
            },
            record: Record {
                decree: Decree { number: self.decree_number, date: self.decree_date.to_jiff() },
                reason: self.reason,
                recorded_by: self.recorded_by.map(PersonId),
                approved_by: self.approved_by.map(PersonId),
            },
            recorded_at: self.recorded_at.to_jiff(),
            superseded_at: self.superseded_at.map(Instant::to_jiff),
            created_at: self.created_at.to_jiff(),
        })
    }
}
