//! What comes out of a study, in the contract's words; and whether what was recorded of the intervention fits the design.

use jiff::civil::Date;
use num_traits::ToPrimitive;

use super::Study;
use crate::domain::{
    Period, UnitId,
    study::{
        self, Doubt, Effect, METHOD, NotEstimable, StudyResult,
        input::{Better, Groups, InputError, Periods, Starts, StudyInput, UnitSeries},
        series::{PlotMean, plot},
    },
};

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conclusion {
    pub(crate) verdict: Verdict,
    /// Why it says no more; none for improved and worsened.
    pub(crate) reason: Option<Reason>,
    pub(crate) effect: Option<f64>,
    pub(crate) standard_error: Option<f64>,
    pub(crate) degrees_of_freedom: Option<f64>,
    pub(crate) ci: Option<(f64, f64)>,
    pub(crate) p: Option<PValue>,
    pub(crate) placebo: Option<Placebo>,
    pub(crate) method: String,
    /// SHA-256 of the study's lines, in hexadecimal digits.
    pub(crate) data_sha256: String,
    /// Means of the treated and of the comparison units by period; nothing where a value is missing.
    pub(crate) means: Vec<(f64, f64)>,
    pub(crate) run_at: jiff::Timestamp,
}

/// A p value as it was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PValue {
    pub(crate) numerator: i64,
    pub(crate) denominator: i64,
}

/// The estimator where nothing had happened yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placebo {
    pub(crate) effect: f64,
    pub(crate) p: PValue,
    pub(crate) rejects: bool,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum $name { $($variant),+ }

        impl $name {
            /// As it is stored.
            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads what is stored.
            pub(crate) fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// What a study says.
    Verdict {
        Improved = "IMPROVED",
        Worsened = "WORSENED",
        Inconclusive = "INCONCLUSIVE",
        NotEstimable = "NOT_ESTIMABLE",
    }
}
words! {
    /// Why it says no more; of several that hold, the first in this order is given.
    Reason {
        TooFewUnits = "TOO_FEW_UNITS",
        TooFewPeriods = "TOO_FEW_PERIODS",
        ValuesMissing = "VALUES_MISSING",
        Staggered = "STAGGERED",
        ComparisonTreated = "COMPARISON_TREATED",
        NotTreated = "NOT_TREATED",
        NoInterval = "NO_INTERVAL",
        IntervalHoldsZero = "INTERVAL_HOLDS_ZERO",
        PTooLarge = "P_TOO_LARGE",
        PlaceboRejects = "PLACEBO_REJECTS",
    }
}

/// A unit and the first day of a batch of the intervention that it had.
pub(crate) type Started = (UnitId, Date);

impl PValue {
    /// As a number, 0 to 1.
    pub(crate) fn value(self) -> f64 {
        let number = |count: i64| count.to_f64().expect("a count has a float");
        number(self.numerator) / number(self.denominator)
    }

    fn of(p: study::assignments::PValue) -> Self {
        let signed = |count: u64| i64::try_from(count).expect("there are at most 200,001");
        Self { numerator: signed(p.numerator), denominator: signed(p.denominator) }
    }
}

/// Concludes a study on its values; `started` is what is recorded of the intervention, and counts only where the study
/// names one.
pub(crate) fn conclude(
    study: &Study,
    (values, data_sha256): (&[String], String),
    started: &[Started],
    run_at: jiff::Timestamp,
) -> Result<Conclusion, InputError> {
    let input = input(study, values)?;
    let means: Option<Vec<(f64, f64)>> =
        plot(&input).iter().map(|point| Some((mean(&point.treated)?, mean(&point.comparison)?))).collect();
    let result = study::conclude(&input, study.seed.unsigned_abs());
    let mut conclusion = Conclusion {
        verdict: verdict(result.verdict()),
        reason: None,
        effect: None,
        standard_error: None,
        degrees_of_freedom: None,
        ci: None,
        p: None,
        placebo: None,
        method: METHOD.to_owned(),
        data_sha256,
        means: means.unwrap_or_default(),
        run_at,
    };
    let misfit = study.intervention.and_then(|_| misfit(study, started));
    match (result, misfit) {
        (StudyResult::NotEstimable(reasons), _) => {
            conclusion.reason = reasons.iter().map(not_estimable).min();
        }
        (StudyResult::Estimated(_), Some(misfit)) => {
            conclusion.verdict = Verdict::NotEstimable;
            conclusion.reason = Some(misfit);
        }
        (StudyResult::Estimated(estimate), None) => {
            conclusion.reason = estimate.doubts().iter().copied().map(doubt).min();
            conclusion.effect = Some(estimate.effect.value());
            if let Some(interval) = &estimate.interval {
                conclusion.standard_error = Some(interval.standard_error);
                conclusion.degrees_of_freedom = Some(interval.degrees_of_freedom);
                conclusion.ci = Some((interval.low, interval.high));
            }
            conclusion.p = Some(PValue::of(estimate.effect.p));
            conclusion.placebo = Some(placebo(&estimate.placebo));
        }
    }
    Ok(conclusion)
}

fn input(study: &Study, values: &[String]) -> Result<StudyInput, InputError> {
    let design = &study.design;
    let count = design.pre.len() + design.post.len();
    let mut rows = values.chunks(count);
    let mut series = |units: &[String]| -> Vec<UnitSeries> {
        let one = |unit: &String| UnitSeries {
            unit: unit.clone(),
            stratum: String::new(),
            // An empty text is a missing value; no other is stored that is no decimal.
            values: rows.next().unwrap_or_default().iter().map(|value| value.parse().ok()).collect(),
        };
        units.iter().map(one).collect()
    };
    let treated = series(&design.treated);
    let comparison = series(&design.comparison);
    let labels = |periods: &[Period]| periods.iter().map(Period::to_string).collect();
    let periods = Periods { pre: labels(&design.pre), post: labels(&design.post) };
    StudyInput::try_new(periods, Groups { treated, comparison }, Starts::Together, Better::Higher)
}

/// Why what was recorded does not fit the design, if it doesn't. Every treated unit must have begun after the last period
/// before, and not after the first day of the first one after; no comparison unit before the last period's end.
fn misfit(study: &Study, started: &[Started]) -> Option<Reason> {
    let design = &study.design;
    let (after, by) = (design.pre.last()?.end(), design.post.first()?.first_day());
    let end = design.post.last()?.end();
    let first_start = |name: &String| {
        let unit = UnitId::parse(name);
        let own = started.iter().filter(|(had, day)| Some(*had) == unit && *day < end);
        own.map(|(_, day)| *day).min()
    };
    let treated: Vec<Option<Date>> = design.treated.iter().map(first_start).collect();
    let staggered = treated.iter().flatten().any(|day| *day < after || *day > by);
    let comparison_treated = design.comparison.iter().any(|unit| first_start(unit).is_some());
    [
        (staggered, Reason::Staggered),
        (comparison_treated, Reason::ComparisonTreated),
        (treated.contains(&None), Reason::NotTreated),
    ]
    .into_iter()
    .find_map(|(holds, reason)| holds.then_some(reason))
}

fn mean(mean: &PlotMean) -> Option<f64> {
    match mean {
        PlotMean::Value(text) => text.parse().ok(),
        PlotMean::Missing => None,
    }
}

fn placebo(effect: &Effect) -> Placebo {
    Placebo { effect: effect.value(), p: PValue::of(effect.p), rejects: effect.p.rejects() }
}

fn verdict(verdict: study::Verdict) -> Verdict {
    match verdict {
        study::Verdict::Improved => Verdict::Improved,
        study::Verdict::Worsened => Verdict::Worsened,
        study::Verdict::Inconclusive => Verdict::Inconclusive,
        study::Verdict::NotEstimable => Verdict::NotEstimable,
    }
}

fn not_estimable(reason: &NotEstimable) -> Reason {
    match reason {
        NotEstimable::TooFewUnits { .. } => Reason::TooFewUnits,
        NotEstimable::TooFewPeriods { .. } => Reason::TooFewPeriods,
        NotEstimable::Staggered => Reason::Staggered,
        NotEstimable::MissingValue(_) => Reason::ValuesMissing,
    }
}

fn doubt(doubt: Doubt) -> Reason {
    match doubt {
        Doubt::NoInterval => Reason::NoInterval,
        Doubt::IntervalIncludesZero => Reason::IntervalHoldsZero,
        Doubt::PAboveLevel => Reason::PTooLarge,
        Doubt::PlaceboRejects => Reason::PlaceboRejects,
    }
}
