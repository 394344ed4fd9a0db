//! Studies against the written fixture, an enumeration by bit masks and another program.

mod inference;
mod shape;

use super::decimal::Decimal;
use super::input::{Groups, InputError, Periods};
use super::series::{Phase, PlotMean, plot};
use super::*;

/// `name value value …` per line, all in one stratum; `-` is missing.
fn units(lines: &str) -> Vec<UnitSeries> {
    let series = |line: &str| {
        let mut words = line.split_whitespace();
        UnitSeries {
            unit: words.next().unwrap().to_owned(),
            stratum: String::new(),
            values: words.map(|word| (word != "-").then(|| word.parse().unwrap())).collect(),
        }
    };
    lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(series).collect()
}

fn labels(prefix: &str, count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("{prefix}{number}")).collect()
}

fn input(pre: usize, post: usize, treated: &str, comparison: &str) -> StudyInput {
    let periods = Periods { pre: labels("before ", pre), post: labels("after ", post) };
    let groups = Groups { treated: units(treated), comparison: units(comparison) };
    StudyInput::try_new(periods, groups, Starts::Together, Better::Higher).unwrap()
}

const TREATED: &str = "A 78.5 78.4 81.4 82.1
    B 80.0 80.7 82.9 84.4
    C 75.4 75.9 78.7 79.2
    D 82.2 82.1 85.1 86.0";
const COMPARISON: &str = "E 78.8 79.5 80.4 80.2
    F 77.4 77.7 78.2 78.8
    G 80.9 81.8 82.4 82.3
    H 76.3 76.4 77.2 77.7";

fn estimate(result: StudyResult) -> Estimate {
    match result {
        StudyResult::Estimated(estimate) => *estimate,
        StudyResult::NotEstimable(reasons) => panic!("{reasons:?}"),
    }
}

fn concluded(pre: usize, post: usize, treated: &str, comparison: &str) -> (Verdict, Estimate) {
    let result = conclude(&input(pre, post, treated, comparison), 0);
    (result.verdict(), estimate(result))
}

#[test]
fn the_fixture_gives_every_number_written_down() {
    let (verdict, found) = concluded(2, 2, TREATED, COMPARISON);
    assert_eq!(verdict, Verdict::Improved);
    assert!(found.doubts().is_empty());
    assert_eq!(found.effect.exact, BigRational::new(2275.into(), 1000.into()));
    assert_eq!(found.effect.value(), 2.275);
    let interval = found.interval.unwrap();
    assert!((interval.standard_error - 0.05204).abs() < 5e-6, "{interval:?}");
    assert!((interval.degrees_of_freedom - 4.651).abs() < 5e-4, "{interval:?}");
    assert!((interval.low - 2.1381).abs() < 5e-5, "{interval:?}");
    assert!((interval.high - 2.4119).abs() < 5e-5, "{interval:?}");
    let p = PValue { numerator: 2, denominator: 70, basis: assignments::Basis::Exact };
    assert_eq!(found.effect.p, p);
    assert_eq!(format!("{:.4}", found.effect.p.value()), "0.0286");
    assert_eq!(found.placebo.exact, BigRational::new((-1).into(), 4.into()));
    let p = PValue { numerator: 34, denominator: 70, basis: assignments::Basis::Exact };
    assert_eq!(found.placebo.p, p);
}

#[test]
fn where_lower_is_better_the_same_rise_is_a_worsening() {
    let periods = Periods { pre: labels("b", 2), post: labels("a", 2) };
    let groups = Groups { treated: units(TREATED), comparison: units(COMPARISON) };
    let hours = StudyInput::try_new(periods, groups, Starts::Together, Better::Lower).unwrap();
    assert_eq!(conclude(&hours, 0).verdict(), Verdict::Worsened);
}

#[test]
fn swapping_the_groups_turns_the_verdict_and_keeps_the_p() {
    let (verdict, found) = concluded(2, 2, COMPARISON, TREATED);
    assert_eq!((verdict, found.effect.value()), (Verdict::Worsened, -2.275));
    assert_eq!((found.effect.p.numerator, found.placebo.p.numerator), (2, 34));
}

#[test]
fn the_order_of_units_changes_neither_result_nor_bytes() {
    let reversed = |lines: &str| lines.lines().rev().collect::<Vec<_>>().join("\n");
    let (first, second) =
        (input(2, 2, TREATED, COMPARISON), input(2, 2, &reversed(TREATED), &reversed(COMPARISON)));
    assert_eq!(conclude(&first, 9), conclude(&second, 9));
    assert_eq!(first.canonical_bytes(), second.canonical_bytes());
}

#[test]
fn without_any_spread_there_is_no_interval_and_no_verdict() {
    let treated = "A 1 1 3\nB 2 2 4\nC 3 3 5\nD 4 4 6";
    let comparison = "E 1 1 1\nF 2 2 2\nG 3 3 3\nH 4 4 4";
    let (verdict, found) = concluded(2, 1, treated, comparison);
    assert_eq!((verdict, found.interval), (Verdict::Inconclusive, None));
    assert_eq!(found.doubts(), [Doubt::NoInterval]);
    assert_eq!(found.effect.p.numerator, 2);
}

#[test]
fn a_group_without_spread_leaves_the_other_groups_degrees_of_freedom() {
    let treated = "A 1 1 3\nB 2 2 4\nC 3 3 5\nD 4 4 6";
    let comparison = "E 1 1 1\nF 2 2 2\nG 3 3 3\nH 4 4 5";
    let (verdict, found) = concluded(2, 1, treated, comparison);
    // Changes 2, 2, 2, 2 and 0, 0, 0, 1: s² of the second is 1/4, by 4 units 1/16.
    let interval = found.interval.unwrap();
    assert_eq!(found.effect.value(), 1.75);
    assert_eq!((interval.standard_error, interval.degrees_of_freedom), (0.25, 3.0));
    assert!((interval.low - (1.75 - 0.25 * 3.182_446_305)).abs() < 1e-7);
    assert_eq!(verdict, Verdict::Improved);
}

#[test]
fn no_difference_is_inconclusive_with_its_reasons() {
    let treated = "A 1 1 1\nB 2 2 3\nC 3 3 5\nD 4 4 7";
    let comparison = "E 1 1 1\nF 2 2 3\nG 3 3 5\nH 4 4 7";
    let (verdict, found) = concluded(2, 1, treated, comparison);
    assert_eq!(verdict, Verdict::Inconclusive);
    assert_eq!(found.doubts(), [Doubt::IntervalIncludesZero, Doubt::PAboveLevel]);
    assert_eq!((found.effect.p.numerator, found.placebo.p.numerator), (70, 70));
}

#[test]
fn groups_that_moved_apart_before_the_start_are_inconclusive() {
    let treated = "A 1 3.0 6\nB 2 4.1 7.1\nC 3 5.2 8\nD 4 6.1 9";
    let comparison = "E 1 1.0 1\nF 2 2.1 2\nG 3 3.2 3\nH 4 4.1 4.1";
    let (verdict, found) = concluded(2, 1, treated, comparison);
    assert_eq!(verdict, Verdict::Inconclusive);
    assert_eq!(found.doubts(), [Doubt::PlaceboRejects]);
}

#[test]
fn assignments_that_tie_with_the_observed_one_count() {
    let treated = "A 1 1 3.1\nB 2 2 4\nC 3 3 5\nD 4 4 6";
    let comparison = "E 1 1 3.1\nF 2 2 2\nG 3 3 3\nH 4 4 4.1\nI 5 5 5";
    let (_, found) = concluded(2, 1, treated, comparison);
    // Itself; A for E, which changed alike; A and E with two others (3); E's group without E (1).
    assert_eq!((found.effect.p.numerator, found.effect.p.denominator), (6, 126));
}

#[test]
fn every_reason_a_design_can_not_be_estimated_is_named() {
    let periods = Periods { pre: labels("b", 1), post: vec![] };
    let groups = Groups { treated: units("A 1\nB -"), comparison: units("C 1\nD 2\nE 3\nF 4") };
    let input = StudyInput::try_new(periods, groups, Starts::Staggered, Better::Higher).unwrap();
    let result = conclude(&input, 0);
    assert_eq!(result.verdict().as_str(), "NOT_ESTIMABLE");
    let StudyResult::NotEstimable(reasons) = result else { panic!("{result:?}") };
    let words: Vec<&str> = reasons.iter().map(NotEstimable::as_str).collect();
    assert_eq!(words, ["TOO_FEW_UNITS", "TOO_FEW_PERIODS", "STAGGERED", "MISSING_VALUE"]);
    assert_eq!(reasons[0], NotEstimable::TooFewUnits { treated: 2, comparison: 4 });
    let missing = MissingValue { unit: "B".to_owned(), period: "b1".to_owned() };
    assert_eq!(reasons[3], NotEstimable::MissingValue(missing));
}

#[test]
fn each_bound_alone_makes_a_design_not_estimable() {
    let four = "A 1 1 2\nB 2 2 4\nC 3 3 5\nD 4 4 7";
    let others = "E 1 1 1\nF 2 2 2\nG 3 3 3\nH 4 4 5";
    let verdict =
        |pre, post, treated, comparison| conclude(&input(pre, post, treated, comparison), 0).verdict();
    assert_ne!(verdict(2, 1, four, others), Verdict::NotEstimable);
    assert_eq!(verdict(1, 2, four, others), Verdict::NotEstimable);
    assert_eq!(verdict(3, 0, four, others), Verdict::NotEstimable);
    assert_eq!(verdict(2, 1, &four[8..], others), Verdict::NotEstimable);
    assert_eq!(verdict(2, 1, four, &others[8..]), Verdict::NotEstimable);
    assert_eq!(verdict(2, 1, four, &others.replace("G 3 3 3", "G 3 - 3")), Verdict::NotEstimable);
}

#[test]
fn a_staggered_start_alone_makes_a_design_not_estimable() {
    let periods = Periods { pre: labels("b", 2), post: labels("a", 2) };
    let groups = Groups { treated: units(TREATED), comparison: units(COMPARISON) };
    let input = StudyInput::try_new(periods, groups, Starts::Staggered, Better::Higher).unwrap();
    assert_eq!(conclude(&input, 0), StudyResult::NotEstimable(vec![NotEstimable::Staggered]));
}

#[test]
fn a_plot_shows_both_means_by_period_and_no_mean_of_some() {
    let points = plot(&input(2, 2, TREATED, COMPARISON));
    let value = |text: &str| PlotMean::Value(text.to_owned());
    let means: Vec<_> = points.iter().map(|point| (&point.treated, &point.comparison)).collect();
    assert_eq!(means[0], (&value("79.0250"), &value("78.3500")));
    assert_eq!(means[3], (&value("82.9250"), &value("79.7500")));
    assert_eq!((points[1].phase, points[2].phase), (Phase::Pre, Phase::Post));
    assert_eq!(points[2].period, "after 1");
    let partial = plot(&input(1, 1, "A -1 -\nB -2 1\nC -2 1", ""));
    assert_eq!((&partial[0].treated, &partial[0].comparison), (&value("-1.6667"), &PlotMean::Missing));
    assert_eq!(partial[1].treated, PlotMean::Missing);
    let tiny = plot(&input(1, 1, "A -0.00004 -0.00005", ""));
    assert_eq!((&tiny[0].treated, &tiny[1].treated), (&value("0.0000"), &value("-0.0001")));
}
