//! What a round's end publishes of a unit: the index with its interval and its proof, or why there is none; and several
//! of them as one. Exact until the one rounding; never shows a number of fewer than ten.

use jiff::Timestamp;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};
use uuid::Uuid;

use super::{
    Period, RoundName, UnitId,
    index::{
        Grade, IndexError, index,
        interval::{CONFIDENCE, Interval, IntervalError, Population, element_interval, interval},
        is_suppressed,
        norm::Norm,
        sums::RunningSums,
    },
    student::two_sided_quantile,
};

/// A unit's index in a round, as it was published.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// What its event's order goes by.
    pub(crate) id: Uuid,
    pub(crate) round: RoundName,
    pub(crate) unit: UnitId,
    pub(crate) period: Period,
    /// The id of the survey's norm.
    pub(crate) norm: String,
    /// The round's target in hundredths.
    pub(crate) target_hundredths: Option<i32>,
    pub(crate) measured: Measured,
    pub(crate) published_at: Timestamp,
}

/// What the answers about a unit give.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Measured {
    /// Fewer than ten answered: nothing is shown.
    Suppressed,
    /// An element was scored by nobody, so there is no index.
    ElementUnanswered { respondents: i64, elements: Vec<Element> },
    /// There is an index.
    Index { value: Value, respondents: i64, elements: Vec<Element> },
}

/// An index.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Value {
    /// Before rounding.
    pub(crate) exact: BigRational,
    /// Rounded half up once, in hundredths, 2500 to 10000.
    pub(crate) hundredths: i32,
    pub(crate) standard_error: f64,
    /// The 95 % interval in hundredths, not cut at the scale's ends.
    pub(crate) ci: (i64, i64),
}

/// What was counted for an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) code: String,
    /// How many scores its items have.
    pub(crate) answers: i64,
    /// Their sum.
    pub(crate) sum: i64,
    /// The mean's 95 % interval in ten-thousandths, not cut at the scale's ends; none where nobody scored it.
    pub(crate) ci: Option<(i64, i64)>,
}

/// Several indices as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Aggregate {
    /// The mean of the exact indices, in hundredths.
    pub(crate) unweighted_hundredths: i32,
    /// The same, each weighted by its respondents.
    pub(crate) weighted_hundredths: i32,
    pub(crate) indices: i64,
    pub(crate) respondents: i64,
}

impl Measured {
    /// Measures a unit by its running sums. A population (0: not known) smaller than the respondents can't be right and
    /// corrects nothing.
    pub(crate) fn of(norm: &Norm, sums: &RunningSums, population: i64) -> Self {
        if is_suppressed(sums.respondents()) {
            return Self::Suppressed;
        }
        let population = u64::try_from(population)
            .ok()
            .filter(|population| *population >= sums.respondents().max(1))
            .map_or(Population::Unknown, Population::Counted);
        let elements = elements(norm, sums, population);
        let respondents = signed(sums.respondents());
        match (index(norm, sums), interval(norm, sums, population)) {
            (Ok(index), Ok(interval)) => {
                let exact = index.score().exact().clone();
                let (low, high) = uncut(&exact, &interval);
                let value = Value {
                    hundredths: signed32(index.score().rounded_hundredths()),
                    standard_error: interval.standard_error,
                    ci: (half_up(low * 100.0), half_up(high * 100.0)),
                    exact,
                };
                Self::Index { value, respondents, elements }
            }
            (Err(IndexError::ElementUnanswered { .. }), _)
            | (_, Err(IntervalError::NoIndex(IndexError::ElementUnanswered { .. }))) => {
                Self::ElementUnanswered { respondents, elements }
            }
            (index, interval) => {
                // Sums are checked when they are read, and ten respondents have an interval.
                unreachable!("checked sums of ten respondents: {index:?}, {interval:?}")
            }
        }
    }

    /// The index, where there is one.
    pub(crate) fn value(&self) -> Option<&Value> {
        match self {
            Self::Index { value, .. } => Some(value),
            Self::Suppressed | Self::ElementUnanswered { .. } => None,
        }
    }

    /// How many answered; 0 where it is suppressed.
    pub(crate) fn respondents(&self) -> i64 {
        match self {
            Self::Suppressed => 0,
            Self::ElementUnanswered { respondents, .. } | Self::Index { respondents, .. } => *respondents,
        }
    }

    /// What was counted; nothing where it is suppressed.
    pub(crate) fn elements(&self) -> &[Element] {
        match self {
            Self::Suppressed => &[],
            Self::ElementUnanswered { elements, .. } | Self::Index { elements, .. } => elements,
        }
    }
}

impl Element {
    /// Its mean in ten-thousandths, rounded half up; none where nobody scored it.
    pub(crate) fn mean_ten_thousandths(&self) -> Option<i64> {
        (self.answers > 0).then(|| (20_000 * self.sum + self.answers) / (2 * self.answers))
    }
}

/// The indices that there are as one; none where there is none.
pub(crate) fn aggregate(all: &[Published]) -> Option<Aggregate> {
    let (mut plain, mut weighted) = (BigRational::zero(), BigRational::zero());
    let (mut indices, mut respondents) = (0_i64, 0_i64);
    for measured in all.iter().map(|published| &published.measured) {
        if let Measured::Index { value, respondents: weight, .. } = measured {
            plain += &value.exact;
            weighted += &value.exact * BigInt::from(*weight);
            indices += 1;
            respondents += weight;
        }
    }
    (indices > 0).then(|| Aggregate {
        unweighted_hundredths: rounded(plain / BigInt::from(indices)),
        weighted_hundredths: rounded(weighted / BigInt::from(respondents)),
        indices,
        respondents,
    })
}

/// The grade of rounded hundredths, which an interval's bound may have below 0.
pub(crate) fn grade(hundredths: i64) -> Grade {
    Grade::of_hundredths(u32::try_from(hundredths.clamp(0, 10_000)).expect("clamped to 0 to 10000"))
}

fn elements(norm: &Norm, sums: &RunningSums, population: Population) -> Vec<Element> {
    let pairs = norm.elements().iter().zip(sums.elements());
    pairs
        .map(|(element, counted)| {
            let ci = element_interval(norm, sums, &element.code, population).ok().map(|interval| {
                let mean = BigRational::new(counted.sum.into(), counted.n.into());
                let (low, high) = uncut(&mean, &interval);
                (half_up(low * 10_000.0), half_up(high * 10_000.0))
            });
            let (answers, sum) = (signed(counted.n), signed(counted.sum));
            Element { code: element.code.clone(), answers, sum, ci }
        })
        .collect()
}

/// An interval's bounds before they are cut at the scale's ends.
fn uncut(value: &BigRational, interval: &Interval) -> (f64, f64) {
    let value = value.to_f64().expect("a mean of scores has a float");
    let degrees = interval.degrees_of_freedom.to_f64().expect("a count has a float");
    let half = interval.standard_error * two_sided_quantile(CONFIDENCE, degrees);
    (value - half, value + half)
}

fn half_up(value: f64) -> i64 {
    (value + 0.5).floor().to_i64().expect("a bound of an interval is finite and small")
}

fn rounded(value: BigRational) -> i32 {
    let hundredths = (value * BigInt::from(100) + BigRational::new(1.into(), 2.into())).floor();
    hundredths.to_integer().to_i32().expect("an index lies between 25 and 100")
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).expect("sums are checked to fit 63 bits")
}

fn signed32(hundredths: u32) -> i32 {
    i32::try_from(hundredths).expect("at most 10000")
}
