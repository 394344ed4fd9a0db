//! What is printed: a table for people, one JSON object for programs.

use serde::Serialize;

use crate::machine::Machine;
use crate::measure::{Run, is_steady, median, rounded};

/// A run of the bench.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// What was selected.
    pub(crate) bench: String,
    pub(crate) machine: Machine,
    pub(crate) rows: Vec<Row>,
}

/// What was measured of one thing.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    row: &'static str,
    /// The median of the rounds.
    value: f64,
    unit: &'static str,
    /// The median of what it is compared with.
    reference: Option<f64>,
    /// The median of the rounds' ratios.
    ratio: Option<f64>,
    /// The smallest and the greatest of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio_range: Option<[f64; 2]>,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    goal: &'static str,
    met: Met,
    /// What has to be known of this run.
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    runs: Vec<Run>,
}

/// Whether a goal is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Met {
    Said(bool),
    /// What it is compared with was not steady.
    Not(Noisy),
}

/// No answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Noisy {
    Noisy,
}

/// What a row is about.
pub(crate) struct About {
    pub(crate) row: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) goal: &'static str,
}

impl Row {
    /// A row of its rounds; `reaches` says of value and ratio whether the goal is met.
    pub(crate) fn new(about: About, runs: Vec<Run>, reaches: impl FnOnce(f64, f64) -> bool) -> Self {
        let values: Vec<f64> = runs.iter().map(|run| run.value).collect();
        let references: Vec<f64> = runs.iter().filter_map(|run| run.reference).collect();
        let ratios: Vec<f64> = runs.iter().filter_map(|run| run.ratio).collect();
        let (value, ratio) = (median(&values), median(&ratios));
        let met =
            if is_steady(&references) { Met::Said(reaches(value, ratio)) } else { Met::Not(Noisy::Noisy) };
        let compared = !references.is_empty();
        let range = || {
            let (smallest, greatest) = ratios
                .iter()
                .fold((f64::INFINITY, 0.0), |(low, high), ratio| (ratio.min(low), ratio.max(high)));
            [smallest, greatest]
        };
        Self {
            row: about.row,
            value,
            unit: about.unit,
            reference: compared.then(|| median(&references)),
            ratio: compared.then_some(ratio),
            ratio_range: compared.then(range),
            p50_ms: None,
            p99_ms: None,
            goal: about.goal,
            met,
            note: String::new(),
            runs,
        }
    }

    /// With how long one of them took, in milliseconds.
    pub(crate) fn with_times(mut self, (p50, p99): (f64, f64)) -> Self {
        (self.p50_ms, self.p99_ms) = (Some(rounded(p50)), Some(rounded(p99)));
        self
    }

    /// With what has to be known of this run.
    pub(crate) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

impl Report {
    /// The report for a person.
    pub(crate) fn table(&self) -> String {
        let heads = ["row", "value", "", "reference", "ratio", "range", "p50 ms", "p99 ms", "goal", "met"];
        let mut lines: Vec<[String; 10]> = vec![heads.map(str::to_owned)];
        for row in &self.rows {
            let number = |value: Option<f64>| value.map(shown).unwrap_or_default();
            let range = row.ratio_range.map(|[low, high]| format!("{low:.2}–{high:.2}")).unwrap_or_default();
            lines.push([
                row.row.to_owned(),
                shown(row.value),
                row.unit.to_owned(),
                number(row.reference),
                row.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
                range,
                number(row.p50_ms),
                number(row.p99_ms),
                row.goal.to_owned(),
                match row.met {
                    Met::Said(true) => "met",
                    Met::Said(false) => "NOT MET",
                    Met::Not(Noisy::Noisy) => "noisy",
                }
                .to_owned(),
            ]);
        }
        let mut text = format!("\n{}\n\n", self.machine);
        for line in &lines {
            for (column, cell) in line.iter().enumerate() {
                let width = lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
                let padding = " ".repeat(width - cell.chars().count());
                text.push_str(&if (1..8).contains(&column) && column != 2 {
                    format!("{padding}{cell}  ")
                } else {
                    format!("{cell}{padding}  ")
                });
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        for row in self.rows.iter().filter(|row| !row.note.is_empty()) {
            text.push_str(&format!("\n{}: {}", row.row, row.note));
        }
        text
    }
}

fn shown(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Arm;

    fn arm(value: f64) -> Arm {
        Arm { value, cpu: Default::default() }
    }

    fn row(references: [f64; 3]) -> Row {
        let runs = references
            .map(|reference| Run::beside(arm(60.0), arm(reference), |value, reference| value / reference));
        let about = About { row: "a_vs_b", unit: "/s", goal: "≥ 0.5 ×" };
        Row::new(about, runs.into(), |_, ratio| ratio >= 0.5)
    }

    #[test]
    fn a_row_holds_the_median_of_its_rounds_ratios() {
        let row = row([100.0, 120.0, 150.0]);
        let json = serde_json::to_value(&row).unwrap();
        assert_eq!((json["ratio"].clone(), json["ratio_range"].clone()), (0.5.into(), vec![0.4, 0.6].into()));
        assert_eq!((json["value"].clone(), json["reference"].clone()), (60.0.into(), 120.0.into()));
        assert_eq!((json["met"].clone(), json["p50_ms"].clone()), (true.into(), serde_json::Value::Null));
    }

    #[test]
    fn beside_an_unsteady_reference_nothing_is_met_or_missed() {
        assert_eq!(serde_json::to_value(row([100.0, 120.0, 151.0])).unwrap()["met"], "noisy");
    }
}
