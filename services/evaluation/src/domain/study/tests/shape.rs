//! Decimals, the checks of an input's shape and its canonical bytes.

use proptest::prelude::*;

use super::*;

fn refused(pre: Vec<String>, treated: Vec<UnitSeries>, comparison: Vec<UnitSeries>) -> InputError {
    let periods = Periods { pre, post: vec![] };
    let groups = Groups { treated, comparison };
    StudyInput::try_new(periods, groups, Starts::Together, Better::Higher).unwrap_err()
}

#[test]
fn decimals_are_read_exactly_and_written_shortest() {
    for (text, millionths, shortest) in [
        ("78.50", 78_500_000, "78.5"),
        ("80", 80_000_000, "80"),
        ("-0.25", -250_000, "-0.25"),
        ("0.000001", 1, "0.000001"),
        ("-0", 0, "0"),
        ("007.10", 7_100_000, "7.1"),
        ("999999999999.999999", 999_999_999_999_999_999, "999999999999.999999"),
    ] {
        let decimal: Decimal = text.parse().unwrap();
        assert_eq!((decimal.millionths(), decimal.to_string().as_str()), (millionths, shortest));
    }
    assert_eq!(Decimal::from_hundredths(8831), "88.31".parse().unwrap());
}

#[test]
fn what_is_not_a_plain_decimal_is_refused() {
    for text in [
        "",
        "-",
        ".",
        ".5",
        "5.",
        "+5",
        "1e3",
        "1,5",
        " 1",
        "1 ",
        "--1",
        "1.2.3",
        "0.0000001",
        "1000000000000",
        "NaN",
        "٣",
        "1.-5",
        "-.5",
    ] {
        assert!(text.parse::<Decimal>().is_err(), "{text:?}");
    }
}

#[test]
fn malformed_inputs_are_refused_by_name() {
    let twice = InputError::UnitTwice { unit: "A".to_owned() };
    assert_eq!(refused(labels("b", 1), units("A 1"), units("A 1")), twice);
    assert_eq!(refused(labels("b", 1), units("A 1\nA 2"), vec![]), twice);
    let period = InputError::PeriodTwice { period: "x".to_owned() };
    assert_eq!(refused(vec!["x".to_owned(); 2], vec![], vec![]), period);
    let count = InputError::ValueCount { unit: "A".to_owned(), expected: 2, found: 1 };
    assert_eq!(refused(labels("b", 2), units("A 1"), vec![]), count);
    assert_eq!(refused(labels("b", 241), vec![], vec![]), InputError::TooManyPeriods);
    let many: String = (0..1001).map(|number| format!("{number} 1\n")).collect();
    assert_eq!(refused(labels("b", 1), units(&many), vec![]), InputError::TooManyUnits);
}

#[test]
fn canonical_bytes_are_as_documented() {
    let bytes = input(1, 1, "B 2.50 -\nA -1 3", "").canonical_bytes();
    let expected = "13:study-input/1\n8:together\n6:higher\n1:1\n8:before 1\n1:1\n7:after 1\n\
        1:2\n1:A\n0:\n2:-1\n1:3\n1:B\n0:\n3:2.5\n1:-\n1:0\n";
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn canonical_bytes_do_not_depend_on_the_spelling_of_decimals() {
    let (short, long) = (input(1, 1, "A 1.5 2", ""), input(1, 1, "A 1.500 2.0", ""));
    assert_eq!(short.canonical_bytes(), long.canonical_bytes());
}

#[test]
fn the_largest_values_and_sizes_do_not_overflow() {
    let periods = Periods { pre: labels("b", 120), post: labels("a", 120) };
    let row = |unit: usize| UnitSeries {
        unit: unit.to_string(),
        stratum: if !(4..=995).contains(&unit) { "s".to_owned() } else { unit.to_string() },
        values: (0..240)
            .map(|period| {
                let sign = if (period < 120) == (unit < 500) { "-" } else { "" };
                Some(format!("{sign}999999999999.999999").parse().unwrap())
            })
            .collect(),
    };
    let groups = Groups { treated: (0..500).map(row).collect(), comparison: (500..1000).map(row).collect() };
    let input = StudyInput::try_new(periods, groups, Starts::Together, Better::Higher).unwrap();
    let result = conclude(&input, 0);
    assert_eq!(result.verdict(), Verdict::Inconclusive);
    let p = estimate(result).effect.p;
    assert_eq!((p.numerator, p.denominator), (1, 70));
}

proptest! {
    #[test]
    fn a_decimal_written_is_read_back(millionths in -999_999_999_999_999_999..=999_999_999_999_999_999_i64) {
        let sign = if millionths < 0 { "-" } else { "" };
        let size = millionths.unsigned_abs();
        let text = format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000);
        let decimal: Decimal = text.parse().unwrap();
        prop_assert_eq!(decimal.millionths(), millionths);
        prop_assert_eq!(decimal.to_string().parse::<Decimal>().unwrap(), decimal);
    }
}
