//! From the domain to the public events: snapshots without a name, a NIP or a free text of a person.

use jiff::Timestamp;
use kit::events::Event;
use proto::staff::events::v1;

use crate::{
    domain::{Announcement, Assignment, AssignmentState, Calendar, Person, Seat, Unit},
    grpc::convert,
};

/// Most events of this service say that something changed.
const CHANGED: &str = "changed";

/// The event that tells of a unit as it stands now.
pub(crate) fn unit_changed(unit: &Unit) -> Event {
    Event::new(
        crate::SERVICE,
        ("unit", CHANGED),
        (unit.id.0, unit.version),
        unit.id.to_string(),
        unit.updated_at,
        &v1::UnitChanged { unit: Some(convert::unit::unit(unit)) },
    )
}

/// The event that tells of a seat as it stands now.
pub(crate) fn seat_changed(seat: &Seat) -> Event {
    let snapshot = v1::SeatSnapshot {
        name: seat.id.to_string(),
        unit: seat.post.unit.to_string(),
        seat_class: convert::seat::class(seat.post.class).into(),
        is_head: seat.post.is_head,
    };
    Event::new(
        crate::SERVICE,
        ("seat", CHANGED),
        (seat.id.0, seat.version),
        seat.id.to_string(),
        seat.updated_at,
        &v1::SeatChanged { seat: Some(snapshot) },
    )
}

/// The event that tells of the classes of a person as they stand now.
pub(crate) fn person_changed(person: &Person) -> Event {
    let snapshot = v1::PersonSnapshot {
        name: person.id.to_string(),
        employment_type: convert::person::employment(person.profile.employment).into(),
        education_level: convert::person::education(person.profile.education).into(),
    };
    Event::new(
        crate::SERVICE,
        ("person", CHANGED),
        (person.id.0, person.version),
        person.id.to_string(),
        person.updated_at,
        &v1::PersonChanged { person: Some(snapshot) },
    )
}

/// The event that tells of a year's holidays as they stand now: days alone.
pub(crate) fn calendar_published(calendar: &Calendar) -> Event {
    let snapshot = v1::CalendarSnapshot {
        name: calendar.id.to_string(),
        year: calendar.year.into(),
        holidays: calendar.holidays.keys().map(ToString::to_string).collect(),
    };
    Event::new(
        crate::SERVICE,
        ("calendar", "published"),
        (calendar.id.0, calendar.version),
        calendar.id.to_string(),
        calendar.updated_at,
        &v1::CalendarPublished { calendar: Some(snapshot) },
    )
}

/// The event that tells of an assignment as it stands on the day of the event.
pub(crate) fn assignment_changed(assignment: &Assignment, told: &Announcement, at: Timestamp) -> Event {
    let terms = &assignment.terms;
    let snapshot = v1::AssignmentSnapshot {
        name: assignment.id.to_string(),
        seat: terms.seat.to_string(),
        unit: terms.unit.to_string(),
        person: terms.person.to_string(),
        kind: convert::assignment::kind(terms.kind).into(),
        valid_from: terms.days.from().to_string(),
        valid_until: convert::assignment::until(terms.days),
        state: state(told.state).into(),
    };
    Event::new(
        crate::SERVICE,
        ("assignment", CHANGED),
        (assignment.id.0, told.version),
        assignment.id.to_string(),
        at,
        &v1::AssignmentChanged { assignment: Some(snapshot) },
    )
}

fn state(state: AssignmentState) -> v1::AssignmentState {
    match state {
        AssignmentState::Pending => v1::AssignmentState::Pending,
        AssignmentState::InEffect => v1::AssignmentState::InEffect,
        AssignmentState::Ended => v1::AssignmentState::Ended,
    }
}
