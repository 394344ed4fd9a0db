//! Sums stored as plain integers and read back.

use proptest::prelude::*;

use super::super::answer::Answer;
use super::super::interval::{Population, interval};
use super::super::norm::Norm;
use super::super::sums::{RunningSums, SumsError};
use super::super::{IndexError, pooled};
use super::oracle::{answer_of, answer_strategy, sums_of};
use super::{CODES, rational, uniform};

fn read(parts: &[i64]) -> Result<RunningSums, SumsError> {
    RunningSums::from_parts(&Norm::skm_2017(), CODES, parts)
}

/// The same norm, its elements in another order, as a form may have them.
fn turned(norm: &Norm) -> Norm {
    let mut elements = norm.elements().to_vec();
    elements.rotate_left(2);
    elements.swap(0, 5);
    Norm::try_new(norm.id().clone(), elements).unwrap()
}

fn codes(norm: &Norm) -> impl Iterator<Item = &str> {
    norm.elements().iter().map(|element| element.code.as_str())
}

#[test]
fn parts_come_in_the_documented_order() {
    let two_elements = {
        let whole = Norm::skm_2017();
        let mut elements = whole.elements()[..2].to_vec();
        for element in &mut elements {
            element.weight = rational(1, 2);
        }
        Norm::try_new(whole.id().clone(), elements).unwrap()
    };
    let mut sums = RunningSums::new(&two_elements);
    for items in
        [vec![("U1", Some(4)), ("U1", Some(3)), ("U2", Some(2))], vec![("U1", Some(1)), ("U2", None)]]
    {
        sums.add(&Answer::try_new(&two_elements, items).unwrap()).unwrap();
    }
    // U1: m = 2, 1 and s = 7, 1. U2: m = 1, 0 and s = 2, 0.
    let respondents = [2];
    let first = [2, 3, 8, 5, 15, 50];
    let second = [1, 1, 2, 1, 2, 4];
    let pair = [2, 7, 4, 14];
    let expected = [respondents.as_slice(), &first, &second, &pair].concat();
    assert_eq!(sums.to_parts(), expected);
}

#[test]
fn the_nine_elements_of_2017_make_199_parts_and_no_answers_read_back_too() {
    let empty = RunningSums::new(&Norm::skm_2017());
    assert_eq!(empty.to_parts(), [0; 199]);
    assert_eq!(read(&[0; 199]).unwrap(), empty);
}

#[test]
fn codes_that_are_missing_double_or_unknown_are_refused() {
    let norm = Norm::skm_2017();
    let parts = uniform(3, 7).to_parts();
    let refused = |codes: &[&str], named: &str| {
        let error = RunningSums::from_parts(&norm, codes.iter().copied(), &parts).unwrap_err();
        assert_eq!(error, SumsError::Element(named.to_owned()));
    };
    refused(&CODES[..8], "U9");
    refused(&[], "U1");
    let mut double = CODES;
    double[1] = "U1";
    refused(&double, "U1");
    let mut unknown = CODES;
    unknown[3] = "X";
    refused(&unknown, "X");
}

#[test]
fn too_many_too_few_or_negative_parts_are_refused() {
    let mut parts = uniform(3, 7).to_parts();
    for found in [0, 1, 198, 200] {
        let mut wrong = parts.clone();
        wrong.resize(found, 0);
        let expected = 199;
        assert_eq!(read(&wrong).unwrap_err(), SumsError::PartCount { expected, found });
    }
    parts[198] = -1;
    assert_eq!(read(&parts).unwrap_err(), SumsError::Negative);
}

#[test]
fn parts_that_no_answers_can_have_are_refused_by_name() {
    // Seven respondents who gave 3 everywhere; U5 begins at 1 + 4 · 6, U1 with U3 at 55 + 4.
    let (fifth, first_with_third) = (25, 59);
    let good = uniform(3, 7).to_parts();
    for (at, value) in [(0, 8), (0, 0), (1, 6), (2, 29), (2, 6), (3, 6), (4, 29), (5, 200)] {
        let mut parts = good.clone();
        parts[fifth + at] = value;
        let named = SumsError::Contradiction("U5".to_owned());
        assert_eq!(read(&parts).unwrap_err(), named, "{at} is {value}");
    }
    for (at, value) in [(0, 8), (1, 29), (2, 6), (3, 113)] {
        let mut parts = good.clone();
        parts[first_with_third + at] = value;
        let named = SumsError::Contradiction("U1 with U3".to_owned());
        assert_eq!(read(&parts).unwrap_err(), named, "{at} is {value}");
    }
    let mut nobody = good;
    nobody[0] = 6;
    let named = SumsError::Contradiction("U1".to_owned());
    assert_eq!(read(&nobody).unwrap_err(), named);
}

#[test]
fn an_overflow_leaves_the_sums_as_they_were() {
    let huge = i64::MAX / 4;
    let mut parts = [huge; 199];
    parts[198] = i64::MAX;
    let mut sums = read(&parts).unwrap();
    assert_eq!(sums.to_parts(), parts);
    let before = sums.clone();
    assert_eq!(sums.merge(&uniform(3, 1)).unwrap_err(), SumsError::Overflow);
    assert_eq!(sums, before);
    let pooled = pooled(&Norm::skm_2017(), &[before, uniform(3, 1)]);
    assert_eq!(pooled.unwrap_err(), IndexError::Overflow);
}

proptest! {
    #[test]
    fn stored_sums_read_back_as_they_were(
        raw in proptest::collection::vec(answer_strategy(), 0..12),
    ) {
        let sums = sums_of(&raw);
        prop_assert_eq!(read(&sums.to_parts()).unwrap(), sums);
    }

    #[test]
    fn sums_stored_in_another_order_of_elements_are_read_by_code(
        raw in proptest::collection::vec(answer_strategy(), 2..12),
    ) {
        let (norm, turned) = (Norm::skm_2017(), turned(&Norm::skm_2017()));
        let mut stored = RunningSums::new(&turned);
        for respondent in &raw {
            stored.add(&answer_of(&turned, respondent)).unwrap();
        }
        let found = RunningSums::from_parts(&norm, codes(&turned), &stored.to_parts()).unwrap();
        prop_assert_eq!(&found, &sums_of(&raw));
        prop_assert_eq!(
            interval(&norm, &found, Population::Unknown).ok(),
            interval(&turned, &stored, Population::Unknown).ok()
        );
    }
}
