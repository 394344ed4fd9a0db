//! Randomisation inference: in how many of all possible assignments of treatment the effect would
//! be at least as large. Counts in exact integers only, because floats lose ties.

use super::splitmix::SplitMix64;

/// Most assignments that are all looked at; C(20, 10) = 184,756 still is.
pub const MOST_ENUMERATED: u64 = 200_000;
/// Assignments drawn where there are more.
pub const DRAWS: u64 = 200_000;

/// Whether a p value comes from all assignments or from a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// All assignments: p = hits / assignments.
    Exact,
    /// A seeded sample: p = (1 + hits) / (1 + draws).
    Sampled,
}

/// A two-sided p value as an exact fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PValue {
    /// Hits, or 1 + hits; not reduced (2 of 2 / 70).
    pub numerator: u64,
    /// Assignments, or 1 + draws.
    pub denominator: u64,
    /// How it was found.
    pub basis: Basis,
}

impl PValue {
    /// Whether p <= 0.05, compared exactly.
    pub fn rejects(&self) -> bool {
        u128::from(self.numerator) * 20 <= u128::from(self.denominator)
    }

    /// p as the nearest float, for print.
    pub fn value(&self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

/// The changes of one stratum's units, all strata on one integer scale.
#[derive(Debug, Clone)]
pub(super) struct Stratum {
    pub(super) treated: Vec<i128>,
    pub(super) comparison: Vec<i128>,
}

impl Stratum {
    /// All changes, in ascending order so that the order of the input can't matter.
    fn sorted(&self) -> Vec<i128> {
        let mut all = [self.treated.as_slice(), &self.comparison].concat();
        all.sort_unstable();
        all
    }

    /// Size of the smaller group, and whether that is the comparison group: choosing who is left
    /// out is choosing who is in.
    fn smaller(&self) -> (usize, bool) {
        let (treated, comparison) = (self.treated.len(), self.comparison.len());
        (treated.min(comparison), comparison < treated)
    }
}

/// |δ*| >= |δ| without fractions: with N units, k treated whose changes add to S, and T over all,
/// δ · k · (N − k) = N·S − k·T.
struct Threshold {
    units: i128,
    treated: i128,
    total: i128,
    observed: i128,
}

impl Threshold {
    fn new(strata: &[Stratum]) -> Self {
        let count = |sizes: fn(&Stratum) -> &Vec<i128>| -> i128 {
            strata.iter().map(|stratum| sizes(stratum).len() as i128).sum()
        };
        let sum = |sizes: fn(&Stratum) -> &Vec<i128>| -> i128 { strata.iter().flat_map(sizes).sum() };
        let (treated, treated_sum) = (count(|s| &s.treated), sum(|s| &s.treated));
        let units = treated + count(|s| &s.comparison);
        let total = treated_sum + sum(|s| &s.comparison);
        let mut threshold = Self { units, treated, total, observed: 0 };
        threshold.observed = threshold.distance(treated_sum);
        threshold
    }

    fn distance(&self, treated_sum: i128) -> i128 {
        (self.units * treated_sum - self.treated * self.total).abs()
    }

    fn is_hit(&self, treated_sum: i128) -> bool {
        self.distance(treated_sum) >= self.observed
    }
}

/// The two-sided randomisation p of the observed assignment, treatment reassigned within strata.
///
/// Sampled where there are more than [`MOST_ENUMERATED`] assignments, with SplitMix64 from `seed`:
/// strata by name, in each an array of its changes that is sorted ascending once; per draw, for
/// i = 0 up to m − 1 (m = size of its smaller group) `a[i]` is swapped with `a[i + below(n − i)]`,
/// and the first m are the smaller group; the array is kept as it is for the next draw.
pub(super) fn p_value(strata: &[Stratum], seed: u64) -> PValue {
    let threshold = Threshold::new(strata);
    match assignments(strata) {
        Some(denominator) => {
            let sums = all_sums(strata);
            let numerator = sums.iter().filter(|sum| threshold.is_hit(**sum)).count() as u64;
            PValue { numerator, denominator, basis: Basis::Exact }
        }
        None => {
            let hits = sampled_hits(strata, &threshold, seed);
            PValue { numerator: 1 + hits, denominator: 1 + DRAWS, basis: Basis::Sampled }
        }
    }
}

/// The number of assignments, if not above [`MOST_ENUMERATED`].
fn assignments(strata: &[Stratum]) -> Option<u64> {
    let mut product = 1_u64;
    for stratum in strata {
        let units = (stratum.treated.len() + stratum.comparison.len()) as u64;
        let chosen = stratum.smaller().0 as u64;
        let mut ways = 1_u64;
        for step in 1..=chosen {
            // Exact at each step, and growing up to half of the units.
            ways = ways * (units - chosen + step) / step;
            if ways > MOST_ENUMERATED {
                return None;
            }
        }
        product *= ways;
        if product > MOST_ENUMERATED {
            return None;
        }
    }
    Some(product)
}

/// The treated units' sum of changes under every assignment.
fn all_sums(strata: &[Stratum]) -> Vec<i128> {
    let mut sums = vec![0_i128];
    for stratum in strata {
        let changes = stratum.sorted();
        let (size, left_out) = stratum.smaller();
        let mut own = Vec::new();
        choose(&changes, size, 0, &mut own);
        if left_out {
            let total: i128 = changes.iter().sum();
            own.iter_mut().for_each(|sum| *sum = total - *sum);
        }
        sums = sums.iter().flat_map(|sum| own.iter().map(move |own| sum + own)).collect();
    }
    sums
}

/// Pushes `so_far` plus the sum of every choice of `size` of the changes. As deep as `size`, which
/// is at most 10 below [`MOST_ENUMERATED`] choices (C(22, 11) is above).
fn choose(changes: &[i128], size: usize, so_far: i128, sums: &mut Vec<i128>) {
    match size {
        0 => sums.push(so_far),
        1 => sums.extend(changes.iter().map(|change| so_far + change)),
        _ => {
            for first in 0..=changes.len() - size {
                choose(&changes[first + 1..], size - 1, so_far + changes[first], sums);
            }
        }
    }
}

fn sampled_hits(strata: &[Stratum], threshold: &Threshold, seed: u64) -> u64 {
    let mut draws = SplitMix64::new(seed);
    let mut arrays: Vec<(Vec<i128>, usize, bool, i128)> = strata
        .iter()
        .map(|stratum| {
            let (size, left_out) = stratum.smaller();
            let changes = stratum.sorted();
            let total = changes.iter().sum();
            (changes, size, left_out, total)
        })
        .collect();
    let mut hits = 0;
    for _ in 0..DRAWS {
        let mut treated_sum = 0;
        for (changes, size, left_out, total) in &mut arrays {
            for position in 0..*size {
                let other = position + draws.below(changes.len() - position);
                changes.swap(position, other);
            }
            let chosen: i128 = changes[..*size].iter().sum();
            treated_sum += if *left_out { *total - chosen } else { chosen };
        }
        hits += u64::from(threshold.is_hit(treated_sum));
    }
    hits
}
