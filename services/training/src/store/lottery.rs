//! Lotteries and their units.

use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Lottery, LotteryId, ProgrammeId, Publication, Slip, UnitId};

/// A lottery's row.
struct Row {
    id: Uuid,
    version: i64,
    programme: Uuid,
    seed: String,
    first_wave: i32,
    drawn_at: Option<Instant>,
    created_at: Instant,
    updated_at: Instant,
}

/// Adds a lottery just published; false where one of its units is in another one of the programme.
pub(crate) async fn insert(connection: &mut PgConnection, lottery: &Lottery) -> Result<bool, sqlx::Error> {
    let publication = &lottery.publication;
    sqlx::query!(
        "INSERT INTO training.lottery (id, version, programme, seed, first_wave, state, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        lottery.id.0,
        lottery.version,
        publication.programme.0,
        publication.seed,
        publication.first_wave,
        lottery.state().word(),
        lottery.created_at.stored(),
        lottery.updated_at.stored()
    )
    .execute(&mut *connection)
    .await?;
    let units: Vec<Uuid> = lottery.slips.iter().map(|slip| slip.unit.0).collect();
    // In one order, so that two lotteries with the same units wait for each other in turn.
    let inserted = sqlx::query!(
        "INSERT INTO training.lottery_unit (lottery, programme, unit)
         SELECT $1, $2, unit FROM UNNEST($3::uuid[]) AS unit ORDER BY unit
         ON CONFLICT ON CONSTRAINT lottery_unit_once_in_programme DO NOTHING",
        lottery.id.0,
        publication.programme.0,
        &units
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == units.len() as u64)
}

/// A lottery of the programme, other than this one, that has one of its units.
pub(crate) async fn other_with_units_of(
    connection: &mut PgConnection,
    lottery: &Lottery,
) -> Result<Option<LotteryId>, sqlx::Error> {
    let units: Vec<Uuid> = lottery.slips.iter().map(|slip| slip.unit.0).collect();
    let id = sqlx::query_scalar!(
        "SELECT lottery FROM training.lottery_unit
         WHERE programme = $1 AND unit = ANY($2) AND lottery <> $3 ORDER BY unit LIMIT 1",
        lottery.publication.programme.0,
        &units,
        lottery.id.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(LotteryId))
}

/// Reads a lottery.
pub(crate) async fn get(
    connection: &mut PgConnection,
    id: LotteryId,
) -> Result<Option<Lottery>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, version, programme, seed, first_wave, drawn_at, created_at, updated_at
         FROM training.lottery WHERE id = $1",
        id.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let slips =
        sqlx::query!("SELECT unit, place FROM training.lottery_unit WHERE lottery = $1 ORDER BY unit", id.0)
            .fetch_all(connection)
            .await?
            .into_iter()
            .map(|slip| Slip { unit: UnitId(slip.unit), place: slip.place })
            .collect();
    Ok(Some(Lottery {
        id: LotteryId(row.id),
        version: row.version,
        publication: Publication {
            programme: ProgrammeId(row.programme),
            seed: row.seed,
            first_wave: row.first_wave,
        },
        slips,
        drawn_at: row.drawn_at.map(Instant::to_jiff),
        created_at: row.created_at.to_jiff(),
        updated_at: row.updated_at.to_jiff(),
    }))
}

/// Reads a lottery and holds its row until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    id: LotteryId,
) -> Result<Option<Lottery>, sqlx::Error> {
    sqlx::query!("SELECT id FROM training.lottery WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(&mut *connection)
        .await?;
    get(connection, id).await
}

/// Stores what was drawn. The caller holds the row's lock.
pub(crate) async fn update(connection: &mut PgConnection, lottery: &Lottery) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE training.lottery SET version = $2, state = $3, drawn_at = $4, updated_at = $5 WHERE id = $1",
        lottery.id.0,
        lottery.version,
        lottery.state().word(),
        lottery.drawn_at.map(ToStored::stored) as _,
        lottery.updated_at.stored()
    )
    .execute(&mut *connection)
    .await?;
    let (units, places): (Vec<Uuid>, Vec<i32>) =
        lottery.slips.iter().filter_map(|slip| Some((slip.unit.0, slip.place?))).unzip();
    sqlx::query!(
        "UPDATE training.lottery_unit SET place = drawn.place
         FROM UNNEST($2::uuid[], $3::integer[]) AS drawn (unit, place)
         WHERE lottery_unit.lottery = $1 AND lottery_unit.unit = drawn.unit",
        lottery.id.0,
        &units,
        &places
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The drawn lottery of a programme that put a unit in its first wave.
pub(crate) async fn that_put_first(
    connection: &mut PgConnection,
    programme: ProgrammeId,
    unit: UnitId,
) -> Result<Option<LotteryId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "SELECT lottery.id FROM training.lottery_unit JOIN training.lottery ON lottery.id = lottery_unit.lottery
         WHERE lottery_unit.programme = $1 AND lottery_unit.unit = $2 AND lottery_unit.place <= lottery.first_wave",
        programme.0,
        unit.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(LotteryId))
}
