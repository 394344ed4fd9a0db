//! Rules by table: what matches, why not, and which sets make no sense.

use jiff::civil::{Time, date, time};

use super::*;

fn unit(number: u128) -> UnitId {
    UnitId(Uuid::from_u128(number))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn rule(categories: &[&str], area_codes: &[&str], assets: &[&str], number: u128) -> Rule {
    Rule {
        note: String::new(),
        categories: words(categories),
        area_codes: words(area_codes),
        assets: words(assets),
        window: Window::default(),
        unit: unit(number),
    }
}

fn at_hours(from: Time, until: Time) -> Window {
    Window::try_new((None, None), Vec::new(), Some((from, until))).unwrap()
}

fn matter() -> Matter {
    Matter {
        category: "jalan".to_owned(),
        kelurahan_code: "31.74.01.1001".to_owned(),
        asset: "jalan-nasional".to_owned(),
        // A Tuesday.
        filed_at: date(2026, 3, 3).at(23, 30, 0, 0),
    }
}

fn names() -> Names {
    Names {
        categories: words(&["jalan", "sampah"]).into_iter().collect(),
        area_codes: words(&["31", "31.74", "31.74.01", "31.74.01.1001"]).into_iter().collect(),
        units: (1..=3).map(Uuid::from_u128).collect(),
    }
}

#[test]
fn the_first_rule_that_matches_wins_and_those_before_say_why_not() {
    let late = Rule { window: at_hours(time(6, 0, 0, 0), time(22, 0, 0, 0)), ..rule(&[], &[], &[], 1) };
    let rules = Rules(vec![
        rule(&["sampah"], &[], &[], 1),
        rule(&["jalan"], &["31.75"], &[], 1),
        rule(&["jalan"], &[], &["jembatan"], 1),
        late,
        rule(&["sampah", "jalan"], &["31.71", "31.74"], &["jalan-nasional"], 2),
        rule(&[], &[], &[], 3),
    ]);
    let verdict = rules.judge(&matter());
    assert_eq!(verdict.matched, Some((4, unit(2))));
    let expected = [Condition::Category, Condition::Area, Condition::Asset, Condition::Time];
    assert_eq!(verdict.failed, expected);
    let none = Rules(rules.0[..4].to_vec()).judge(&matter());
    assert_eq!(none, Verdict { matched: None, failed: expected.to_vec() });
    let unnamed = Matter { asset: String::new(), ..matter() };
    assert_eq!(rules.judge(&unnamed).matched, Some((5, unit(3))));
}

#[test]
fn an_area_holds_its_own_and_no_code_that_only_begins_alike() {
    assert!(area_holds("31", "31.74.01.1001"));
    assert!(area_holds("31.74.01.1001", "31.74.01.1001"));
    assert!(!area_holds("31.7", "31.74.01.1001"));
    assert!(!area_holds("31.74.01.1001", "31.74"));
}

#[test]
fn hours_may_pass_midnight_and_days_end_before_the_last() {
    let night = at_hours(time(22, 0, 0, 0), time(5, 0, 0, 0));
    let on = |hour| date(2026, 3, 3).at(hour, 0, 0, 0);
    assert!(night.holds(on(23)) && night.holds(on(4)) && night.holds(on(22)));
    assert!(!night.holds(on(5)) && !night.holds(on(12)));
    let march = Window::try_new((Some(date(2026, 3, 1)), Some(date(2026, 4, 1))), vec![2], None).unwrap();
    assert!(march.holds(date(2026, 3, 31).at(12, 0, 0, 0)));
    assert!(!march.holds(date(2026, 4, 7).at(0, 0, 0, 0)), "a Tuesday after");
    assert!(!march.holds(date(2026, 3, 4).at(0, 0, 0, 0)), "a Wednesday");
}

#[test]
fn a_time_that_never_comes_is_refused() {
    let day = date(2026, 3, 1);
    assert_eq!(Window::try_new((Some(day), Some(day)), Vec::new(), None), Err(WindowRefused::NoDay));
    let noon = time(12, 0, 0, 0);
    assert_eq!(Window::try_new((None, None), Vec::new(), Some((noon, noon))), Err(WindowRefused::NoHour));
}

#[test]
fn a_rule_that_an_earlier_one_takes_everything_from_is_found() {
    let taken = |earlier: Rule, later: Rule| {
        let fault = Rules(vec![earlier, later]).fault(&names());
        fault == Some(RuleFault { rule: 1, why: WhyNot::TakenBefore(0) })
    };
    assert!(taken(rule(&[], &[], &[], 1), rule(&["jalan"], &[], &[], 2)));
    assert!(taken(rule(&["jalan", "sampah"], &["31.74"], &[], 1), rule(&["jalan"], &["31.74.01"], &[], 2)));
    assert!(!taken(rule(&["jalan"], &[], &[], 1), rule(&[], &[], &[], 2)));
    assert!(!taken(rule(&[], &["31.74.01"], &[], 1), rule(&[], &["31.74"], &[], 2)));
    assert!(!taken(rule(&[], &[], &["jembatan"], 1), rule(&[], &[], &[], 2)));
    let night = at_hours(time(22, 0, 0, 0), time(5, 0, 0, 0));
    let nightly = Rule { window: night, ..rule(&[], &[], &[], 1) };
    assert!(taken(nightly.clone(), Rule { unit: unit(2), ..nightly.clone() }));
    assert!(!taken(nightly, rule(&[], &[], &[], 2)));
}

#[test]
fn names_that_do_not_exist_are_found() {
    let fault = |rule: Rule| Rules(vec![rule]).fault(&names()).map(|fault| fault.why);
    assert_eq!(fault(rule(&["jalan", "laut"], &[], &[], 1)), Some(WhyNot::CategoryUnknown(1)));
    assert_eq!(fault(rule(&[], &["32"], &[], 1)), Some(WhyNot::AreaUnknown(0)));
    assert_eq!(fault(rule(&[], &[], &[], 9)), Some(WhyNot::UnitUnknown));
    assert_eq!(fault(rule(&["jalan"], &["31.74"], &["apa-saja"], 1)), None);
}

#[test]
fn an_ended_unit_is_replaced_by_the_successor_that_serves_the_place() {
    let areas = |codes: &[&str]| words(codes);
    let successions = Successions::new(
        [
            (unit(1), vec![(unit(2), areas(&["31.71"])), (unit(3), areas(&["31.74"]))]),
            (unit(3), vec![(unit(4), areas(&[]))]),
        ]
        .into(),
    );
    let acting = |named, code| successions.acting(named, code);
    assert_eq!(acting(unit(1), "31.71.01.1001"), (unit(2), vec![unit(1)]));
    assert_eq!(acting(unit(1), "31.74.01.1001"), (unit(4), vec![unit(1), unit(3)]));
    assert_eq!(acting(unit(1), "31.75.01.1001"), (unit(2), vec![unit(1)]), "the first where none serves it");
    assert_eq!(acting(unit(9), "31.74.01.1001"), (unit(9), vec![]));
    let circle = [(unit(1), vec![(unit(2), vec![])]), (unit(2), vec![(unit(1), vec![])])];
    assert_eq!(Successions::new(circle.into()).acting(unit(1), "31").1.len(), 32, "a circle ends");
}
