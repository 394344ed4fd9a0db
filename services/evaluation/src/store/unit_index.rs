//! Published indices: added, read, never changed.

use kit::stored::{Day, Instant, ToStored};
use num_bigint::BigInt;
use num_rational::BigRational;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{period, unknown};
use crate::domain::{
    Period, RoundName, SurveyId, UnitId,
    published::{Element, Measured, Published, Value},
};

struct Row {
    round: Uuid,
    unit: Uuid,
    id: Uuid,
    survey: Uuid,
    norm: String,
    period: String,
    target_hundredths: Option<i32>,
    outcome: String,
    respondents: i64,
    ikm_hundredths: Option<i32>,
    numerator: Option<String>,
    denominator: Option<String>,
    standard_error: Option<f64>,
    ci_low_hundredths: Option<i64>,
    ci_high_hundredths: Option<i64>,
    elements: Vec<String>,
    element_answers: Vec<i64>,
    element_sums: Vec<i64>,
    element_ci_lows: Vec<Option<i64>>,
    element_ci_highs: Vec<Option<i64>>,
    published_at: Instant,
}

/// Adds an index.
pub(crate) async fn insert(connection: &mut PgConnection, index: &Published) -> Result<(), sqlx::Error> {
    let measured = &index.measured;
    let value = measured.value();
    let elements = measured.elements();
    let codes: Vec<String> = elements.iter().map(|element| element.code.clone()).collect();
    let answers: Vec<i64> = elements.iter().map(|element| element.answers).collect();
    let sums: Vec<i64> = elements.iter().map(|element| element.sum).collect();
    let lows: Vec<Option<i64>> = elements.iter().map(|element| element.ci.map(|(low, _)| low)).collect();
    let highs: Vec<Option<i64>> = elements.iter().map(|element| element.ci.map(|(_, high)| high)).collect();
    sqlx::query!(
        "INSERT INTO evaluation.unit_index (round, unit, id, survey, norm, period, period_end, target_hundredths, outcome,
             respondents, ikm_hundredths, numerator, denominator, standard_error, ci_low_hundredths,
             ci_high_hundredths, elements, element_answers, element_sums, element_ci_lows, element_ci_highs,
             published_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
        index.round.round,
        index.unit.0,
        index.id,
        index.round.survey.0,
        index.norm,
        index.period.to_string(),
        index.period.end().stored(),
        index.target_hundredths,
        outcome(measured),
        measured.respondents(),
        value.map(|value| value.hundredths),
        value.map(|value| value.exact.numer().to_string()),
        value.map(|value| value.exact.denom().to_string()),
        value.map(|value| value.standard_error),
        value.map(|value| value.ci.0),
        value.map(|value| value.ci.1),
        &codes,
        &answers,
        &sums,
        lows as _,
        highs as _,
        index.published_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which indices to read; all that are given must hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) round: Option<RoundName>,
    pub(crate) period: Option<Period>,
    pub(crate) unit: Option<UnitId>,
    /// Only units that these hold; any where none is given.
    pub(crate) callers: Option<Vec<Uuid>>,
}

/// Where a list goes on: after this period's end, round and unit.
pub(crate) type After = Option<(jiff::civil::Date, RoundName, UnitId)>;

/// Indices, those of the latest period first, then by name; at most `limit`.
pub(crate) async fn list(
    connection: &mut PgConnection,
    selection: &Selection,
    (after, limit): (After, i64),
) -> Result<Vec<Published>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT round, unit, id, survey, norm, period, target_hundredths, outcome, respondents, ikm_hundredths,
                  numerator, denominator, standard_error, ci_low_hundredths, ci_high_hundredths, elements,
                  element_answers, element_sums, element_ci_lows AS "element_ci_lows: Vec<Option<i64>>",
                  element_ci_highs AS "element_ci_highs: Vec<Option<i64>>", published_at
           FROM evaluation.unit_index
           WHERE ($1::uuid IS NULL OR (round = $1 AND survey = $2)) AND ($3::text IS NULL OR period = $3)
             AND ($4::uuid IS NULL OR unit = $4)
             AND ($10::uuid[] IS NULL OR unit IN (SELECT evaluation.subtree($10)))
             AND ($5::date IS NULL OR period_end < $5
                  OR (period_end = $5 AND (survey, round, unit) > ($6::uuid, $7::uuid, $8::uuid)))
           ORDER BY period_end DESC, survey, round, unit LIMIT $9"#,
        selection.round.map(|round| round.round),
        selection.round.map(|round| round.survey.0),
        selection.period.map(|period| period.to_string()),
        selection.unit.map(|unit| unit.0),
        after.map(|(day, _, _)| day.stored()) as Option<Day>,
        after.map(|(_, round, _)| round.survey.0),
        after.map(|(_, round, _)| round.round),
        after.map(|(_, _, unit)| unit.0),
        limit,
        selection.callers.as_deref()
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

/// Whether one of these units has a published index of a time that ends after a day.
pub(crate) async fn any_after(
    connection: &mut PgConnection,
    units: &[UnitId],
    day: jiff::civil::Date,
) -> Result<bool, sqlx::Error> {
    let units: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM evaluation.unit_index WHERE unit = ANY($1) AND period_end > $2) AS "any!""#,
        &units,
        day.stored()
    )
    .fetch_one(connection)
    .await
}

/// Of these units' indices of these periods: unit, period and rounded value (none where there is no index or it is
/// suppressed). Where several rounds measured a unit in a period, the one that was opened first counts.
pub(crate) async fn values(
    connection: &mut PgConnection,
    units: &[UnitId],
    periods: &[String],
) -> Result<Vec<(UnitId, String, Option<i32>)>, sqlx::Error> {
    let units: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (unit, period) unit, period, ikm_hundredths FROM evaluation.unit_index
         WHERE unit = ANY($1) AND period = ANY($2) ORDER BY unit, period, round",
        &units,
        periods
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (UnitId(row.unit), row.period, row.ikm_hundredths)).collect())
}

/// Which of these periods are not measured yet: some round that covers one of the units is still open, or none was held.
pub(crate) async fn unmeasured(
    connection: &mut PgConnection,
    units: &[UnitId],
    periods: &[String],
) -> Result<Vec<String>, sqlx::Error> {
    let units: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    sqlx::query_scalar!(
        r#"SELECT asked AS "asked!" FROM UNNEST($2::text[]) WITH ORDINALITY AS given (asked, position)
           WHERE NOT coalesce((
               SELECT bool_and(round.state = 'CLOSED') FROM evaluation.round
               WHERE round.period = asked
                 AND EXISTS (SELECT FROM evaluation.round_unit WHERE round = round.id AND unit = ANY($1))
           ), false)
           ORDER BY position"#,
        &units,
        periods
    )
    .fetch_all(connection)
    .await
}

fn outcome(measured: &Measured) -> &'static str {
    match measured {
        Measured::Suppressed => "SUPPRESSED",
        Measured::ElementUnanswered { .. } => "ELEMENT_UNANSWERED",
        Measured::Index { .. } => "INDEX",
    }
}

impl Row {
    fn load(self) -> Result<Published, sqlx::Error> {
        Ok(Published {
            id: self.id,
            round: RoundName { survey: SurveyId(self.survey), round: self.round },
            unit: UnitId(self.unit),
            period: period(&self.period)?,
            norm: self.norm.clone(),
            target_hundredths: self.target_hundredths,
            published_at: self.published_at.to_jiff(),
            measured: self.measured()?,
        })
    }

    fn measured(self) -> Result<Measured, sqlx::Error> {
        let (respondents, elements) = (self.respondents, self.elements());
        match self.outcome.as_str() {
            "SUPPRESSED" => Ok(Measured::Suppressed),
            "ELEMENT_UNANSWERED" => Ok(Measured::ElementUnanswered { respondents, elements }),
            "INDEX" => {
                let value = self.value().ok_or_else(|| unknown("an index"))?;
                Ok(Measured::Index { value, respondents, elements })
            }
            word => Err(unknown(word)),
        }
    }

    fn elements(&self) -> Vec<Element> {
        let counts = self.element_answers.iter().zip(&self.element_sums);
        let bounds = self.element_ci_lows.iter().zip(&self.element_ci_highs);
        let rows = self.elements.iter().zip(counts).zip(bounds);
        rows.map(|((code, (answers, sum)), (low, high))| Element {
            code: code.clone(),
            answers: *answers,
            sum: *sum,
            ci: low.zip(*high),
        })
        .collect()
    }

    fn value(&self) -> Option<Value> {
        let number = |text: &Option<String>| text.as_ref()?.parse::<BigInt>().ok();
        Some(Value {
            exact: BigRational::new(number(&self.numerator)?, number(&self.denominator)?),
            hundredths: self.ikm_hundredths?,
            standard_error: self.standard_error?,
            ci: (self.ci_low_hundredths?, self.ci_high_hundredths?),
        })
    }
}
