//! How sure an index is: standard error and 95 % interval from running sums, by respondent-level
//! linearisation. The variance is exact until its square root; it never changes a published value.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

use super::norm::Norm;
use super::sums::RunningSums;
use super::{Grade, IndexError, index};
use crate::domain::student::two_sided_quantile;

/// Confidence of every published interval.
pub const CONFIDENCE: f64 = 0.95;

/// How many people the answers were drawn from, for the finite-population correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// Not known or without bound: no correction.
    Unknown,
    /// So many people used the service in the period; at least the respondents.
    Counted(u64),
}

/// A standard error and the 95 % interval it makes, t with `degrees_of_freedom`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Standard error on the value's scale, 0 or more; 0 if all agree or all were asked.
    pub standard_error: f64,
    /// Respondents minus 1.
    pub degrees_of_freedom: u64,
    /// Lower bound, cut at the scale's end (25 for an index, 1 for an element).
    pub low: f64,
    /// Upper bound, cut at the scale's end (100 for an index, 4 for an element).
    pub high: f64,
}

impl Interval {
    /// Grades of an index's bounds, low then high, each rounded half up: "B (could be A–B)".
    pub fn grades(&self) -> (Grade, Grade) {
        let grade = |bound: f64| {
            let hundredths = (bound * 100.0 + 0.5).floor().to_u32();
            Grade::of_hundredths(hundredths.expect("the bounds of an index are 25 to 100"))
        };
        (grade(self.low), grade(self.high))
    }
}

/// Why there is no interval.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntervalError {
    /// There is no index to have one.
    #[error("there is no index")]
    NoIndex(#[source] IndexError),
    /// The norm has no such element.
    #[error("the norm has no element {code}")]
    UnknownElement {
        /// The code that was asked for.
        code: String,
    },
    /// One respondent says nothing about the spread.
    #[error("an interval needs 2 respondents, not {respondents}")]
    TooFewRespondents {
        /// Respondents there are.
        respondents: u64,
    },
    /// More people answered than the population holds.
    #[error("{respondents} respondents exceed the population of {population}")]
    PopulationTooSmall {
        /// Respondents there are.
        respondents: u64,
        /// The population given.
        population: u64,
    },
    /// No set of answers has these sums.
    #[error("the sums contradict each other")]
    Contradiction,
}

/// The 95 % interval of the index, on its scale of 25 to 100.
///
/// With n respondents and the residuals e_r of [`RunningSums`]' documentation (they add to 0),
/// variance = (1 − n/N) · n/(n − 1) · Σ e_r², the linearised variance of a sum of ratios under
/// simple random sampling (Särndal, Swensson & Wretman 1992, §5.5–5.6); t with n − 1.
///
/// # Errors
/// See [`IntervalError`].
pub fn interval(norm: &Norm, sums: &RunningSums, population: Population) -> Result<Interval, IntervalError> {
    let index = index(norm, sums).map_err(IntervalError::NoIndex)?;
    let elements = norm.elements();
    let mut spread = BigRational::zero();
    for (x, first) in elements.iter().enumerate() {
        spread += &first.weight * &first.weight * residual_product(sums, x, x);
        for (y, second) in elements.iter().enumerate().skip(x + 1) {
            let product = &first.weight * &second.weight * residual_product(sums, x, y);
            spread += product * BigInt::from(2);
        }
    }
    let residual_squares = spread * BigInt::from(625);
    let scale = Scale { value: index.score().exact(), lowest: 25.0, highest: 100.0 };
    finish(scale, residual_squares, sums.respondents(), population)
}

/// The 95 % interval of one element's NRR, on its scale of 1 to 4; its respondents are those who
/// answered the element.
///
/// # Errors
/// See [`IntervalError`].
pub fn element_interval(
    norm: &Norm,
    sums: &RunningSums,
    code: &str,
    population: Population,
) -> Result<Interval, IntervalError> {
    if sums.norm() != norm.id() {
        return Err(IntervalError::NoIndex(IndexError::OtherNorm));
    }
    let code_owned = || code.to_owned();
    let position = norm.position(code).ok_or_else(|| IntervalError::UnknownElement { code: code_owned() })?;
    let element = sums.elements()[position];
    if element.n == 0 {
        let unanswered = IndexError::ElementUnanswered { code: code_owned() };
        return Err(IntervalError::NoIndex(unanswered));
    }
    let mean = BigRational::new(element.sum.into(), element.n.into());
    let scale = Scale { value: &mean, lowest: 1.0, highest: 4.0 };
    finish(scale, residual_product(sums, position, position), element.respondents, population)
}

/// Σ_r (s_x − R_x m_x)(s_y − R_y m_y) / (n_x n_y), exactly; both elements have answers.
fn residual_product(sums: &RunningSums, x: usize, y: usize) -> BigRational {
    let (first, second) = (sums.elements()[x], sums.elements()[y]);
    let [n_xy, sum_x_n_y, n_x_sum_y, sum_xy] = if x == y {
        [first.n_sq, first.n_sum, first.n_sum, first.sum_sq]
    } else {
        let pair = sums.pair(x, y);
        [pair.n_xy, pair.sum_x_n_y, pair.n_x_sum_y, pair.sum_xy]
    }
    .map(BigInt::from);
    let (n_x, n_y) = (BigInt::from(first.n), BigInt::from(second.n));
    let (total_x, total_y) = (BigInt::from(first.sum), BigInt::from(second.sum));
    let numerator = &n_x * &n_y * sum_xy - &n_x * &total_y * sum_x_n_y - &total_x * &n_y * n_x_sum_y
        + total_x * total_y * n_xy;
    BigRational::new(numerator, &n_x * &n_x * &n_y * &n_y)
}

struct Scale<'a> {
    value: &'a BigRational,
    lowest: f64,
    highest: f64,
}

fn finish(
    scale: Scale<'_>,
    residual_squares: BigRational,
    respondents: u64,
    population: Population,
) -> Result<Interval, IntervalError> {
    if respondents < 2 {
        return Err(IntervalError::TooFewRespondents { respondents });
    }
    if residual_squares.is_negative() {
        return Err(IntervalError::Contradiction);
    }
    let degrees_of_freedom = respondents - 1;
    let mut variance =
        residual_squares * BigRational::new(BigInt::from(respondents), BigInt::from(degrees_of_freedom));
    if let Population::Counted(population) = population {
        let unasked = population
            .checked_sub(respondents)
            .ok_or(IntervalError::PopulationTooSmall { respondents, population })?;
        variance *= BigRational::new(unasked.into(), population.into());
    }
    let value = scale.value.to_f64().expect("an index has a float");
    let standard_error = variance.to_f64().expect("a variance has a float").sqrt();
    let half = standard_error * two_sided_quantile(CONFIDENCE, degrees_of_freedom as f64);
    Ok(Interval {
        standard_error,
        degrees_of_freedom,
        low: (value - half).max(scale.lowest),
        high: (value + half).min(scale.highest),
    })
}
