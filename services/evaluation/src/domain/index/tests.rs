//! The index against an oracle that works on raw answers in 128-bit integers and floats.

mod coverage;
mod oracle;
mod parts;
mod refusals;

use proptest::prelude::*;

use super::answer::Answer;
use super::interval::{IntervalError, Population, element_interval, interval};
use super::norm::{Element, NormId};
use super::sample::krejcie_morgan;
use super::*;
use oracle::{Raw, answer_strategy, sums_of};

const CODES: [&str; 9] = ["U1", "U2", "U3", "U4", "U5", "U6", "U7", "U8", "U9"];

/// Answers of one item per element, all the same score.
fn uniform(score: u8, respondents: usize) -> RunningSums {
    let raw: Raw = (0..9).map(|_| vec![Some(score)]).collect();
    sums_of(&vec![raw; respondents])
}

fn rational(numerator: i64, denominator: i64) -> BigRational {
    BigRational::new(numerator.into(), denominator.into())
}

#[test]
fn all_fours_are_100_and_a() {
    let index = index(&Norm::skm_2017(), &uniform(4, 12)).unwrap();
    assert_eq!((index.to_string().as_str(), index.score().grade()), ("100.00", Grade::A));
}

#[test]
fn all_ones_are_25_and_d() {
    let index = index(&Norm::skm_2017(), &uniform(1, 12)).unwrap();
    assert_eq!((index.to_string().as_str(), index.score().grade()), ("25.00", Grade::D));
}

#[test]
fn halves_round_up_into_the_next_grade_without_a_gap() {
    for (thousandths, text, grade) in [
        (88_310, "88.31", Grade::A),
        (88_305, "88.31", Grade::A),
        (88_304, "88.30", Grade::B),
        (76_610, "76.61", Grade::B),
        (76_605, "76.61", Grade::B),
        (76_604, "76.60", Grade::C),
        (65_000, "65.00", Grade::C),
        (64_995, "65.00", Grade::C),
        (64_994, "64.99", Grade::D),
    ] {
        let score = Score::new(rational(thousandths, 1000));
        assert_eq!((score.to_string().as_str(), score.grade()), (text, grade));
    }
    let just_under = Score::new(rational(88_305, 1000) - rational(1, i64::MAX));
    assert_eq!((just_under.to_string().as_str(), just_under.grade()), ("88.30", Grade::B));
}

#[test]
fn answers_that_make_exactly_88_305_are_graded_a_and_one_point_less_is_b() {
    let norm = Norm::skm_2017();
    let index_with = |last_score: u8| {
        let mut sums = RunningSums::new(&norm);
        for respondent in 0..5000 {
            let eighth = if respondent < 3949 { 2 } else { 1 };
            let ninth = if respondent == 4999 { last_score } else { 2 };
            let scores = [4, 4, 4, 4, 4, 4, 4, eighth, ninth];
            let items = CODES.into_iter().zip(scores.map(Some));
            sums.add(&Answer::try_new(&norm, items).unwrap()).unwrap();
        }
        index(&norm, &sums).unwrap()
    };
    // 7 · 20,000 + 8,949 + 10,000 = 158,949 points; Σ NRR = 31.7898.
    let exactly = index_with(2);
    assert_eq!(*exactly.score().exact(), rational(88_305, 1000));
    assert_eq!((exactly.to_string().as_str(), exactly.score().grade()), ("88.31", Grade::A));
    let less = index_with(1);
    assert_eq!(*less.score().exact(), rational(25 * 158_948, 9 * 5000));
    assert_eq!((less.to_string().as_str(), less.score().grade()), ("88.30", Grade::B));
}

#[test]
fn blanks_leave_the_count_and_are_not_zero() {
    let mut first: Raw = (0..9).map(|_| vec![Some(4)]).collect();
    first[2] = vec![None];
    let second: Raw = (0..9).map(|_| vec![Some(2)]).collect();
    let index = index(&Norm::skm_2017(), &sums_of(&[first, second])).unwrap();
    // Eight elements of mean 3 and U3 of mean 2: 25 · 26 / 9.
    assert_eq!(*index.score().exact(), rational(650, 9));
    assert_eq!(index.proof()[2], ElementProof { code: "U3".to_owned(), n: 1, sum: 2 });
    assert_eq!((index.to_string().as_str(), index.respondents()), ("72.22", 2));
}

#[test]
fn an_element_nobody_answered_leaves_no_index() {
    let mut raw: Raw = (0..9).map(|_| vec![Some(4)]).collect();
    raw[7] = vec![];
    let error = index(&Norm::skm_2017(), &sums_of(&vec![raw; 40])).unwrap_err();
    assert_eq!(error, IndexError::ElementUnanswered { code: "U8".to_owned() });
}

#[test]
fn other_exact_weights_count_as_given() {
    let element = |code: &str, weight| Element { code: code.to_owned(), name_id: code.to_owned(), weight };
    let id = NormId { code: "two".to_owned(), version: 3 };
    let elements = vec![element("X", rational(1, 7)), element("Y", rational(6, 7))];
    let norm = Norm::try_new(id, elements).unwrap();
    let mut sums = RunningSums::new(&norm);
    sums.add(&Answer::try_new(&norm, [("Y", Some(4)), ("X", Some(1))]).unwrap()).unwrap();
    assert_eq!(*index(&norm, &sums).unwrap().score().exact(), rational(25 * 25, 7));
}

#[test]
fn the_mean_of_units_rounds_once_and_differs_from_the_pooled_value() {
    let norm = Norm::skm_2017();
    let (small, large) = (uniform(4, 1), uniform(3, 3));
    let indices = [index(&norm, &small).unwrap(), index(&norm, &large).unwrap()];
    assert_eq!(unweighted_mean(&indices).unwrap().to_string(), "87.50");
    assert_eq!(pooled(&norm, &[small, large]).unwrap().to_string(), "81.25");
    assert_eq!(unweighted_mean(&[]).unwrap_err(), IndexError::NothingToAggregate);
    assert_eq!(pooled(&norm, &[]).unwrap_err(), IndexError::NothingToAggregate);

    // 88.30, 88.30 and 88.31 when rounded; their exact mean is 88.305.
    let twice_rounded =
        Score::new((rational(88_303, 1000) * BigInt::from(2) + rational(88_309, 1000)) / BigInt::from(3));
    assert_eq!(twice_rounded.to_string(), "88.31");
}

#[test]
fn sample_sizes_are_krejcie_and_morgans_rounded_not_up() {
    // As in their table of 1970, but for 100,000, where it prints 384 and their formula gives 382.6.
    for (population, size) in [
        (10, 10),
        (20, 19),
        (50, 44),
        (100, 80),
        (200, 132),
        (500, 217),
        (1000, 278),
        (5000, 357),
        (100_000, 383),
        (0, 0),
        (1, 1),
    ] {
        assert_eq!(krejcie_morgan(population), size, "population {population}");
    }
    assert_eq!(krejcie_morgan(u64::MAX), 384);
}

#[test]
fn small_counts_are_suppressed_and_give_no_signal() {
    assert!(is_suppressed(9) && !is_suppressed(10));
    assert!(!may_signal(29) && may_signal(30));
}

#[test]
fn a_census_and_unanimity_leave_no_doubt() {
    let norm = Norm::skm_2017();
    let mixed: Vec<Raw> = [1, 4, 3].iter().map(|score| vec![vec![Some(*score)]; 9]).collect();
    let mixed = sums_of(&mixed);
    let census = interval(&norm, &mixed, Population::Counted(3)).unwrap();
    assert_eq!(census.standard_error, 0.0);
    let unanimous = interval(&norm, &uniform(4, 10), Population::Unknown).unwrap();
    assert_eq!((unanimous.low, unanimous.high), (100.0, 100.0));
    assert_eq!(unanimous.grades(), (Grade::A, Grade::A));
}

#[test]
fn an_interval_is_cut_at_the_ends_of_the_scale() {
    let raw: Vec<Raw> = [1, 4].iter().map(|score| vec![vec![Some(*score)]; 9]).collect();
    let wide = interval(&Norm::skm_2017(), &sums_of(&raw), Population::Unknown).unwrap();
    assert_eq!((wide.low, wide.high), (25.0, 100.0));
    assert_eq!(wide.grades(), (Grade::D, Grade::A));
}

#[test]
fn an_element_with_one_item_has_the_textbook_standard_error() {
    let norm = Norm::skm_2017();
    let scores = [4, 3, 3, 2, 4, 1, 3, 4, 2, 3];
    let raw: Vec<Raw> = scores.iter().map(|score| vec![vec![Some(*score)]; 9]).collect();
    let sums = sums_of(&raw);
    let element = element_interval(&norm, &sums, "U5", Population::Unknown).unwrap();
    // Mean 2.9, s² = 8.9 / 9, se = √(s² / 10); t(9) = 2.262157.
    let standard_error = (8.9_f64 / 90.0).sqrt();
    assert!((element.standard_error - standard_error).abs() < 1e-12);
    assert!((element.low - (2.9 - 2.262_157_163 * standard_error)).abs() < 1e-8);
    // All elements alike: the index moves 25 times as much.
    let whole = interval(&norm, &sums, Population::Unknown).unwrap();
    assert!((whole.standard_error - 25.0 * standard_error).abs() < 1e-10);
    let of_half = interval(&norm, &sums, Population::Counted(20)).unwrap();
    assert!((of_half.standard_error / whole.standard_error - 0.5_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn an_element_counts_its_own_respondents_however_many_items_it_has() {
    // U3: one left it blank, one answered two items, two answered one.
    let mut raw: Vec<Raw> = vec![vec![vec![Some(3)]; 9]; 4];
    raw[0][2] = vec![None, None];
    raw[1][2] = vec![Some(4), Some(3)];
    raw[2][2] = vec![Some(2), None];
    let sums = sums_of(&raw);
    let found = element_interval(&Norm::skm_2017(), &sums, "U3", Population::Counted(6)).unwrap();
    assert_eq!((sums.elements()[2].respondents, sums.elements()[2].n), (3, 4));
    assert_eq!(found.degrees_of_freedom, 2);
    // R = 12 / 4; residuals (7 − 2R)/4, (2 − R)/4, (3 − R)/4; · 3/2, · half of 6 not asked.
    let variance = (1.0 + 1.0 + 0.0) / 16.0 * 1.5 * 0.5;
    assert!((found.standard_error - f64::sqrt(variance)).abs() < 1e-12);
}

#[test]
fn what_has_no_interval_says_why() {
    let norm = Norm::skm_2017();
    let none = |sums: &RunningSums, population| interval(&norm, sums, population).unwrap_err();
    let too_few = IntervalError::TooFewRespondents { respondents: 1 };
    assert_eq!(none(&uniform(3, 1), Population::Unknown), too_few);
    let too_small = IntervalError::PopulationTooSmall { respondents: 12, population: 11 };
    assert_eq!(none(&uniform(3, 12), Population::Counted(11)), too_small);
    let unanswered = IndexError::ElementUnanswered { code: "U1".to_owned() };
    let empty = RunningSums::new(&norm);
    assert_eq!(none(&empty, Population::Unknown), IntervalError::NoIndex(unanswered.clone()));
    let element = |code| element_interval(&norm, &empty, code, Population::Unknown).unwrap_err();
    assert_eq!(element("U1"), IntervalError::NoIndex(unanswered));
    assert_eq!(element("X"), IntervalError::UnknownElement { code: "X".to_owned() });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_index_agrees_with_the_oracle(raw in proptest::collection::vec(answer_strategy(), 1..14)) {
        let found = index(&Norm::skm_2017(), &sums_of(&raw));
        match oracle::hundredths(&raw) {
            Ok(hundredths) => {
                let found = found.unwrap();
                prop_assert_eq!(i128::from(found.score().rounded_hundredths()), hundredths);
                prop_assert_eq!(found.to_string(), format!("{}.{:02}", hundredths / 100, hundredths % 100));
                for (position, proof) in found.proof().iter().enumerate() {
                    let scores: Vec<u64> = oracle::scores(&raw, position).collect();
                    prop_assert_eq!(proof.n, scores.len() as u64);
                    prop_assert_eq!(proof.sum, scores.iter().sum::<u64>());
                }
            }
            Err(position) => prop_assert_eq!(
                found.unwrap_err(),
                IndexError::ElementUnanswered { code: CODES[position].to_owned() }
            ),
        }
    }

    #[test]
    fn the_standard_error_agrees_with_residuals_of_raw_answers(
        raw in proptest::collection::vec(answer_strategy(), 2..25),
    ) {
        let norm = Norm::skm_2017();
        let sums = sums_of(&raw);
        if let Some(expected) = oracle::standard_error(&raw) {
            let found = interval(&norm, &sums, Population::Unknown).unwrap();
            prop_assert!((found.standard_error - expected).abs() < 1e-9 * (1.0 + expected));
            prop_assert_eq!(found.degrees_of_freedom, sums.respondents() - 1);
        }
    }

    #[test]
    fn parts_merged_in_any_order_are_the_whole(
        raw in proptest::collection::vec(answer_strategy(), 0..20),
        cut in 0..20_usize,
    ) {
        let (left, right) = raw.split_at(cut.min(raw.len()));
        let mut merged = sums_of(right);
        merged.merge(&sums_of(left)).unwrap();
        prop_assert_eq!(merged, sums_of(&raw));
    }
}
