//! When figures show that a unit needs training, and in which element of service.
//! It names units, never people, and only proposes: others decide.

use std::collections::BTreeSet;

use crate::domain::index::ElementProof;
use crate::domain::student::{lower_tail, two_sided_quantile};

/// What must hold for a need; the defaults are the house's, and configuration may change them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Fewest respondents in a period, at least 2; default 30.
    pub least_respondents: u64,
    /// Periods running in which all must hold, at least 1; default 2.
    pub periods_running: usize,
    /// Confidence of the interval whose upper bound must stay under the target; default 0.95.
    pub confidence: f64,
    /// Share of false needs tolerated among a period's needs (Benjamini–Hochberg's q); default 0.10.
    pub false_discovery_rate: f64,
}

impl Default for Rule {
    fn default() -> Self {
        Self { least_respondents: 30, periods_running: 2, confidence: 0.95, false_discovery_rate: 0.10 }
    }
}

/// What was measured of a unit in a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Respondents.
    pub respondents: u64,
    /// The index, 25 to 100.
    pub value: f64,
    /// Its standard error, 0 or more.
    pub standard_error: f64,
    /// The value the unit should reach, on the same scale.
    pub target: f64,
}

/// One unit's figure in one period, with the elements' means behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitFigure {
    unit: String,
    measure: Measure,
    elements: Vec<ElementProof>,
}

/// A period, numbered so that the next one has the next number (quarters since some start).
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    /// Its number.
    pub number: u32,
    /// The figures of all units that have one, each unit once.
    pub figures: Vec<UnitFigure>,
}

/// The proof of a need in one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The period's number.
    pub period: u32,
    /// What was measured.
    pub measure: Measure,
    /// Upper bound of the interval; under the target.
    pub high: f64,
    /// One-sided p of "the index is at or above the target", t with respondents − 1.
    pub p_value: f64,
    /// The same after Benjamini–Hochberg; at most the rule's false discovery rate.
    pub adjusted_p_value: f64,
    /// Units with enough respondents in the period, over which it was adjusted.
    pub units_compared: usize,
}

/// A unit that needs training in an element.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// The unit.
    pub unit: String,
    /// Code of its weakest element in the last period: lowest NRR, the norm's order on a tie.
    pub element: String,
    /// One entry per period running, oldest first.
    pub evidence: Vec<Evidence>,
}

/// Why needs can't be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NeedError {
    /// A number is not finite or a standard error is negative.
    #[error("the figure of unit {unit} is not a number it can be")]
    Figure {
        /// The unit.
        unit: String,
    },
    /// A figure comes without elements, or with one that nobody answered.
    #[error("the figure of unit {unit} has no answered elements")]
    Elements {
        /// The unit.
        unit: String,
    },
    /// A unit has two figures in a period.
    #[error("unit {unit} occurs twice in period {period}")]
    UnitTwice {
        /// The unit.
        unit: String,
        /// The period's number.
        period: u32,
    },
    /// The periods are not given oldest first without a gap.
    #[error("period {period} does not follow the one before it")]
    NotConsecutive {
        /// The period out of line.
        period: u32,
    },
    /// The rule's numbers are outside their ranges.
    #[error("the rule is outside its ranges")]
    Rule,
}

impl UnitFigure {
    /// Takes a figure; `elements` in the norm's order, as an index's proof has them.
    ///
    /// # Errors
    /// [`NeedError::Figure`] and [`NeedError::Elements`].
    pub fn try_new(unit: String, measure: Measure, elements: Vec<ElementProof>) -> Result<Self, NeedError> {
        let Measure { value, standard_error, target, .. } = measure;
        let finite = [value, standard_error, target].iter().all(|number| number.is_finite());
        if !finite || standard_error < 0.0 {
            return Err(NeedError::Figure { unit });
        }
        if elements.is_empty() || elements.iter().any(|element| element.n == 0) {
            return Err(NeedError::Elements { unit });
        }
        Ok(Self { unit, measure, elements })
    }

    fn weakest_element(&self) -> &str {
        let scaled = |a: &ElementProof, b: &ElementProof| u128::from(a.sum) * u128::from(b.n);
        let weakest = self.elements.iter().reduce(|weakest, element| {
            if scaled(element, weakest) < scaled(weakest, element) { element } else { weakest }
        });
        &weakest.expect("a figure has elements").code
    }
}

/// The needs that the last periods show, by unit's name; none while there are too few periods.
///
/// In each of the last `periods_running` periods the unit has enough respondents, the interval's
/// upper bound is under the target, and the one-sided t test against the target is rejected after
/// Benjamini–Hochberg over all units with enough respondents in that period.
///
/// # Errors
/// [`NeedError::NotConsecutive`], [`NeedError::UnitTwice`] and [`NeedError::Rule`].
pub fn needs(rule: &Rule, periods: &[Period]) -> Result<Vec<Need>, NeedError> {
    rule.check()?;
    check_periods(periods)?;
    let Some(start) = periods.len().checked_sub(rule.periods_running) else {
        return Ok(Vec::new());
    };
    let judged: Vec<Vec<Judged<'_>>> = periods[start..].iter().map(|period| judge(rule, period)).collect();
    let (last, earlier) = judged.split_last().expect("a rule has at least one period");
    let needs = last.iter().filter_map(|(figure, evidence)| {
        let mut running = Vec::with_capacity(judged.len());
        for period in earlier {
            let at = period.binary_search_by(|(other, _)| other.unit.cmp(&figure.unit)).ok()?;
            running.push(period[at].1);
        }
        running.push(*evidence);
        let (unit, element) = (figure.unit.clone(), figure.weakest_element().to_owned());
        Some(Need { unit, element, evidence: running })
    });
    Ok(needs.collect())
}

/// Benjamini & Hochberg's (1995) step-up adjustment: the adjusted p values in the order given.
/// Rejecting those at or under q keeps the expected share of false rejections at q or less.
///
/// Each p lies in 0 to 1 (`p.adjust(p, "BH")` in R gives the same).
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let count = p_values.len() as f64;
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least = 1.0_f64;
    for (rank, position) in order.into_iter().enumerate().rev() {
        least = least.min(p_values[position] * count / (rank + 1) as f64);
        adjusted[position] = least;
    }
    adjusted
}

impl Rule {
    fn check(&self) -> Result<(), NeedError> {
        let inside = |share: f64| share > 0.0 && share < 1.0;
        let good = self.least_respondents >= 2
            && self.periods_running >= 1
            && inside(self.confidence)
            && inside(self.false_discovery_rate);
        good.then_some(()).ok_or(NeedError::Rule)
    }
}

fn check_periods(periods: &[Period]) -> Result<(), NeedError> {
    for pair in periods.windows(2) {
        if pair[0].number.checked_add(1) != Some(pair[1].number) {
            return Err(NeedError::NotConsecutive { period: pair[1].number });
        }
    }
    for Period { number, figures } in periods {
        let mut units = BTreeSet::new();
        if let Some(twice) = figures.iter().find(|figure| !units.insert(&figure.unit)) {
            return Err(NeedError::UnitTwice { unit: twice.unit.clone(), period: *number });
        }
    }
    Ok(())
}

type Judged<'a> = (&'a UnitFigure, Evidence);

/// The units for which all conditions hold in the period, by name.
fn judge<'a>(rule: &Rule, period: &'a Period) -> Vec<Judged<'a>> {
    let enough = |figure: &&UnitFigure| figure.measure.respondents >= rule.least_respondents;
    let figures: Vec<&UnitFigure> = period.figures.iter().filter(enough).collect();
    let p_values: Vec<f64> = figures.iter().map(|figure| below_target(&figure.measure)).collect();
    let adjusted = benjamini_hochberg(&p_values);
    let mut held = Vec::new();
    for (position, figure) in figures.iter().enumerate() {
        let measure = figure.measure;
        let quantile = two_sided_quantile(rule.confidence, degrees(&measure));
        let evidence = Evidence {
            period: period.number,
            measure,
            high: measure.value + quantile * measure.standard_error,
            p_value: p_values[position],
            adjusted_p_value: adjusted[position],
            units_compared: figures.len(),
        };
        if evidence.high < measure.target && adjusted[position] <= rule.false_discovery_rate {
            held.push((*figure, evidence));
        }
    }
    held.sort_by(|(a, _), (b, _)| a.unit.cmp(&b.unit));
    held
}

/// P(T <= (value − target) / se); without any spread 0 under the target, else 1.
fn below_target(measure: &Measure) -> f64 {
    let distance = measure.value - measure.target;
    if measure.standard_error > 0.0 {
        lower_tail(distance / measure.standard_error, degrees(measure))
    } else if distance < 0.0 {
        0.0
    } else {
        1.0
    }
}

fn degrees(measure: &Measure) -> f64 {
    (measure.respondents - 1) as f64
}

#[cfg(test)]
mod tests;
