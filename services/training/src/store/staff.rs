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

/// Keeps the newer of the stored unit and this one.
pub(crate) async fn project_unit(
    connection: &mut PgConnection,
    told: Told,
    parent: Option<Uuid>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO training.unit AS stored (id, epoch, version, parent) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, parent = excluded.parent
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        told.id,
        told.epoch,
        told.version,
        parent
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps the newer of the stored seat and this one.
pub(crate) async fn project_seat(
    connection: &mut PgConnection,
    told: Told,
    unit: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO training.seat AS stored (id, epoch, version, unit) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, unit = excluded.unit
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        told.id,
        told.epoch,
        told.version,
        unit
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps the newer of the stored person and this one.
pub(crate) async fn project_person(connection: &mut PgConnection, told: Told) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO training.person AS stored (id, epoch, version) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        told.id,
        told.epoch,
        told.version
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps the newer of the stored assignment and this one.
pub(crate) async fn project_assignment(
    connection: &mut PgConnection,
    told: Told,
    assignment: &Assignment,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO training.assignment AS stored
             (id, epoch, version, seat, unit, person, definitive, valid_from, valid_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, seat = excluded.seat,
             unit = excluded.unit, person = excluded.person, definitive = excluded.definitive,
             valid_from = excluded.valid_from, valid_until = excluded.valid_until
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        told.id,
        told.epoch,
        told.version,
        assignment.seat,
        assignment.unit,
        assignment.person,
        assignment.definitive,
        assignment.valid_from.stored(),
        assignment.valid_until.map(ToStored::stored) as _
    )
    .execute(connection)
    .await?;
    Ok(())
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
