//! Needs by table, Benjamini–Hochberg against published and R's values.

use proptest::prelude::*;

use super::*;

fn proof(sums: &[(&str, u64, u64)]) -> Vec<ElementProof> {
    let element =
        |(code, n, sum): &(&str, u64, u64)| ElementProof { code: (*code).to_owned(), n: *n, sum: *sum };
    sums.iter().map(element).collect()
}

/// A figure against the target 76.61.
fn figure(unit: &str, respondents: u64, value: f64, standard_error: f64) -> UnitFigure {
    let measure = Measure { respondents, value, standard_error, target: 76.61 };
    let elements = proof(&[("U1", 40, 120), ("U3", 40, 100), ("U7", 40, 110)]);
    UnitFigure::try_new(unit.to_owned(), measure, elements).unwrap()
}

fn period(number: u32, figures: Vec<UnitFigure>) -> Period {
    Period { number, figures }
}

fn units_in_need(periods: &[Period]) -> Vec<String> {
    let needs = needs(&Rule::default(), periods).unwrap();
    needs.into_iter().map(|need| need.unit).collect()
}

#[test]
fn a_unit_clearly_below_its_target_in_two_periods_needs_training_in_its_weakest_element() {
    let periods = [
        period(7, vec![figure("a", 40, 70.0, 2.0), figure("b", 40, 80.0, 2.0)]),
        period(8, vec![figure("b", 40, 80.0, 2.0), figure("a", 30, 71.0, 2.0)]),
    ];
    let needs = needs(&Rule::default(), &periods).unwrap();
    let [need] = needs.as_slice() else { panic!("{needs:?}") };
    assert_eq!((need.unit.as_str(), need.element.as_str()), ("a", "U3"));
    let [before, last] = need.evidence.as_slice() else { panic!("{need:?}") };
    assert_eq!((before.period, last.period, last.units_compared), (7, 8, 2));
    // t = −2.805 with 29 degrees; t(0.975, 29) = 2.045230.
    assert!((last.high - (71.0 + 2.0 * 2.045_229_642)).abs() < 1e-6);
    assert!((last.p_value - 0.004_444_881).abs() < 1e-8, "{}", last.p_value);
    assert!((last.adjusted_p_value - 2.0 * last.p_value).abs() < 1e-15);
}

#[test]
fn one_condition_missing_is_no_need() {
    let good = || figure("a", 40, 70.0, 2.0);
    for (because, earlier, later) in [
        ("29 respondents", figure("a", 29, 70.0, 2.0), good()),
        ("29 respondents last", good(), figure("a", 29, 70.0, 2.0)),
        ("the interval reaches the target", figure("a", 40, 72.9, 2.0), good()),
        ("above the target", good(), figure("a", 40, 90.0, 2.0)),
        ("another unit", figure("b", 40, 70.0, 2.0), good()),
    ] {
        let periods = [period(1, vec![earlier]), period(2, vec![later])];
        assert_eq!(units_in_need(&periods), [""; 0], "{because}");
    }
    assert_eq!(units_in_need(&[period(1, vec![good()]), period(2, vec![good()])]), ["a"]);
}

#[test]
fn one_period_alone_shows_no_need_yet() {
    assert!(units_in_need(&[period(1, vec![figure("a", 40, 60.0, 1.0)])]).is_empty());
    assert!(units_in_need(&[]).is_empty());
}

#[test]
fn only_the_last_two_periods_count() {
    let low = || period(2, vec![figure("a", 40, 60.0, 1.0)]);
    let high = |number| period(number, vec![figure("a", 40, 90.0, 1.0)]);
    let last = period(3, vec![figure("a", 40, 60.0, 1.0)]);
    assert_eq!(units_in_need(&[high(1), low(), last]), ["a"]);
    assert!(units_in_need(&[period(1, vec![figure("a", 40, 60.0, 1.0)]), low(), high(3)]).is_empty());
}

#[test]
fn among_many_good_units_a_lone_faint_signal_is_taken_for_chance() {
    // One-sided p is 0.0215: below 0.025 alone, adjusted over 20 units it is 0.43.
    let faint = |number| {
        let mut figures = vec![figure("faint", 1001, 76.61 - 4.05, 2.0)];
        figures.extend((0..19).map(|unit| figure(&format!("good {unit}"), 1001, 85.0, 2.0)));
        period(number, figures)
    };
    assert!(units_in_need(&[faint(1), faint(2)]).is_empty());
    let alone = |number| period(number, vec![figure("faint", 1001, 76.61 - 4.05, 2.0)]);
    assert_eq!(units_in_need(&[alone(1), alone(2)]), ["faint"]);
}

#[test]
fn units_with_too_few_respondents_are_not_compared() {
    let with_small = |number| {
        let mut figures = vec![figure("faint", 1001, 76.61 - 4.05, 2.0)];
        figures.extend((0..19).map(|unit| figure(&format!("small {unit}"), 29, 85.0, 2.0)));
        period(number, figures)
    };
    let needs = needs(&Rule::default(), &[with_small(1), with_small(2)]).unwrap();
    assert_eq!(needs[0].evidence[1].units_compared, 1);
}

#[test]
fn without_spread_the_value_decides() {
    let exact = |number, value| period(number, vec![figure("a", 40, value, 0.0)]);
    assert_eq!(units_in_need(&[exact(1, 75.0), exact(2, 75.0)]), ["a"]);
    assert!(units_in_need(&[exact(1, 76.61), exact(2, 76.61)]).is_empty());
}

#[test]
fn a_tie_of_weakest_elements_goes_to_the_norms_order() {
    let measure = Measure { respondents: 40, value: 60.0, standard_error: 1.0, target: 76.61 };
    let elements = proof(&[("U1", 10, 30), ("U5", 20, 50), ("U3", 40, 100), ("U9", 4, 16)]);
    let figure = UnitFigure::try_new("a".to_owned(), measure, elements).unwrap();
    assert_eq!(figure.weakest_element(), "U5");
}

#[test]
fn periods_with_a_gap_or_out_of_order_are_refused() {
    for (first, second) in [(1, 3), (2, 1), (1, 1), (u32::MAX, 0)] {
        let error = needs(&Rule::default(), &[period(first, vec![]), period(second, vec![])]);
        assert_eq!(error.unwrap_err(), NeedError::NotConsecutive { period: second });
    }
}

#[test]
fn a_unit_twice_in_a_period_is_refused() {
    let twice = vec![figure("a", 40, 60.0, 1.0), figure("a", 40, 61.0, 1.0)];
    let error = needs(&Rule::default(), &[period(4, twice)]).unwrap_err();
    assert_eq!(error, NeedError::UnitTwice { unit: "a".to_owned(), period: 4 });
}

#[test]
fn figures_that_can_not_be_are_refused() {
    let good = Measure { respondents: 40, value: 60.0, standard_error: 1.0, target: 76.61 };
    let unit = "a".to_owned();
    for bad in [
        Measure { value: f64::NAN, ..good },
        Measure { standard_error: -0.1, ..good },
        Measure { target: f64::INFINITY, ..good },
    ] {
        let error = UnitFigure::try_new(unit.clone(), bad, proof(&[("U1", 1, 1)])).unwrap_err();
        assert_eq!(error, NeedError::Figure { unit: unit.clone() });
    }
    for elements in [vec![], proof(&[("U1", 1, 1), ("U2", 0, 0)])] {
        let error = UnitFigure::try_new(unit.clone(), good, elements).unwrap_err();
        assert_eq!(error, NeedError::Elements { unit: unit.clone() });
    }
}

#[test]
fn a_rule_outside_its_ranges_is_refused() {
    let rule = Rule::default();
    for bad in [
        Rule { least_respondents: 1, ..rule },
        Rule { periods_running: 0, ..rule },
        Rule { confidence: 1.0, ..rule },
        Rule { false_discovery_rate: f64::NAN, ..rule },
    ] {
        assert_eq!(needs(&bad, &[]).unwrap_err(), NeedError::Rule);
    }
}

#[test]
fn benjamini_hochberg_agrees_with_their_paper_and_with_r() {
    // Benjamini & Hochberg 1995, section 3.2 (15 hypotheses); adjusted as by R's p.adjust.
    let p_values = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
        0.6528, 0.7590, 1.0,
    ];
    let adjusted = [
        0.0015,
        0.003,
        0.0095,
        0.035_625,
        0.0603,
        0.063_857_143,
        0.063_857_143,
        0.0645,
        0.0765,
        0.486,
        0.581_181_818,
        0.714_875,
        0.753_230_769,
        0.813_214_286,
        1.0,
    ];
    let found = benjamini_hochberg(&p_values);
    for (found, expected) in found.iter().zip(adjusted) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }
    assert_eq!(found.iter().filter(|adjusted| **adjusted <= 0.05).count(), 4);
}

#[test]
fn adjusted_values_keep_the_order_given() {
    let found = benjamini_hochberg(&[0.8, 0.01, 0.02]);
    let expected = [0.8, 0.03, 0.03];
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
    assert!(benjamini_hochberg(&[]).is_empty());
}

proptest! {
    #[test]
    fn adjusting_rejects_what_the_step_up_procedure_rejects(
        thousandths in proptest::collection::vec(0..=1000_u32, 1..30),
    ) {
        // The paper's own words: the largest k with p(k) <= k q / m, q = 1/10, in integers.
        let mut sorted = thousandths.clone();
        sorted.sort_unstable();
        let count = sorted.len() as u32;
        let passes = |rank: &u32| sorted[*rank as usize - 1] * 10 * count < 1000 * rank;
        let on_the_line = (1..=count).any(|rank| sorted[rank as usize - 1] * 10 * count == 1000 * rank);
        prop_assume!(!on_the_line);
        let cut = (1..=count).filter(passes).max().map(|rank| sorted[rank as usize - 1]);
        let p_values: Vec<f64> = thousandths.iter().map(|p| f64::from(*p) / 1000.0).collect();
        for (p, adjusted) in thousandths.iter().zip(benjamini_hochberg(&p_values)) {
            prop_assert_eq!(adjusted <= 0.1, cut.is_some_and(|cut| *p <= cut));
        }
    }
}
