//! Student's t distribution: the lower tail and the quantile, in floats.
//! It serves intervals and tests only; it never touches a figure that a regulation counts.

use statrs::function::beta::beta_reg;

/// Degrees of freedom above which the distribution no longer changes in print:
/// the 97.5 % quantile there differs from the normal one by less than 3e-7.
pub const MOST_DEGREES: f64 = 1e7;

/// Largest quantile searched for; `P(T > 1e9)` is below 3.2e-10 for every `df >= 1`.
const FARTHEST: f64 = 1e9;

/// `P(T <= t)` for Student's t with `df` degrees of freedom, from 0 to 1.
///
/// `df` is at least 1 (fractions are fine) and counts as [`MOST_DEGREES`] above that; `t` may be
/// infinite. Source: Abramowitz & Stegun 26.7.1, `P(|T| > t) = I(df / (df + t²); df/2, 1/2)`.
///
/// # Panics
/// If `df` is below 1 or either argument is not a number.
pub fn lower_tail(t: f64, df: f64) -> f64 {
    assert!(df >= 1.0 && !t.is_nan(), "df below 1 or t not a number");
    let df = df.min(MOST_DEGREES);
    if t.is_infinite() {
        return if t > 0.0 { 1.0 } else { 0.0 };
    }
    let tail = beta_reg(0.5 * df, 0.5, df / (df + t * t)) / 2.0;
    if t <= 0.0 { tail } else { 1.0 - tail }
}

/// The `t` with `P(|T| <= t) = confidence`, for example 2.0452 for 0.95 and 29 degrees.
///
/// `confidence` lies strictly between 0 and 1, `df` as in [`lower_tail`]. Found by bisection on
/// [`lower_tail`] to the last bit that bisection can tell apart, so it can't fail to converge.
///
/// # Panics
/// If an argument is outside its range.
pub fn two_sided_quantile(confidence: f64, df: f64) -> f64 {
    assert!(confidence > 0.0 && confidence < 1.0, "confidence outside 0 to 1");
    let wanted = (1.0 - confidence) / 2.0;
    let (mut low, mut high) = (0.0, 1.0);
    while lower_tail(-high, df) > wanted && high < FARTHEST {
        (low, high) = (high, high * 2.0);
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if lower_tail(-middle, df) > wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests;
