//! The tables of rounds and of the units they cover, with the running sums of the answers about each.

use kit::stored::{Day, Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{period, unknown};
use crate::domain::{
    Period, RoundName, SurveyId, UnitId,
    index::{norm::Norm, sums::RunningSums},
    survey::{Round, RoundState, RoundUnit},
};

struct Row {
    id: Uuid,
    version: i64,
    survey: Uuid,
    period: String,
    target_hundredths: Option<i32>,
    state: String,
    closed_at: Option<Instant>,
    created_at: Instant,
    updated_at: Instant,
}

/// Adds a round with nothing counted yet; false where its survey has one for the period.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    round: &Round,
    norm: &Norm,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "INSERT INTO evaluation.round
             (id, version, survey, period, period_end, target_hundredths, state, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT ON CONSTRAINT round_survey_period_key DO NOTHING",
        round.name.round,
        round.version,
        round.name.survey.0,
        round.period.to_string(),
        round.period.end().stored(),
        round.target_hundredths,
        round.state.word(),
        round.created_at.stored(),
        round.updated_at.stored()
    )
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    let units: Vec<Uuid> = round.units.iter().map(|unit| unit.unit.0).collect();
    let populations: Vec<i64> = round.units.iter().map(|unit| unit.population).collect();
    let codes: Vec<String> = norm.elements().iter().map(|element| element.code.clone()).collect();
    sqlx::query!(
        "INSERT INTO evaluation.round_unit (round, unit, position, population, elements, sums)
         SELECT $1, unit, position, population, $4, $5
         FROM UNNEST($2::uuid[], $3::bigint[]) WITH ORDINALITY AS given (unit, population, position)",
        round.name.round,
        &units,
        &populations,
        &codes,
        &RunningSums::new(norm).to_parts()
    )
    .execute(connection)
    .await?;
    Ok(true)
}

/// The round that a survey has for a period.
pub(crate) async fn of_period(
    connection: &mut PgConnection,
    survey: SurveyId,
    period: Period,
) -> Result<Option<(RoundName, RoundState)>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT id, state, closed_at FROM evaluation.round WHERE survey = $1 AND period = $2",
        survey.0,
        period.to_string()
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok((RoundName { survey, round: row.id }, state(&row.state, row.closed_at)?))).transpose()
}

/// Reads a round with its units.
pub(crate) async fn get(
    connection: &mut PgConnection,
    name: RoundName,
) -> Result<Option<Round>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, version, survey, period, target_hundredths, state, closed_at, created_at, updated_at
         FROM evaluation.round WHERE id = $1 AND survey = $2",
        name.round,
        name.survey.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(row) => row.load(units(connection, name.round).await?).map(Some),
        None => Ok(None),
    }
}

/// Reads a round with its units and holds it alone: no answer comes in, no token is made.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    name: RoundName,
) -> Result<Option<Round>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, version, survey, period, target_hundredths, state, closed_at, created_at, updated_at
         FROM evaluation.round WHERE id = $1 AND survey = $2 FOR UPDATE",
        name.round,
        name.survey.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(row) => row.load(units(connection, name.round).await?).map(Some),
        None => Ok(None),
    }
}

/// Whether a round takes answers, and its survey's norm; held, so that it is not closed until the transaction ends.
pub(crate) async fn hold_open(
    connection: &mut PgConnection,
    round: Uuid,
) -> Result<Option<(RoundName, RoundState, String)>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT round.survey, round.state, round.closed_at, survey.norm
         FROM evaluation.round JOIN evaluation.survey ON survey.id = round.survey
         WHERE round.id = $1 FOR SHARE OF round",
        round
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let name = RoundName { survey: SurveyId(row.survey), round };
        Ok((name, state(&row.state, row.closed_at)?, row.norm))
    })
    .transpose()
}

/// Whether a round covers a unit.
pub(crate) async fn covers(
    connection: &mut PgConnection,
    round: Uuid,
    unit: UnitId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM evaluation.round_unit WHERE round = $1 AND unit = $2) AS "covers!""#,
        round,
        unit.0
    )
    .fetch_one(connection)
    .await
}

/// Stores that a round was closed. The caller holds the row.
pub(crate) async fn update(connection: &mut PgConnection, round: &Round) -> Result<(), sqlx::Error> {
    let closed_at = match round.state {
        RoundState::Open => None,
        RoundState::Closed { at } => Some(at),
    };
    sqlx::query!(
        "UPDATE evaluation.round SET version = $2, state = $3, closed_at = $4, updated_at = $5 WHERE id = $1",
        round.name.round,
        round.version,
        round.state.word(),
        closed_at.map(ToStored::stored) as _,
        round.updated_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// At most `limit` rounds of a survey, the latest period first; only in a state where one is named.
pub(crate) async fn list(
    connection: &mut PgConnection,
    (survey, state): (SurveyId, &str),
    after: Option<(jiff::civil::Date, Uuid)>,
    limit: i64,
) -> Result<Vec<Round>, sqlx::Error> {
    let (after_day, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, version, survey, period, target_hundredths, state, closed_at, created_at, updated_at
         FROM evaluation.round
         WHERE survey = $1 AND ($2 = '' OR state = $2) AND ($3::date IS NULL OR (period_end, id) < ($3, $4::uuid))
         ORDER BY period_end DESC, id DESC LIMIT $5",
        survey.0,
        state,
        after_day.map(ToStored::stored) as Option<Day>,
        after_id,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut rounds = Vec::with_capacity(rows.len());
    for row in rows {
        let units = units(connection, row.id).await?;
        rounds.push(row.load(units)?);
    }
    Ok(rounds)
}

/// A unit's running sums, held until the transaction ends, so that answers are counted one after another.
pub(crate) async fn lock_sums(
    connection: &mut PgConnection,
    (round, unit): (Uuid, UnitId),
    norm: &Norm,
) -> Result<Option<RunningSums>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT elements, sums FROM evaluation.round_unit WHERE round = $1 AND unit = $2 FOR NO KEY UPDATE",
        round,
        unit.0
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| sums(norm, &row.elements, &row.sums)).transpose()
}

/// Stores a unit's running sums. The caller holds the row.
pub(crate) async fn update_sums(
    connection: &mut PgConnection,
    (round, unit): (Uuid, UnitId),
    (norm, sums): (&Norm, &RunningSums),
) -> Result<(), sqlx::Error> {
    let codes: Vec<String> = norm.elements().iter().map(|element| element.code.clone()).collect();
    sqlx::query!(
        "UPDATE evaluation.round_unit SET elements = $3, sums = $4 WHERE round = $1 AND unit = $2",
        round,
        unit.0,
        &codes,
        &sums.to_parts()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All units of a round with their sums, in the units' order, held against whoever mixes answers.
pub(crate) async fn lock_all_sums(
    connection: &mut PgConnection,
    round: Uuid,
    norm: &Norm,
) -> Result<Vec<(RoundUnit, RunningSums)>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT unit, population, elements, sums FROM evaluation.round_unit
         WHERE round = $1 ORDER BY unit FOR NO KEY UPDATE",
        round
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let unit = RoundUnit { unit: UnitId(row.unit), population: row.population };
            Ok((unit, sums(norm, &row.elements, &row.sums)?))
        })
        .collect()
}

async fn units(connection: &mut PgConnection, round: Uuid) -> Result<Vec<RoundUnit>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT unit, population FROM evaluation.round_unit WHERE round = $1 ORDER BY position",
        round
    )
    .fetch_all(connection)
    .await?;
    let unit = |unit: Uuid, population: i64| RoundUnit { unit: UnitId(unit), population };
    Ok(rows.into_iter().map(|row| unit(row.unit, row.population)).collect())
}

fn sums(norm: &Norm, codes: &[String], parts: &[i64]) -> Result<RunningSums, sqlx::Error> {
    RunningSums::from_parts(norm, codes.iter().map(String::as_str), parts)
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

fn state(word: &str, closed_at: Option<Instant>) -> Result<RoundState, sqlx::Error> {
    match (word, closed_at) {
        ("OPEN", None) => Ok(RoundState::Open),
        ("CLOSED", Some(at)) => Ok(RoundState::Closed { at: at.to_jiff() }),
        _ => Err(unknown(word)),
    }
}

impl Row {
    fn load(self, units: Vec<RoundUnit>) -> Result<Round, sqlx::Error> {
        Ok(Round {
            name: RoundName { survey: SurveyId(self.survey), round: self.id },
            version: self.version,
            period: period(&self.period)?,
            units,
            target_hundredths: self.target_hundredths,
            state: state(&self.state, self.closed_at)?,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}
