//! Welch's interval for the difference of two groups' mean changes.
//! Variances and degrees of freedom are exact until the last step; it never pools variances.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};

use crate::domain::student::two_sided_quantile;

/// Confidence of the interval.
pub const CONFIDENCE: f64 = 0.95;

/// A group's changes as integers, `scale` times the real ones.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) scaled: Vec<i128>,
    pub(super) scale: i128,
}

/// Standard error, degrees of freedom and 95 % interval of an effect, in the outcome's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WelchInterval {
    /// √(s₁²/n₁ + s₂²/n₂), above 0.
    pub standard_error: f64,
    /// Welch–Satterthwaite's, at least 1, usually a fraction.
    pub degrees_of_freedom: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl WelchInterval {
    /// Whether 0 lies within the bounds or on one.
    pub fn includes_zero(&self) -> bool {
        self.low <= 0.0 && self.high >= 0.0
    }
}

/// None if both variances are 0 or the degrees of freedom are below 1 (Welch 1947, Satterthwaite
/// 1946). Both groups have at least 2 units.
pub(super) fn interval(effect: &BigRational, treated: &Group, comparison: &Group) -> Option<WelchInterval> {
    let (first, second) = (variance_of_mean(treated), variance_of_mean(comparison));
    let variance = &first + &second;
    if variance.is_zero() {
        return None;
    }
    let share =
        |variance: &BigRational, group: &Group| variance * variance / BigInt::from(group.scaled.len() - 1);
    let degrees = &variance * &variance / (share(&first, treated) + share(&second, comparison));
    let degrees_of_freedom = degrees.to_f64()?;
    if degrees_of_freedom < 1.0 {
        return None;
    }
    let (effect, standard_error) = (effect.to_f64()?, variance.to_f64()?.sqrt());
    let half = standard_error * two_sided_quantile(CONFIDENCE, degrees_of_freedom);
    Some(WelchInterval { standard_error, degrees_of_freedom, low: effect - half, high: effect + half })
}

/// s²/n with s² over n − 1: (n Σx² − (Σx)²) / (n² (n − 1)), by the scale squared.
fn variance_of_mean(group: &Group) -> BigRational {
    let count = BigInt::from(group.scaled.len());
    let total: BigInt = group.scaled.iter().copied().map(BigInt::from).sum();
    let squares: BigInt = group.scaled.iter().map(|x| BigInt::from(*x) * BigInt::from(*x)).sum();
    let scale = BigInt::from(group.scale);
    BigRational::new(&count * squares - &total * &total, &count * &count * (&count - 1) * &scale * &scale)
}
