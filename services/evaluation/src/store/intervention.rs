//! The projection of what training recorded of interventions.

use jiff::civil::Date;
use kit::stored::ToStored;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{ProgrammeId, UnitId, trial::Started};

/// A unit's exposure to a batch of a programme, as training last told of it.
#[derive(Debug)]
pub(crate) struct Intervention {
    pub(crate) id: Uuid,
    pub(crate) epoch: i64,
    pub(crate) version: i64,
    pub(crate) unit: UnitId,
    pub(crate) programme: ProgrammeId,
    pub(crate) batch: Uuid,
    pub(crate) from_date: Date,
    pub(crate) to_date: Date,
    pub(crate) dose_jp: i64,
    pub(crate) participants: i64,
    pub(crate) by_lot: bool,
    pub(crate) lottery: Option<Uuid>,
}

/// Keeps the newer of what is stored and what is given.
pub(crate) async fn project(
    connection: &mut PgConnection,
    intervention: &Intervention,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO evaluation.intervention AS stored (id, epoch, version, unit, programme, batch, from_date, to_date,
             dose_jp, participants, by_lot, lottery)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, unit = excluded.unit,
             programme = excluded.programme, batch = excluded.batch, from_date = excluded.from_date,
             to_date = excluded.to_date, dose_jp = excluded.dose_jp, participants = excluded.participants,
             by_lot = excluded.by_lot, lottery = excluded.lottery
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        intervention.id,
        intervention.epoch,
        intervention.version,
        intervention.unit.0,
        intervention.programme.0,
        intervention.batch,
        intervention.from_date.stored(),
        intervention.to_date.stored(),
        intervention.dose_jp,
        intervention.participants,
        intervention.by_lot,
        intervention.lottery
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of these units had a batch of a programme, and from when; only where somebody completed it.
pub(crate) async fn started(
    connection: &mut PgConnection,
    programme: ProgrammeId,
    units: &[UnitId],
) -> Result<Vec<Started>, sqlx::Error> {
    let ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    let rows = sqlx::query!(
        "SELECT unit, from_date FROM evaluation.intervention
         WHERE programme = $1 AND unit = ANY($2) AND participants > 0",
        programme.0,
        &ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (UnitId(row.unit), row.from_date.to_jiff())).collect())
}
