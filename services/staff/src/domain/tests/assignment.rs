//! Days, four eyes, who is responsible, and what is announced when.

use jiff::{
    Timestamp,
    civil::{Date, date},
};
use uuid::Uuid;

use crate::domain::{
    Announcement, Assignment, AssignmentId, AssignmentKind, AssignmentState, Days, Decree, Holder, PersonId,
    Record, Refusal, SeatId, Terms, UnitId, day,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn march(day: i8) -> Date {
    date(2026, 3, day)
}

fn record(recorded_by: Option<u128>, approved_by: Option<u128>) -> Record {
    let person = |id: u128| PersonId(Uuid::from_u128(id));
    Record {
        decree: Decree { number: "SK-1".to_owned(), date: march(1) },
        reason: String::new(),
        recorded_by: recorded_by.map(person),
        approved_by: approved_by.map(person),
    }
}

fn assigned(person: u128, kind: AssignmentKind, days: Days, record: Record) -> Result<Assignment, Refusal> {
    let terms = Terms {
        seat: SeatId(Uuid::from_u128(100)),
        unit: UnitId(Uuid::from_u128(200)),
        person: PersonId(Uuid::from_u128(person)),
        kind,
        days,
    };
    Assignment::create(AssignmentId(Uuid::from_u128(person + 1_000)), terms, record, at(1))
}

fn days(from: i8, until: i8) -> Days {
    Days::try_new(march(from), Some(march(until))).unwrap()
}

#[test]
fn a_day_that_is_not_in_the_calendar_is_refused_with_its_field() {
    let refused = day("valid_at", "2026-02-30").unwrap_err();
    assert!(matches!(refused, Refusal::Dates { field: "valid_at", .. }));
    assert_eq!(day("valid_at", "2026-02-28"), Ok(Some(date(2026, 2, 28))));
    assert_eq!(day("valid_at", ""), Ok(None));
}

#[test]
fn a_range_ends_after_it_starts() {
    for until in [march(9), march(10)] {
        let refused = Days::try_new(march(10), Some(until)).unwrap_err();
        assert!(matches!(refused, Refusal::Dates { field: "valid_until", .. }));
    }
    assert!(Days::try_new(march(10), Some(march(11))).is_ok());
    assert!(Days::try_new(march(10), None).is_ok());
}

#[test]
fn a_range_can_be_shortened_and_not_lengthened_or_emptied() {
    let cases = [(10, false), (11, true), (19, true), (20, false), (21, false)];
    for (until, possible) in cases {
        assert_eq!(days(10, 20).shortened(march(until)).is_ok(), possible, "{until}");
    }
    let open = Days::try_new(march(10), None).unwrap();
    assert_eq!(open.shortened(march(20)), Ok(days(10, 20)));
}

#[test]
fn a_range_holds_its_first_day_and_not_its_end() {
    use AssignmentState::{Ended, InEffect, Pending};
    let cases =
        [(9, Pending, Some(10)), (10, InEffect, Some(20)), (19, InEffect, Some(20)), (20, Ended, None)];
    for (on, state, next) in cases {
        let found = (days(10, 20).state_on(march(on)), days(10, 20).next_change(march(on)));
        assert_eq!(found, (state, next.map(march)), "{on}");
    }
    assert_eq!(Days::try_new(march(10), None).unwrap().next_change(march(10)), None);
}

#[test]
fn who_approves_is_neither_who_records_nor_who_is_assigned() {
    let cases = [
        (Some(1), None, true),
        (Some(1), Some(2), true),
        (None, Some(2), true),
        (Some(1), Some(1), false),
        (Some(1), Some(7), false),
        (None, Some(7), false),
    ];
    for (recorded_by, approved_by, possible) in cases {
        let by = || record(recorded_by, approved_by);
        let created = assigned(7, AssignmentKind::Plt, days(10, 20), by());
        assert_eq!(created.is_ok(), possible, "{recorded_by:?} {approved_by:?}");
        let assignment = assigned(7, AssignmentKind::Plt, days(10, 20), record(None, None)).unwrap();
        assert_eq!(assignment.end(march(15), by(), at(2)).is_ok(), possible);
    }
}

#[test]
fn an_end_makes_the_next_version_and_leaves_the_first_as_it_was() {
    let first = assigned(7, AssignmentKind::Definitive, days(10, 20), record(Some(1), None)).unwrap();
    let second = first.end(march(15), record(Some(2), None), at(2)).unwrap();
    assert_eq!((second.id, second.version), (first.id, 2));
    assert_eq!(second.terms, Terms { days: days(10, 15), ..first.terms.clone() });
    assert_eq!((second.created_at, second.recorded_at), (at(1), at(2)));
    assert_eq!(first.terms.days, days(10, 20));
}

#[test]
fn who_acts_is_responsible_before_the_definitive_holder_and_a_vacant_seat_has_nobody() {
    let vacant = Holder::vacant(SeatId(Uuid::from_u128(100)), march(12), at(3));
    assert_eq!(vacant.responsible(), None);
    let held =
        vacant.with(assigned(7, AssignmentKind::Definitive, days(10, 20), record(None, None)).unwrap());
    assert_eq!(held.responsible(), Some(PersonId(Uuid::from_u128(7))));
    for kind in [AssignmentKind::Plt, AssignmentKind::Plh] {
        let acting = assigned(8, kind, days(11, 13), record(None, None)).unwrap();
        assert_eq!(held.clone().with(acting).responsible(), Some(PersonId(Uuid::from_u128(8))));
    }
}

#[test]
fn an_assignment_is_told_of_at_once_on_its_first_day_and_on_its_end() {
    let assignment = assigned(7, AssignmentKind::Plh, days(10, 20), record(None, None)).unwrap();
    let first = Announcement::first(&assignment, march(1));
    let told = |announcement: Announcement| (announcement.version, announcement.state, announcement.due_on);
    assert_eq!(told(first), (1, AssignmentState::Pending, Some(march(10))));
    let second = first.next(assignment.terms.days, march(10));
    assert_eq!(told(second), (2, AssignmentState::InEffect, Some(march(20))));
    assert_eq!(told(second.next(assignment.terms.days, march(25))), (3, AssignmentState::Ended, None));
    assert_eq!(told(first.next(assignment.terms.days, march(25))), (2, AssignmentState::Ended, None));
}
