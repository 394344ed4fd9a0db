//! Periods at their borders, and figures by hand.

use jiff::{SignedDuration, Timestamp, tz};

use super::*;

fn period(text: &str) -> Option<(String, String)> {
    let (from, until) = Period::parse(text)?.instants(&tz::TimeZone::fixed(tz::offset(7)));
    Some((from.to_string(), until.to_string()))
}

fn report(accepted: Option<i64>, resolved: Option<i64>, rating: Option<i16>) -> Report {
    let filed_at = Timestamp::from_second(1_800_000_000).unwrap();
    let after = |hours: i64| filed_at.checked_add(SignedDuration::from_hours(hours)).unwrap();
    Report {
        filed_at,
        first_accepted_at: accepted.map(after),
        resolved_at: resolved.map(after),
        reopened_at: None,
        closed_at: rating.and(resolved).map(after),
        confirmed: rating.is_some(),
        rating,
    }
}

#[test]
fn periods_begin_and_end_at_midnight_in_jakarta() {
    let year = ("2025-12-31T17:00:00Z".to_owned(), "2026-12-31T17:00:00Z".to_owned());
    assert_eq!(period("2026"), Some(year));
    let quarter = ("2026-09-30T17:00:00Z".to_owned(), "2026-12-31T17:00:00Z".to_owned());
    assert_eq!(period("2026-Q4"), Some(quarter));
    let month = ("2026-01-31T17:00:00Z".to_owned(), "2026-02-28T17:00:00Z".to_owned());
    assert_eq!(period("2026-02"), Some(month));
}

#[test]
fn what_is_no_period_is_refused() {
    for text in ["", "2026-Q5", "2026-Q0", "2026-13", "2026-00", "26-Q", "2026-Q-1", "x"] {
        assert_eq!(period(text), None, "{text}");
    }
}

#[test]
fn percentiles_are_measured_values_and_the_mean_is_rounded_half_up_once() {
    let reports: Vec<Report> = (1..=10).map(|hours| report(Some(hours), Some(hours * 10), None)).collect();
    let figures = count(&reports);
    assert_eq!(figures.median_to_accept, Some(SignedDuration::from_hours(5)));
    assert_eq!(figures.p90_to_resolve, Some(SignedDuration::from_hours(90)));
    let rated: Vec<Report> = [4, 4, 5].map(|rating| report(Some(1), Some(2), Some(rating))).into();
    assert_eq!(count(&rated).rating_mean_hundredths(), Some(433));
    let eighths: Vec<Report> =
        [4, 4, 4, 4, 4, 4, 4, 5].map(|rating| report(Some(1), Some(2), Some(rating))).into();
    assert_eq!(count(&eighths).rating_mean_hundredths(), Some(413), "4.125 is 4.13");
    assert_eq!(count(&[]), Figures::default());
    assert_eq!(Figures::default().rating_mean_hundredths(), None);
}

#[test]
fn a_reopened_report_is_not_resolved_until_it_is_resolved_again() {
    let mut reopened = report(Some(1), Some(2), None);
    reopened.reopened_at = reopened.filed_at.checked_add(SignedDuration::from_hours(3)).ok();
    let figures = count(std::slice::from_ref(&reopened));
    assert_eq!((figures.resolved, figures.reopened), (0, 1));
    reopened.resolved_at = reopened.filed_at.checked_add(SignedDuration::from_hours(4)).ok();
    assert_eq!(count(&[reopened]).resolved, 1);
}
