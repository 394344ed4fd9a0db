//! What this service knows of staff's units, seats, people and assignments. Each row is the newest that staff told of.

use jiff::civil::Date;
use kit::stored::ToStored;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{PersonId, UnitId};

/// Which of what staff told of one resource is newer: the greater one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) id: Uuid,
    pub(crate) epoch: i64,
    pub(crate) version: i64,
}

/// That a person holds or acts in a seat on certain days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assignment {
    pub(crate) seat: Uuid,
    pub(crate) unit: Uuid,
    pub(crate) person: Uuid,
    /// Held, not acted in.
    pub(crate) definitive: bool,
    pub(crate) valid_from: Date,
    /// The first day it no longer holds.
    pub(crate) valid_until: Option<Date>,
}

/// Keeps, of each unit, the newer of the stored one and the given one, which has this parent; none may be given twice.
pub(crate) async fn project_units(
    connection: &mut PgConnection,
    units: &[(Told, Option<Uuid>)],
) -> Result<(), sqlx::Error> {
    let (ids, epochs, versions) = told(units);
    let parents: Vec<Option<Uuid>> = units.iter().map(|(_, parent)| *parent).collect();
    sqlx::query!(
        "INSERT INTO training.unit AS stored (id, epoch, version, parent)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[])
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, parent = excluded.parent
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        &ids,
        &epochs,
        &versions,
        parents as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps, of each seat, the newer of the stored one and the given one, which is in this unit; none may be given twice.
pub(crate) async fn project_seats(
    connection: &mut PgConnection,
    seats: &[(Told, Uuid)],
) -> Result<(), sqlx::Error> {
    let (ids, epochs, versions) = told(seats);
    let units: Vec<Uuid> = seats.iter().map(|(_, unit)| *unit).collect();
    sqlx::query!(
        "INSERT INTO training.seat AS stored (id, epoch, version, unit)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[])
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, unit = excluded.unit
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        &ids,
        &epochs,
        &versions,
        &units
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps, of each person, the newer of the stored one and the given one; none may be given twice.
pub(crate) async fn project_persons(
    connection: &mut PgConnection,
    persons: &[(Told, ())],
) -> Result<(), sqlx::Error> {
    let (ids, epochs, versions) = told(persons);
    sqlx::query!(
        "INSERT INTO training.person AS stored (id, epoch, version)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[])
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        &ids,
        &epochs,
        &versions
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps, of each assignment, the newer of the stored one and the given one; none may be given twice.
pub(crate) async fn project_assignments(
    connection: &mut PgConnection,
    assignments: &[(Told, Assignment)],
) -> Result<(), sqlx::Error> {
    let (ids, epochs, versions) = told(assignments);
    let of =
        |pick: fn(&Assignment) -> Uuid| assignments.iter().map(|(_, given)| pick(given)).collect::<Vec<_>>();
    let given = || assignments.iter().map(|(_, given)| given);
    sqlx::query!(
        "INSERT INTO training.assignment AS stored
             (id, epoch, version, seat, unit, person, definitive, valid_from, valid_until)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::boolean[],
             $8::date[], $9::date[])
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, seat = excluded.seat,
             unit = excluded.unit, person = excluded.person, definitive = excluded.definitive,
             valid_from = excluded.valid_from, valid_until = excluded.valid_until
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        &ids,
        &epochs,
        &versions,
        &of(|given| given.seat),
        &of(|given| given.unit),
        &of(|given| given.person),
        &given().map(|given| given.definitive).collect::<Vec<_>>(),
        given().map(|given| given.valid_from.stored()).collect::<Vec<_>>() as _,
        given().map(|given| given.valid_until.map(ToStored::stored)).collect::<Vec<_>>() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ids, epochs and versions, each as a column.
fn told<Given>(rows: &[(Told, Given)]) -> (Vec<Uuid>, Vec<i64>, Vec<i64>) {
    let column = |pick: fn(&Told) -> i64| rows.iter().map(|(told, _)| pick(told)).collect::<Vec<_>>();
    (rows.iter().map(|(told, _)| told.id).collect(), column(|told| told.epoch), column(|told| told.version))
}

/// Whether a person has arrived.
pub(crate) async fn knows_person(
    connection: &mut PgConnection,
    person: PersonId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM training.person WHERE id = $1) AS "known!""#, person.0)
        .fetch_one(connection)
        .await
}

/// The units in which a person holds or acts in a seat on a day: first that of the seat held definitively.
pub(crate) async fn units_of(
    connection: &mut PgConnection,
    person: PersonId,
    day: Date,
) -> Result<Vec<UnitId>, sqlx::Error> {
    let units = sqlx::query_scalar!(
        r#"SELECT unit AS "unit!" FROM training.seating
           WHERE person = $1 AND valid_from <= $2 AND (valid_until IS NULL OR valid_until > $2)
           ORDER BY definitive DESC, valid_from, assignment LIMIT 100"#,
        person.0,
        day.stored()
    )
    .fetch_all(connection)
    .await?;
    Ok(units.into_iter().map(UnitId).collect())
}

/// The position, from 0, of the first of these units that has not arrived.
pub(crate) async fn unknown_unit(
    connection: &mut PgConnection,
    units: &[UnitId],
) -> Result<Option<i64>, sqlx::Error> {
    let ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    sqlx::query_scalar!(
        r#"SELECT asked.position - 1 AS "position!" FROM UNNEST($1::uuid[]) WITH ORDINALITY AS asked (id, position)
           WHERE NOT EXISTS (SELECT FROM training.unit WHERE unit.id = asked.id) ORDER BY position LIMIT 1"#,
        &ids
    )
    .fetch_optional(connection)
    .await
}

/// Whether each of these units is one of `callers` or below one.
pub(crate) async fn all_covered(
    connection: &mut PgConnection,
    callers: &[Uuid],
    units: &[UnitId],
) -> Result<bool, sqlx::Error> {
    let ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    sqlx::query_scalar!(
        r#"SELECT NOT EXISTS (
               SELECT FROM UNNEST($2::uuid[]) AS asked (id) WHERE id NOT IN (SELECT training.subtree($1))
           ) AS "covered!""#,
        callers,
        &ids
    )
    .fetch_one(connection)
    .await
}
