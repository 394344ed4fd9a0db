//! Signals, and what they rest on.

use jiff::Timestamp;
use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{After, period, unknown};
use crate::domain::{
    RoundName, SignalId, SurveyId, UnitId,
    signal::{PeriodEvidence, Signal, SignalState},
};

struct Row {
    id: Uuid,
    version: i64,
    unit: Uuid,
    norm: String,
    element: String,
    state: String,
    as_known_at: Instant,
    created_at: Instant,
    updated_at: Instant,
}

/// Adds a signal; false where one is open for the same unit and element.
pub(crate) async fn insert(connection: &mut PgConnection, signal: &Signal) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "INSERT INTO evaluation.signal
             (id, version, kind, unit, norm, element, state, as_known_at, created_at, updated_at)
         VALUES ($1, $2, 'TRAINING_NEED', $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (unit, norm, element) WHERE state = 'OPEN' DO NOTHING",
        signal.id.0,
        signal.version,
        signal.unit.0,
        signal.norm,
        signal.element,
        signal.state.word(),
        signal.as_known_at.stored(),
        signal.created_at.stored(),
        signal.updated_at.stored()
    )
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    for (position, evidence) in (1_i32..).zip(&signal.periods) {
        sqlx::query!(
            "INSERT INTO evaluation.signal_period (signal, position, period, survey, round, respondents, ikm_hundredths,
                 ci_low_hundredths, ci_high_hundredths, target_hundredths, p, element_answers, element_sum)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            signal.id.0,
            position,
            evidence.period.to_string(),
            evidence.round.survey.0,
            evidence.round.round,
            evidence.respondents,
            evidence.ikm_hundredths,
            evidence.ci.0,
            evidence.ci.1,
            evidence.target_hundredths,
            evidence.p,
            evidence.element_answers,
            evidence.element_sum
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(true)
}

/// Stores that a signal's need was answered; one that is answered, or unknown, stays as it is.
pub(crate) async fn answer(
    connection: &mut PgConnection,
    id: SignalId,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE evaluation.signal SET state = 'ANSWERED', version = version + 1, updated_at = greatest(updated_at, $2)
         WHERE id = $1 AND state = 'OPEN'",
        id.0,
        at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a signal.
pub(crate) async fn get(connection: &mut PgConnection, id: SignalId) -> Result<Option<Signal>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, version, unit, norm, element, state, as_known_at, created_at, updated_at
         FROM evaluation.signal WHERE id = $1",
        id.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(row) => load(connection, row).await.map(Some),
        None => Ok(None),
    }
}

/// At most `limit` signals about units that `callers` hold, newest first; only about a unit's subtree or in a state where
/// one is given.
pub(crate) async fn list(
    connection: &mut PgConnection,
    (callers, (unit, state)): (&[Uuid], (Option<UnitId>, &str)),
    (after, limit): (After, i64),
) -> Result<Vec<Signal>, sqlx::Error> {
    let (after_time, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, version, unit, norm, element, state, as_known_at, created_at, updated_at
         FROM evaluation.signal
         WHERE unit IN (SELECT evaluation.subtree($6))
           AND ($1::uuid IS NULL OR unit IN (SELECT evaluation.subtree(ARRAY[$1]))) AND ($2 = '' OR state = $2)
           AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $5",
        unit.map(|unit| unit.0),
        state,
        after_time.map(ToStored::stored) as _,
        after_id,
        limit,
        callers
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut signals = Vec::with_capacity(rows.len());
    for row in rows {
        signals.push(load(connection, row).await?);
    }
    Ok(signals)
}

async fn load(connection: &mut PgConnection, row: Row) -> Result<Signal, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT period, survey, round, respondents, ikm_hundredths, ci_low_hundredths, ci_high_hundredths,
                target_hundredths, p, element_answers, element_sum
         FROM evaluation.signal_period WHERE signal = $1 ORDER BY position",
        row.id
    )
    .fetch_all(connection)
    .await?;
    let mut periods = Vec::with_capacity(rows.len());
    for row in rows {
        periods.push(PeriodEvidence {
            period: period(&row.period)?,
            round: RoundName { survey: SurveyId(row.survey), round: row.round },
            respondents: row.respondents,
            ikm_hundredths: row.ikm_hundredths,
            ci: (row.ci_low_hundredths, row.ci_high_hundredths),
            target_hundredths: row.target_hundredths,
            p: row.p,
            element_answers: row.element_answers,
            element_sum: row.element_sum,
        });
    }
    Ok(Signal {
        id: SignalId(row.id),
        version: row.version,
        unit: UnitId(row.unit),
        norm: row.norm,
        element: row.element,
        periods,
        as_known_at: row.as_known_at.to_jiff(),
        state: SignalState::from_word(&row.state).ok_or_else(|| unknown(&row.state))?,
        created_at: row.created_at.to_jiff(),
        updated_at: row.updated_at.to_jiff(),
    })
}
