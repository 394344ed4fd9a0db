//! The arithmetic of measuring: rounds of two arms, their ratios, medians and percentiles.

use std::time::Duration;

use serde::Serialize;

use crate::processes::CpuSeconds;

/// A reference that moves by more than this, between its slowest and its fastest round, says nothing.
const STEADY: f64 = 1.5;

/// What one arm came to in one round.
#[derive(Clone, Debug)]
pub(crate) struct Arm {
    /// In the row's unit.
    pub(crate) value: f64,
    pub(crate) cpu: CpuSeconds,
}

/// One round.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Run {
    pub(crate) value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<f64>,
    pub(crate) cpu_seconds: CpuSeconds,
    #[serde(skip_serializing_if = "CpuSeconds::is_empty")]
    pub(crate) reference_cpu_seconds: CpuSeconds,
}

impl Run {
    /// A round with nothing beside it.
    pub(crate) fn alone(arm: Arm) -> Self {
        let reference_cpu_seconds = CpuSeconds::default();
        Self {
            value: rounded(arm.value),
            reference: None,
            ratio: None,
            cpu_seconds: arm.cpu,
            reference_cpu_seconds,
        }
    }

    /// A round of two arms; `ratio` is of the first to the second.
    pub(crate) fn beside(arm: Arm, reference: Arm, ratio: fn(f64, f64) -> f64) -> Self {
        Self {
            value: rounded(arm.value),
            reference: Some(rounded(reference.value)),
            ratio: Some(rounded(ratio(arm.value, reference.value))),
            cpu_seconds: arm.cpu,
            reference_cpu_seconds: reference.cpu,
        }
    }
}

/// Whether the reference was so steady that a ratio to it says something.
pub(crate) fn is_steady(references: &[f64]) -> bool {
    let smallest = references.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = references.iter().copied().fold(0.0, f64::max);
    references.is_empty() || greatest <= smallest * STEADY
}

/// The value in the middle; of an even number the upper one of the two.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// The value that at least this many of a hundred are not above; 0 of none.
pub(crate) fn percentile(values: &[f64], of_hundred: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() * of_hundred / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or_default()
}

/// How many there are in a second.
#[expect(clippy::cast_precision_loss, reason = "counts of a bench are far below 2^52")]
pub(crate) fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// To four decimals: more would be noise.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values_and_none_of_none() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(
            (percentile(&values, 50), percentile(&values, 99), percentile(&values, 100)),
            (51.0, 100.0, 100.0)
        );
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[7.0]), median(&[])), (2.0, 7.0, 0.0));
    }

    #[test]
    fn a_reference_is_steady_up_to_one_and_a_half() {
        assert!(is_steady(&[100.0, 150.0, 120.0]) && is_steady(&[]));
        assert!(!is_steady(&[100.0, 151.0]));
    }
}
