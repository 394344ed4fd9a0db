//! The two lines of a study's plot: mean of treated and of comparison units by period.
//! It describes; it never adjusts or fills in.

use super::input::{StudyInput, UnitSeries};

/// Whether a period lies before or after the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before.
    Pre,
    /// After.
    Post,
}

/// One period of the plot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlotPoint {
    /// The period's label.
    pub period: String,
    /// Before or after the start.
    pub phase: Phase,
    /// Mean of the treated units.
    pub treated: PlotMean,
    /// Mean of the comparison units.
    pub comparison: PlotMean,
}

/// A group's mean in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlotMean {
    /// Decimal text with four places, rounded once, a half away from zero (`79.0250`).
    Value(String),
    /// A unit has no value, or there is no unit: no mean, so that the line doesn't jump because a
    /// unit dropped out.
    Missing,
}

/// The plot of a study, in order of time; also there for one that is not estimable.
pub fn plot(input: &StudyInput) -> Vec<PlotPoint> {
    let pre = input.pre_periods().iter().map(|label| (label, Phase::Pre));
    let post = input.post_periods().iter().map(|label| (label, Phase::Post));
    pre.chain(post)
        .enumerate()
        .map(|(at, (period, phase))| PlotPoint {
            period: period.clone(),
            phase,
            treated: mean(input.treated(), at),
            comparison: mean(input.comparison(), at),
        })
        .collect()
}

fn mean(units: &[UnitSeries], at: usize) -> PlotMean {
    let values: Option<Vec<i128>> =
        units.iter().map(|unit| unit.values[at].map(|value| i128::from(value.millionths()))).collect();
    match values {
        Some(values) if !values.is_empty() => {
            PlotMean::Value(four_places(values.iter().sum(), values.len() as i128))
        }
        _ => PlotMean::Missing,
    }
}

/// `millionths / count` in ten-thousandths, a half away from zero.
fn four_places(millionths: i128, count: i128) -> String {
    let divisor = count * 100;
    let rounded = (2 * millionths.abs() + divisor) / (2 * divisor);
    let sign = if millionths < 0 && rounded > 0 { "-" } else { "" };
    format!("{sign}{}.{:04}", rounded / 10_000, rounded % 10_000)
}
