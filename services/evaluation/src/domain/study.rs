//! "Did it help?": difference in mean changes between treated and comparison units, with its
//! uncertainty, randomisation inference and a placebo. It never turns doubt into a yes.

pub mod assignments;
pub mod decimal;
pub mod input;
pub mod series;
mod splitmix;
pub mod welch;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive;

use assignments::{PValue, Stratum};
use input::{Better, MissingValue, Starts, StudyInput, UnitSeries};
use welch::{Group, WelchInterval};

/// Name of the method, published with every result; a change of the method is a new name.
pub const METHOD: &str = "mean-change-difference/welch/randomisation/v1";
/// Fewest treated units, and fewest comparison units.
pub const LEAST_UNITS: usize = 4;
/// Fewest periods before the start.
pub const LEAST_PRE_PERIODS: usize = 2;
/// Fewest periods after the start.
pub const LEAST_POST_PERIODS: usize = 1;

/// What a study concludes; INCONCLUSIVE is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// IMPROVED: the outcome moved to the better by more than chance explains.
    Improved,
    /// WORSENED: it moved to the worse by more than chance explains.
    Worsened,
    /// INCONCLUSIVE: it can't be told.
    Inconclusive,
    /// NOT_ESTIMABLE: the design can't be estimated at all.
    NotEstimable,
}

impl Verdict {
    /// The word that is published, such as `IMPROVED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Improved => "IMPROVED",
            Self::Worsened => "WORSENED",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::NotEstimable => "NOT_ESTIMABLE",
        }
    }
}

/// Why a design can't be estimated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotEstimable {
    /// TOO_FEW_UNITS: fewer than [`LEAST_UNITS`] in a group.
    TooFewUnits {
        /// Treated units there are.
        treated: usize,
        /// Comparison units there are.
        comparison: usize,
    },
    /// TOO_FEW_PERIODS: fewer than [`LEAST_PRE_PERIODS`] or [`LEAST_POST_PERIODS`].
    TooFewPeriods {
        /// Periods before the start.
        pre: usize,
        /// Periods after it.
        post: usize,
    },
    /// STAGGERED: treated units started at different times.
    Staggered,
    /// MISSING_VALUE: a unit has no value in a period; the first in published order.
    MissingValue(MissingValue),
}

impl NotEstimable {
    /// The reason that is published, such as `TOO_FEW_UNITS`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::TooFewUnits { .. } => "TOO_FEW_UNITS",
            Self::TooFewPeriods { .. } => "TOO_FEW_PERIODS",
            Self::Staggered => "STAGGERED",
            Self::MissingValue(_) => "MISSING_VALUE",
        }
    }
}

/// Why an estimate proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// NO_INTERVAL: no unit's change differs from its group's, or too few degrees of freedom.
    NoInterval,
    /// INTERVAL_INCLUDES_ZERO.
    IntervalIncludesZero,
    /// P_ABOVE_LEVEL: chance assignment gives as much in more than 5 %.
    PAboveLevel,
    /// PLACEBO_REJECTS: the groups already moved apart before the start.
    PlaceboRejects,
}

impl Doubt {
    /// The reason that is published, such as `PLACEBO_REJECTS`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoInterval => "NO_INTERVAL",
            Self::IntervalIncludesZero => "INTERVAL_INCLUDES_ZERO",
            Self::PAboveLevel => "P_ABOVE_LEVEL",
            Self::PlaceboRejects => "PLACEBO_REJECTS",
        }
    }
}

/// An effect with its randomisation p: the study's, or its placebo's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// δ = mean change of treated − mean change of comparison units, exact, in the outcome's unit.
    pub exact: BigRational,
    /// Two-sided randomisation p of δ.
    pub p: PValue,
}

impl Effect {
    /// δ as the nearest float.
    pub fn value(&self) -> f64 {
        self.exact.to_f64().expect("values are bounded")
    }
}

/// What an estimable study found.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The effect.
    pub effect: Effect,
    /// Welch's interval of it; none if both groups have variance 0 or the degrees of freedom
    /// are under 1.
    pub interval: Option<WelchInterval>,
    /// The effect as if the last pre-period had been the only one after the start.
    pub placebo: Effect,
    /// Improved, Worsened or Inconclusive.
    verdict: Verdict,
    /// Why Inconclusive, else empty.
    doubts: Vec<Doubt>,
}

impl Estimate {
    /// Why the verdict is INCONCLUSIVE, else empty.
    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }
}

/// The result of a study.
#[derive(Debug, Clone, PartialEq)]
pub enum StudyResult {
    /// It has an estimate and a verdict.
    Estimated(Box<Estimate>),
    /// It has neither; all reasons that apply.
    NotEstimable(Vec<NotEstimable>),
}

impl StudyResult {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Estimated(estimate) => estimate.verdict,
            Self::NotEstimable(_) => Verdict::NotEstimable,
        }
    }
}

/// Concludes a study. `seed` matters only where assignments are sampled (more than
/// [`assignments::MOST_ENUMERATED`]), but is always published with the result.
///
/// Per unit Δ = mean(post) − mean(pre); δ = mean Δ treated − mean Δ comparison, over all strata
/// together; the randomisation p reassigns treatment within strata (Rosenbaum 2002, ch. 2). IMPROVED
/// or WORSENED only if the 95 % interval excludes 0, p <= 0.05 and the placebo's p > 0.05.
/// The same input, in any order of units, and seed give the same result.
pub fn conclude(input: &StudyInput, seed: u64) -> StudyResult {
    let reasons = obstacles(input);
    if !reasons.is_empty() {
        return StudyResult::NotEstimable(reasons);
    }
    let pre = input.pre_periods().len();
    let all = pre + input.post_periods().len();
    let treated = changes(input.treated(), pre, all);
    let comparison = changes(input.comparison(), pre, all);
    let effect = effect_of(input, &treated, &comparison, seed);
    let interval = welch::interval(&effect.exact, &treated, &comparison);
    let placebo_treated = changes(input.treated(), pre - 1, pre);
    let placebo_comparison = changes(input.comparison(), pre - 1, pre);
    let placebo = effect_of(input, &placebo_treated, &placebo_comparison, seed);

    let doubts = doubts(interval.as_ref(), &effect, &placebo);
    let verdict = if doubts.is_empty() { direction(&effect, input.better()) } else { Verdict::Inconclusive };
    StudyResult::Estimated(Box::new(Estimate { effect, interval, placebo, verdict, doubts }))
}

fn obstacles(input: &StudyInput) -> Vec<NotEstimable> {
    let (treated, comparison) = (input.treated().len(), input.comparison().len());
    let (pre, post) = (input.pre_periods().len(), input.post_periods().len());
    let mut reasons = Vec::new();
    if treated < LEAST_UNITS || comparison < LEAST_UNITS {
        reasons.push(NotEstimable::TooFewUnits { treated, comparison });
    }
    if pre < LEAST_PRE_PERIODS || post < LEAST_POST_PERIODS {
        reasons.push(NotEstimable::TooFewPeriods { pre, post });
    }
    if input.starts() == Starts::Staggered {
        reasons.push(NotEstimable::Staggered);
    }
    reasons.extend(input.first_missing().map(NotEstimable::MissingValue));
    reasons
}

/// The units' changes from the periods before `pre` to those from `pre` to before `end`, as
/// integers: Δ · pre · post · 10^6.
fn changes(units: &[UnitSeries], pre: usize, end: usize) -> Group {
    let post = end - pre;
    let millionths = |unit: &UnitSeries, from: usize, to: usize| -> i128 {
        let present = unit.values[from..to].iter().map(|value| value.expect("none is missing"));
        present.map(|value| i128::from(value.millionths())).sum()
    };
    let change = |unit| millionths(unit, pre, end) * pre as i128 - millionths(unit, 0, pre) * post as i128;
    Group { scaled: units.iter().map(change).collect(), scale: (pre * post) as i128 * 1_000_000 }
}

/// δ and its p; both groups on the same scale, in the input's order of units.
fn effect_of(input: &StudyInput, treated: &Group, comparison: &Group, seed: u64) -> Effect {
    let names =
        |units: &[UnitSeries]| -> Vec<String> { units.iter().map(|unit| unit.stratum.clone()).collect() };
    let (treated_strata, comparison_strata) = (names(input.treated()), names(input.comparison()));
    let mut all: Vec<&String> = treated_strata.iter().chain(&comparison_strata).collect();
    all.sort_unstable();
    all.dedup();
    let members = |stratum: &String, strata: &[String], group: &Group| -> Vec<i128> {
        let pairs = strata.iter().zip(&group.scaled);
        pairs.filter(|(own, _)| *own == stratum).map(|(_, change)| *change).collect()
    };
    let strata: Vec<Stratum> = all
        .into_iter()
        .map(|stratum| Stratum {
            treated: members(stratum, &treated_strata, treated),
            comparison: members(stratum, &comparison_strata, comparison),
        })
        .collect();
    let exact = mean(treated) - mean(comparison);
    Effect { exact, p: assignments::p_value(&strata, seed) }
}

fn mean(group: &Group) -> BigRational {
    let total: i128 = group.scaled.iter().sum();
    BigRational::new(total.into(), BigInt::from(group.scale) * BigInt::from(group.scaled.len()))
}

fn doubts(interval: Option<&WelchInterval>, effect: &Effect, placebo: &Effect) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    match interval {
        None => doubts.push(Doubt::NoInterval),
        Some(interval) if interval.includes_zero() => doubts.push(Doubt::IntervalIncludesZero),
        Some(_) => {}
    }
    if !effect.p.rejects() {
        doubts.push(Doubt::PAboveLevel);
    }
    if placebo.p.rejects() {
        doubts.push(Doubt::PlaceboRejects);
    }
    doubts
}

/// Only asked of an effect whose interval excludes 0.
fn direction(effect: &Effect, better: Better) -> Verdict {
    let rose = *effect.exact.numer() > BigInt::ZERO;
    match (rose, better) {
        (true, Better::Higher) | (false, Better::Lower) => Verdict::Improved,
        (true, Better::Lower) | (false, Better::Higher) => Verdict::Worsened,
    }
}

#[cfg(test)]
mod tests;
