//! What is refused on the way to an index.

use super::super::answer::{Answer, AnswerError, MOST_ITEMS_PER_ELEMENT};
use super::super::norm::{Element, Norm, NormError, NormId};
use super::super::sums::{RunningSums, SumsError};
use super::super::{IndexError, index, pooled};
use super::{CODES, rational, uniform};

fn element(code: &str, weight: (i64, i64)) -> Element {
    let weight = rational(weight.0, weight.1);
    Element { code: code.to_owned(), name_id: "nama".to_owned(), weight }
}

fn other_norm() -> Norm {
    let id = NormId { code: "skm-2017".to_owned(), version: 2 };
    Norm::try_new(id, Norm::skm_2017().elements().to_vec()).unwrap()
}

#[test]
fn a_score_outside_1_to_4_names_its_element() {
    for score in [0, 5, 255] {
        let items = [("U1", Some(4)), ("U7", Some(score))];
        let error = Answer::try_new(&Norm::skm_2017(), items).unwrap_err();
        assert_eq!(error, AnswerError::ScoreOutOfRange { code: "U7".to_owned(), score });
    }
}

#[test]
fn an_unknown_element_is_named_even_if_blank() {
    let error = Answer::try_new(&Norm::skm_2017(), [("U10", None)]).unwrap_err();
    assert_eq!(error, AnswerError::UnknownElement { code: "U10".to_owned() });
}

#[test]
fn a_blank_form_is_no_respondent() {
    let error = Answer::try_new(&Norm::skm_2017(), [("U1", None), ("U2", None)]).unwrap_err();
    assert_eq!(error, AnswerError::NothingAnswered);
}

#[test]
fn more_items_than_the_bound_are_refused() {
    let items = (0..=MOST_ITEMS_PER_ELEMENT).map(|_| ("U4", Some(2)));
    let error = Answer::try_new(&Norm::skm_2017(), items).unwrap_err();
    assert_eq!(error, AnswerError::TooManyItems { code: "U4".to_owned() });
}

#[test]
fn weights_must_add_to_one_exactly() {
    let norm = |elements| Norm::try_new(NormId { code: "x".to_owned(), version: 1 }, elements).unwrap_err();
    let rounded: Vec<Element> = CODES.iter().map(|code| element(code, (111, 1000))).collect();
    assert_eq!(norm(rounded), NormError::WeightsNotOne);
    assert_eq!(norm(vec![]), NormError::ElementCount(0));
    let twice = vec![element("A", (1, 2)), element("A", (1, 2))];
    assert_eq!(norm(twice), NormError::ElementTwice { code: "A".to_owned() });
    let zero = vec![element("A", (1, 1)), element("B", (0, 1))];
    assert_eq!(norm(zero), NormError::WeightNotPositive { code: "B".to_owned() });
}

#[test]
fn the_norm_of_2017_passes_its_own_checks() {
    let norm = Norm::skm_2017();
    assert_eq!(Norm::try_new(norm.id().clone(), norm.elements().to_vec()).unwrap(), norm);
    assert_eq!(norm.id().to_string(), "skm-2017/1");
}

#[test]
fn sums_of_another_norm_are_refused() {
    let other = other_norm();
    let mut sums = uniform(3, 2);
    assert_eq!(index(&other, &sums).unwrap_err(), IndexError::OtherNorm);
    let answer = Answer::try_new(&other, [("U1", Some(1))]).unwrap();
    assert_eq!(sums.add(&answer).unwrap_err(), SumsError::OtherNorm);
    let empty = RunningSums::new(&other);
    assert_eq!(sums.merge(&empty).unwrap_err(), SumsError::OtherNorm);
    assert_eq!(pooled(&other, &[empty, sums]).unwrap_err(), IndexError::OtherNorm);
}
