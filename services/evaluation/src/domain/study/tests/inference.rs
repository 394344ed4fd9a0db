//! Randomisation p values, exact and sampled.

use proptest::prelude::*;

use super::assignments::{Basis, DRAWS, MOST_ENUMERATED, Stratum, p_value};
use super::splitmix::SplitMix64;
use super::*;

fn stratum(treated: &[i128], comparison: &[i128]) -> Stratum {
    Stratum { treated: treated.to_vec(), comparison: comparison.to_vec() }
}

/// (i · 37 mod 23) plus a lift for those below `lifted`; the other program used the same.
fn changes(units: i128, lifted: i128, lift: i128) -> Vec<i128> {
    (0..units).map(|i| (i * 37) % 23 + if i < lifted { lift } else { 0 }).collect()
}

/// All assignments by bit mask, the effect as an exact fraction, strata checked afterwards.
fn by_bit_masks(strata: &[Stratum]) -> (u64, u64) {
    let mut units = Vec::new();
    for (name, stratum) in strata.iter().enumerate() {
        units.extend(stratum.treated.iter().map(|change| (name, *change, true)));
        units.extend(stratum.comparison.iter().map(|change| (name, *change, false)));
    }
    let effect = |is_treated: &dyn Fn(usize) -> bool| {
        let mean = |wanted: bool| {
            let group: Vec<i128> =
                (0..units.len()).filter(|at| is_treated(*at) == wanted).map(|at| units[at].1).collect();
            BigRational::new(group.iter().sum::<i128>().into(), group.len().into())
        };
        let difference = mean(true) - mean(false);
        if difference < BigRational::from_integer(0.into()) { -difference } else { difference }
    };
    let observed = effect(&|at| units[at].2);
    let (mut hits, mut all) = (0, 0);
    for mask in 0_u32..1 << units.len() {
        let treated_in =
            |name: usize| (0..units.len()).filter(|at| units[*at].0 == name && mask >> at & 1 == 1).count();
        if (0..strata.len()).all(|name| treated_in(name) == strata[name].treated.len()) {
            all += 1;
            hits += u64::from(effect(&|at| mask >> at & 1 == 1) >= observed);
        }
    }
    (hits, all)
}

#[test]
fn the_generator_gives_its_authors_reference_draws() {
    let mut draws = SplitMix64::new(1_234_567);
    let first: Vec<u64> = (0..5).map(|_| draws.draw()).collect();
    assert_eq!(
        first,
        [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ]
    );
}

#[test]
fn twenty_units_are_all_enumerated() {
    let changes = changes(20, 10, 4);
    let p = p_value(&[stratum(&changes[..10], &changes[10..])], 0);
    assert_eq!(p, PValue { numerator: 101_176, denominator: 184_756, basis: Basis::Exact });
}

#[test]
fn a_sample_can_be_redone_by_another_program() {
    let changes = changes(30, 15, 6);
    let p = p_value(&[stratum(&changes[..15], &changes[15..])], 42);
    let expected = PValue { numerator: 1 + 5498, denominator: 1 + DRAWS, basis: Basis::Sampled };
    assert_eq!(p, expected);
}

#[test]
fn a_stratified_sample_can_be_redone_by_another_program() {
    let changes = changes(30, 15, 6);
    let members = |every_third: bool, treated: bool| -> Vec<i128> {
        let chosen = (0..30).filter(|i| (i % 3 == 0) == every_third && (*i < 18) == treated);
        chosen.map(|i: usize| changes[i]).collect()
    };
    let strata = [true, false]
        .map(|third| Stratum { treated: members(third, true), comparison: members(third, false) });
    let p = p_value(&strata, 7);
    assert_eq!((p.numerator, p.denominator), (1 + 22_026, 200_001));
    assert_ne!(p, p_value(&strata, 8));
}

#[test]
fn the_bound_decides_between_all_assignments_and_a_sample() {
    let basis = |treated: i128, comparison: i128| {
        let changes = changes(treated + comparison, 0, 0);
        let (first, second) = changes.split_at(treated as usize);
        p_value(&[stratum(first, second)], 0).basis
    };
    assert_eq!(MOST_ENUMERATED, 200_000);
    assert_eq!(basis(4, 44), Basis::Exact); // C(48, 4) = 194,580
    assert_eq!(basis(45, 4), Basis::Sampled); // C(49, 4) = 211,876
    assert_eq!(basis(10, 11), Basis::Sampled); // C(21, 10) = 352,716
}

#[test]
fn strata_with_one_group_only_have_nothing_to_exchange() {
    let strata = [stratum(&[5, 6, 7, 8], &[]), stratum(&[], &[1, 2, 3, 4])];
    let p = p_value(&strata, 0);
    assert_eq!((p.numerator, p.denominator), (1, 1));
    assert!(!p.rejects());
}

#[test]
fn five_percent_is_compared_exactly() {
    let p = |numerator, denominator| PValue { numerator, denominator, basis: Basis::Exact };
    assert!(p(1, 20).rejects() && p(10_000, 200_001).rejects());
    assert!(!p(2, 39).rejects() && !p(10_001, 200_001).rejects());
}

#[test]
fn registered_strata_are_exchanged_within() {
    let mut treated = units(TREATED);
    let mut comparison = units(COMPARISON);
    for group in [&mut treated, &mut comparison] {
        for (position, series) in group.iter_mut().enumerate() {
            series.stratum = if position < 2 { "north" } else { "south" }.to_owned();
        }
    }
    let periods = Periods { pre: labels("b", 2), post: labels("a", 2) };
    let groups = Groups { treated, comparison };
    let input = StudyInput::try_new(periods, groups, Starts::Together, Better::Higher).unwrap();
    let found = estimate(conclude(&input, 0));
    assert_eq!(found.effect.value(), 2.275);
    // C(4, 2) in each: 36 assignments, of which this one and its mirror are as large.
    assert_eq!((found.effect.p.numerator, found.effect.p.denominator), (2, 36));
    assert_eq!(found.doubts(), [Doubt::PAboveLevel]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn exact_counts_agree_with_bit_masks(
        first in proptest::collection::vec(-3..4_i128, 1..4),
        second in proptest::collection::vec(-3..4_i128, 1..4),
        third in proptest::collection::vec(-3..4_i128, 0..3),
        fourth in proptest::collection::vec(-3..4_i128, 0..3),
    ) {
        // Small whole numbers make many ties.
        let strata = [stratum(&first, &second), stratum(&third, &fourth)];
        let p = p_value(&strata, 0);
        prop_assert_eq!((p.numerator, p.denominator), by_bit_masks(&strata));
        prop_assert!(p.numerator >= 1);
    }
}
