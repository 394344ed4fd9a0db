//! Studies and what came out of them.

use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{After, period, unknown};
use crate::domain::{
    Period, PersonId, ProgrammeId, StudyId,
    trial::{Conclusion, Design, Outcome, PValue, Placebo, Reason, Study, StudyState, Verdict},
};

struct Row {
    id: Uuid,
    version: i64,
    title: String,
    intervention: Option<Uuid>,
    outcome: String,
    treated_units: Vec<String>,
    comparison_units: Vec<String>,
    pre_periods: Vec<String>,
    post_periods: Vec<String>,
    seed: i64,
    data_values: Vec<String>,
    registered_by: Option<Uuid>,
    created_at: Instant,
    updated_at: Instant,
}

/// Adds a registered study.
pub(crate) async fn insert(connection: &mut PgConnection, study: &Study) -> Result<(), sqlx::Error> {
    let texts = |periods: &[Period]| -> Vec<String> { periods.iter().map(Period::to_string).collect() };
    sqlx::query!(
        "INSERT INTO evaluation.study (id, version, title, intervention, outcome, treated_units, comparison_units,
             pre_periods, post_periods, seed, data_values, registered_by, state, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'REGISTERED', $13, $14)",
        study.id.0,
        study.version,
        study.title,
        study.intervention.map(|programme| programme.0),
        study.design.outcome.word(),
        &study.design.treated,
        &study.design.comparison,
        &texts(&study.design.pre),
        &texts(&study.design.post),
        study.seed,
        &study.values,
        study.registered_by.map(|person| person.0),
        study.created_at.stored(),
        study.updated_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Holds a study until the transaction ends; false where there is none.
pub(crate) async fn lock(connection: &mut PgConnection, id: StudyId) -> Result<bool, sqlx::Error> {
    let held = sqlx::query!("SELECT FROM evaluation.study WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(connection)
        .await?;
    Ok(held.is_some())
}

/// Stores what came out. The caller holds the row.
pub(crate) async fn conclude(
    connection: &mut PgConnection,
    study: &Study,
    conclusion: &Conclusion,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE evaluation.study SET version = $2, data_values = $3, state = 'CONCLUDED', updated_at = $4 WHERE id = $1",
        study.id.0,
        study.version,
        &study.values,
        study.updated_at.stored()
    )
    .execute(&mut *connection)
    .await?;
    let (treated_means, comparison_means): (Vec<f64>, Vec<f64>) = conclusion.means.iter().copied().unzip();
    let placebo = conclusion.placebo;
    sqlx::query!(
        "INSERT INTO evaluation.study_result (study, verdict, reason, effect, standard_error, degrees_of_freedom, ci_low,
             ci_high, p_numerator, p_denominator, placebo_effect, placebo_p_numerator, placebo_p_denominator,
             placebo_rejects, method, data_sha256, treated_means, comparison_means, run_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        study.id.0,
        conclusion.verdict.word(),
        conclusion.reason.map(Reason::word),
        conclusion.effect,
        conclusion.standard_error,
        conclusion.degrees_of_freedom,
        conclusion.ci.map(|(low, _)| low),
        conclusion.ci.map(|(_, high)| high),
        conclusion.p.map(|p| p.numerator),
        conclusion.p.map(|p| p.denominator),
        placebo.map(|placebo| placebo.effect),
        placebo.map(|placebo| placebo.p.numerator),
        placebo.map(|placebo| placebo.p.denominator),
        placebo.map(|placebo| placebo.rejects),
        conclusion.method,
        conclusion.data_sha256,
        &treated_means,
        &comparison_means,
        conclusion.run_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a study.
pub(crate) async fn get(connection: &mut PgConnection, id: StudyId) -> Result<Option<Study>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, version, title, intervention, outcome, treated_units, comparison_units, pre_periods, post_periods,
                seed, data_values, registered_by, created_at, updated_at
         FROM evaluation.study WHERE id = $1",
        id.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(row) => load(connection, row).await.map(Some),
        None => Ok(None),
    }
}

/// At most `limit` studies of given values, or with a unit that `callers` hold, newest first; only of a programme or in a
/// state where one is given.
pub(crate) async fn list(
    connection: &mut PgConnection,
    (callers, (intervention, state)): (&[Uuid], (Option<ProgrammeId>, &str)),
    (after, limit): (After, i64),
) -> Result<Vec<Study>, sqlx::Error> {
    let (after_time, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, version, title, intervention, outcome, treated_units, comparison_units, pre_periods, post_periods,
                seed, data_values, registered_by, created_at, updated_at
         FROM evaluation.study
         WHERE (outcome = 'GIVEN'
                OR treated_units || comparison_units && ARRAY(SELECT 'units/' || id FROM evaluation.subtree($6) AS id))
           AND ($1::uuid IS NULL OR intervention = $1) AND ($2 = '' OR state = $2)
           AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $5",
        intervention.map(|programme| programme.0),
        state,
        after_time.map(ToStored::stored) as _,
        after_id,
        limit,
        callers
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut studies = Vec::with_capacity(rows.len());
    for row in rows {
        studies.push(load(connection, row).await?);
    }
    Ok(studies)
}

async fn load(connection: &mut PgConnection, row: Row) -> Result<Study, sqlx::Error> {
    let state = match conclusion(connection, row.id).await? {
        Some(conclusion) => StudyState::Concluded(Box::new(conclusion)),
        None => StudyState::Registered,
    };
    let periods = |texts: &[String]| -> Result<Vec<Period>, sqlx::Error> {
        texts.iter().map(|text| period(text)).collect()
    };
    Ok(Study {
        id: StudyId(row.id),
        version: row.version,
        title: row.title,
        intervention: row.intervention.map(ProgrammeId),
        design: Design {
            outcome: Outcome::from_word(&row.outcome).ok_or_else(|| unknown(&row.outcome))?,
            treated: row.treated_units,
            comparison: row.comparison_units,
            pre: periods(&row.pre_periods)?,
            post: periods(&row.post_periods)?,
        },
        seed: row.seed,
        values: row.data_values,
        registered_by: row.registered_by.map(PersonId),
        state,
        created_at: row.created_at.to_jiff(),
        updated_at: row.updated_at.to_jiff(),
    })
}

async fn conclusion(connection: &mut PgConnection, study: Uuid) -> Result<Option<Conclusion>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT verdict, reason, effect, standard_error, degrees_of_freedom, ci_low, ci_high, p_numerator, p_denominator,
                placebo_effect, placebo_p_numerator, placebo_p_denominator, placebo_rejects, method, data_sha256,
                treated_means, comparison_means, run_at
         FROM evaluation.study_result WHERE study = $1",
        study
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let p = |numerator: Option<i64>, denominator: Option<i64>| {
        numerator.zip(denominator).map(|(numerator, denominator)| PValue { numerator, denominator })
    };
    let placebo = || {
        let p = p(row.placebo_p_numerator, row.placebo_p_denominator)?;
        Some(Placebo { effect: row.placebo_effect?, p, rejects: row.placebo_rejects? })
    };
    let reason = |word: &String| Reason::from_word(word).ok_or_else(|| unknown(word));
    Ok(Some(Conclusion {
        verdict: Verdict::from_word(&row.verdict).ok_or_else(|| unknown(&row.verdict))?,
        reason: row.reason.as_ref().map(reason).transpose()?,
        effect: row.effect,
        standard_error: row.standard_error,
        degrees_of_freedom: row.degrees_of_freedom,
        ci: row.ci_low.zip(row.ci_high),
        p: p(row.p_numerator, row.p_denominator),
        placebo: placebo(),
        means: row.treated_means.iter().copied().zip(row.comparison_means.iter().copied()).collect(),
        method: row.method,
        data_sha256: row.data_sha256,
        run_at: row.run_at.to_jiff(),
    }))
}
