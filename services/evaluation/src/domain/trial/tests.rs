//! Designs by table, and whether a recorded intervention fits one.

use uuid::Uuid;

use super::*;
use crate::domain::UnitId;

fn periods(texts: &[&str]) -> Vec<Period> {
    texts.iter().map(|text| Period::parse(text).unwrap()).collect()
}

fn units(from: u128) -> Vec<String> {
    (from..from + 4).map(|unit| UnitId(Uuid::from_u128(unit)).to_string()).collect()
}

fn design(pre: &[&str], post: &[&str]) -> Result<Design, DesignRefused> {
    Design::try_new(Outcome::Ikm, (units(1), units(5)), (periods(pre), periods(post)))
}

/// Two months before, a gap, one after; treated units rise by 4 and a bit.
fn study() -> Study {
    let design = design(&["2026-01", "2026-02"], &["2026-04"]).unwrap();
    let at = Timestamp::UNIX_EPOCH;
    let row = |unit: usize| {
        let after = if unit < 4 {
            ["84.1", "84.3", "84.0", "84.2"][unit]
        } else {
            ["80.0", "80.1", "80.2", "80.3"][unit - 4]
        };
        ["80.00", "80.00", after].map(str::to_owned)
    };
    Study {
        id: StudyId(Uuid::nil()),
        version: 1,
        title: String::new(),
        intervention: Some(ProgrammeId(Uuid::nil())),
        design,
        seed: 0,
        values: (0..8).flat_map(row).collect(),
        registered_by: None,
        state: StudyState::Registered,
        created_at: at,
        updated_at: at,
    }
}

fn concluded(started: &[(u128, &str)]) -> Conclusion {
    let study = study();
    let started: Vec<Started> =
        started.iter().map(|(unit, day)| (UnitId(Uuid::from_u128(*unit)), day.parse().unwrap())).collect();
    conclude(&study, (&study.values, String::new()), &started, Timestamp::UNIX_EPOCH).unwrap()
}

const TOGETHER: [(u128, &str); 4] =
    [(1, "2026-03-01"), (2, "2026-03-31"), (3, "2026-04-01"), (4, "2026-03-02")];

#[test]
fn an_intervention_in_the_gap_is_estimated() {
    let conclusion = concluded(&TOGETHER);
    assert_eq!((conclusion.verdict, conclusion.reason), (Verdict::Improved, None));
    assert_eq!(conclusion.p, Some(PValue { numerator: 2, denominator: 70 }));
    assert_eq!(conclusion.means.len(), 3);
}

#[test]
fn what_was_recorded_must_fit_the_design() {
    let with = |unit: usize, day: &'static str| {
        let mut started = TOGETHER.to_vec();
        started[unit].1 = day;
        started
    };
    let also = |unit, day| [TOGETHER.as_slice(), &[(unit, day)]].concat();
    for (started, reason) in [
        (with(0, "2026-02-28"), Reason::Staggered),
        (with(0, "2026-04-02"), Reason::Staggered),
        (with(0, "2026-05-01"), Reason::NotTreated),
        (also(5, "2026-04-30"), Reason::ComparisonTreated),
        (vec![], Reason::NotTreated),
    ] {
        let conclusion = concluded(&started);
        assert_eq!((conclusion.verdict, conclusion.reason), (Verdict::NotEstimable, Some(reason)));
        assert_eq!((conclusion.effect, conclusion.p, conclusion.placebo), (None, None, None));
    }
    assert_eq!(concluded(&also(5, "2026-05-01")).verdict, Verdict::Improved, "after the last period");
}

#[test]
fn a_missing_value_is_named_before_what_was_recorded() {
    let mut study = study();
    study.values[4] = String::new();
    let conclusion = conclude(&study, (&study.values, String::new()), &[], Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(conclusion.reason, Some(Reason::ValuesMissing));
    assert_eq!(conclusion.means, []);
}

#[test]
fn periods_out_of_order_or_of_two_lengths_are_refused() {
    for (pre, post, field) in [
        (&["2026-02", "2026-01"][..], &["2026-03"][..], "pre_periods"),
        (&["2026-01", "2026-03"], &["2026-04"], "pre_periods"),
        (&["2026-01", "2026-Q1"], &["2026-04"], "pre_periods"),
        (&["2026-01"], &["2026-Q2"], "post_periods"),
        (&["2026-01"], &["2026-01"], "post_periods"),
        (&["2026-01"], &["2025-12"], "post_periods"),
        (&["2026-01"], &["2026-02", "2026-04"], "post_periods"),
    ] {
        assert_eq!(design(pre, post), Err(DesignRefused::PeriodsInvalid { field }), "{pre:?} {post:?}");
    }
    assert!(design(&["2025-Q4", "2026-Q1"], &["2026-Q3", "2026-Q4"]).is_ok());
}

#[test]
fn a_unit_in_both_groups_is_refused_however_it_is_written() {
    let treated = vec!["units/0000000a-0000-0000-0000-000000000000".to_owned()];
    let comparison = vec!["units/0000000A-0000-0000-0000-000000000000".to_owned()];
    let both = (periods(&["2026-01"]), periods(&["2026-02"]));
    let refused = Design::try_new(Outcome::Ikm, (treated, comparison), both.clone());
    assert_eq!(refused, Err(DesignRefused::UnitRepeated { field: "comparison_units[0]".to_owned() }));
    let labels = Design::try_new(Outcome::Ikm, (vec!["A".to_owned()], vec!["B".to_owned()]), both);
    assert_eq!(labels, Err(DesignRefused::NotAUnit { field: "treated_units[0]".to_owned() }));
}

#[test]
fn given_values_are_put_into_the_studys_order_or_refused() {
    let label = |label: &str| label.to_owned();
    let (treated, comparison) = (vec![label("A")], vec![label("B")]);
    let design =
        Design::try_new(Outcome::Given, (treated, comparison), (periods(&["2025"]), periods(&["2026"])))
            .unwrap();
    let row = |unit: &str, values: &[&str]| (label(unit), values.iter().map(|value| label(value)).collect());
    let rows = [row("B", &["3", "4"]), row("A", &["1.50", "2"])];
    assert_eq!(design.values(&rows).unwrap(), ["1.50", "2", "3", "4"]);
    for rows in [
        vec![row("A", &["1", "2"])],
        vec![row("A", &["1", "2"]), row("A", &["1", "2"])],
        vec![row("A", &["1", "2"]), row("C", &["1", "2"])],
        vec![row("A", &["1", "2"]), row("B", &["1"])],
        vec![row("A", &["1", "2"]), row("B", &["1", "x"])],
    ] {
        assert!(matches!(design.values(&rows), Err(DesignRefused::DataInvalid { .. })), "{rows:?}");
    }
}
