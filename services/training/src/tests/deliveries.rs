//! Whatever order staff's and evaluation's events come in, and however often, what this service knows is the same.

use dev::{
    cluster::Role,
    deliveries::{come_to_the_same_end, event, one, versions},
    harness::World,
};
use kit::events::Received;
use proto::{
    evaluation::events::v1::TrainingNeedIdentified,
    staff::{
        events::v1::{
            AssignmentChanged, AssignmentSnapshot, PersonChanged, PersonSnapshot, SeatChanged, SeatSnapshot,
            UnitChanged,
        },
        v1::{AssignmentKind, Unit},
    },
};
use rand::{RngExt, rngs::StdRng};
use uuid::Uuid;

use crate::{
    MIGRATIONS, SERVICE,
    events::consume::{EvaluationEvents, StaffEvents},
};

/// Aggregates of each type.
const IDS: std::ops::RangeInclusive<u128> = 1..=2;
const DAYS: [&str; 3] = ["2027-01-01", "2027-02-01", "2027-03-01"];

#[tokio::test]
async fn what_staff_tells_in_any_order_and_more_than_once_is_the_same() {
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    let url = world.database_url(SERVICE, Role::App);
    let tables =
        ["training.unit", "training.seat", "training.person", "training.assignment", "training.seating"];
    come_to_the_same_end(&url, &StaffEvents, &tables, staff).await;
    world.finish().await;
}

#[tokio::test]
async fn needs_told_of_in_any_order_and_more_than_once_are_the_same() {
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    let url = world.database_url(SERVICE, Role::App);
    // How often a need was told anew before it is this service's own count.
    let told =
        "(SELECT id, signal_epoch, signal_version, unit, element, identified, state FROM training.need)";
    come_to_the_same_end(&url, &EvaluationEvents, &[told], needs).await;
    world.finish().await;
}

fn staff(random: &mut StdRng) -> Vec<Received> {
    let mut told = Vec::new();
    let name = |collection: &str, id: u128| format!("{collection}/{}", Uuid::from_u128(id));
    for id in IDS {
        for version in versions(random) {
            let parent = if random.random_bool(0.5) { name("units", 9) } else { String::new() };
            let unit = Unit { name: name("units", id), parent, ..Default::default() };
            told.push(event(random, version, &UnitChanged { unit: Some(unit) }));
        }
        for version in versions(random) {
            let unit = name("units", one(random, &[1, 2]));
            let seat = SeatSnapshot { name: name("seats", id), unit, ..Default::default() };
            told.push(event(random, version, &SeatChanged { seat: Some(seat) }));
        }
        for version in versions(random) {
            let person = PersonSnapshot { name: name("people", id), ..Default::default() };
            told.push(event(random, version, &PersonChanged { person: Some(person) }));
        }
        for version in versions(random) {
            let kind = one(random, &[AssignmentKind::Definitive, AssignmentKind::Plt]);
            let assignment = AssignmentSnapshot {
                name: name("assignments", id),
                seat: name("seats", one(random, &[1, 2, 3])),
                unit: name("units", one(random, &[1, 2])),
                person: name("people", one(random, &[1, 2])),
                kind: kind.into(),
                valid_from: one(random, &DAYS).to_owned(),
                valid_until: one(random, &["", "2027-04-01"]).to_owned(),
                ..Default::default()
            };
            told.push(event(random, version, &AssignmentChanged { assignment: Some(assignment) }));
        }
    }
    told
}

fn needs(random: &mut StdRng) -> Vec<Received> {
    let mut told = Vec::new();
    for id in IDS {
        for version in versions(random) {
            let need = TrainingNeedIdentified {
                need: format!("needs/{}", Uuid::from_u128(id)),
                unit: format!("units/{}", Uuid::from_u128(one(random, &[1, 2]))),
                element: one(random, &["U1", "U7"]).to_owned(),
                ..Default::default()
            };
            told.push(event(random, version, &need));
        }
    }
    told
}
