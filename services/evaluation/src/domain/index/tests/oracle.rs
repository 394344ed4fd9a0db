//! The same figures from raw answers, the plain way.

use proptest::prelude::*;

use super::super::answer::Answer;
use super::{CODES, Norm, RunningSums};

/// Per element of the 2017 norm the items of one respondent, `None` left blank.
pub(super) type Raw = Vec<Vec<Option<u8>>>;

pub(super) fn answer_strategy() -> impl Strategy<Value = Raw> {
    let item = prop_oneof![1 => Just(None), 6 => (1..=4_u8).prop_map(Some)];
    let items = prop_oneof![8 => 1..2_usize, 1 => 0..4_usize];
    let element = items.prop_flat_map(move |count| proptest::collection::vec(item.clone(), count));
    proptest::collection::vec(element, 9)
        .prop_filter("a blank form", |raw| raw.iter().flatten().any(Option::is_some))
}

pub(super) fn answer_of(norm: &Norm, raw: &Raw) -> Answer {
    let items = raw.iter().zip(CODES).flat_map(|(items, code)| items.iter().map(move |score| (code, *score)));
    Answer::try_new(norm, items).unwrap()
}

pub(super) fn sums_of(raw: &[Raw]) -> RunningSums {
    let norm = Norm::skm_2017();
    let mut sums = RunningSums::new(&norm);
    for respondent in raw {
        sums.add(&answer_of(&norm, respondent)).unwrap();
    }
    sums
}

pub(super) fn scores(raw: &[Raw], position: usize) -> impl Iterator<Item = u64> {
    raw.iter().flat_map(move |respondent| &respondent[position]).flatten().map(|s| u64::from(*s))
}

/// 25 / 9 · Σ sum / n in hundredths, half up; else the first element without an answer.
pub(super) fn hundredths(raw: &[Raw]) -> Result<i128, usize> {
    let (mut numerator, mut denominator) = (0_i128, 1_i128);
    for position in 0..9 {
        let n = scores(raw, position).count() as i128;
        let sum = scores(raw, position).sum::<u64>() as i128;
        if n == 0 {
            return Err(position);
        }
        numerator = numerator * n + sum * denominator;
        denominator *= n;
    }
    let (numerator, denominator) = (numerator * 2500, denominator * 9);
    Ok((2 * numerator + denominator) / (2 * denominator))
}

/// √(n / (n − 1) · Σ e²) from each respondent's own residual; none without an index.
pub(super) fn standard_error(raw: &[Raw]) -> Option<f64> {
    let n = raw.len() as f64;
    let mut residuals = vec![0.0; raw.len()];
    for position in 0..9 {
        let count = scores(raw, position).count() as f64;
        let mean = scores(raw, position).sum::<u64>() as f64 / count;
        if count == 0.0 {
            return None;
        }
        for (residual, respondent) in residuals.iter_mut().zip(raw) {
            for score in respondent[position].iter().flatten() {
                *residual += 25.0 / 9.0 * (f64::from(*score) - mean) / count;
            }
        }
    }
    let squares: f64 = residuals.iter().map(|residual| residual * residual).sum();
    Some((n / (n - 1.0) * squares).sqrt())
}
