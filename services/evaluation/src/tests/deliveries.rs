//! Whatever order others' events come in, and however often, facts, units, interventions and answered signals are the same.

use dev::deliveries::{come_to_the_same_end, event, one, versions};
use proto::{
    complaints::{
        events::v1::{
            ComplaintAccepted, ComplaintFiled, ComplaintFollowUpApproved, ComplaintFollowUpSubmitted,
            ComplaintResolutionConfirmed, ComplaintSnapshot, Responsibility,
        },
        v1::Confirmation,
    },
    staff::{events::v1::UnitChanged, v1::Unit},
    training::events::v1::{InterventionRecorded, NeedAnswered},
};
use rand::{RngExt, rngs::StdRng};

use super::*;
use crate::events::consume::{ComplaintEvents, StaffEvents, TrainingEvents};

/// Aggregates of each type.
const IDS: std::ops::RangeInclusive<u128> = 1..=3;

/// A world and its database's address.
async fn place() -> (World, String) {
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    let url = world.database_url(SERVICE, Role::App);
    (world, url)
}

fn name(collection: &str, id: u128) -> String {
    format!("{collection}/{}", Uuid::from_u128(id))
}

fn at(second: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: 1_800_000_000 + second, nanos: 0 })
}

#[tokio::test]
async fn units_told_of_in_any_order_and_more_than_once_are_the_same() {
    let (world, url) = place().await;
    come_to_the_same_end(&url, &StaffEvents, &["evaluation.unit"], units).await;
    world.finish().await;
}

#[tokio::test]
async fn reports_told_of_in_any_order_and_more_than_once_make_the_same_facts() {
    let (world, url) = place().await;
    let newest = "(SELECT DISTINCT ON (complaint) * FROM evaluation.fact ORDER BY complaint, epoch DESC, version DESC)";
    come_to_the_same_end(&url, &ComplaintEvents, &["evaluation.fact", newest], reports).await;
    world.finish().await;
}

#[tokio::test]
async fn what_training_tells_in_any_order_and_more_than_once_is_the_same() {
    let (world, url) = place().await;
    let mut connection = PgConnection::connect(&world.superuser_url()).await.unwrap();
    sqlx::query(
        "INSERT INTO evaluation.signal (id, version, kind, unit, norm, element, state, as_known_at, created_at, updated_at)
         SELECT lpad(number::text, 32, '0')::uuid, 1, 'TRAINING_NEED', gen_random_uuid(), 'skm-2017', 'U1', 'OPEN',
                timestamptz 'epoch', timestamptz 'epoch', timestamptz 'epoch' FROM generate_series(1, 3) AS number",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let tables = ["evaluation.intervention", "evaluation.signal"];
    come_to_the_same_end(&url, &TrainingEvents, &tables, training).await;
    world.finish().await;
}

fn units(random: &mut StdRng) -> Vec<Received> {
    let mut told = Vec::new();
    for id in IDS {
        for version in versions(random) {
            let parent = if random.random_bool(0.5) { name("units", 9) } else { String::new() };
            let unit = Unit { name: name("units", id), parent, ..Default::default() };
            told.push(event(random, version, &UnitChanged { unit: Some(unit) }));
        }
    }
    told
}

/// Snapshots are cumulative: each says all that those before it said.
fn reports(random: &mut StdRng) -> Vec<Received> {
    let mut told = Vec::new();
    for id in IDS {
        let responsibility = Responsibility { unit: name("units", one(random, &[1, 2])), from_time: at(0) };
        let mut complaint = ComplaintSnapshot {
            name: name("complaints", id),
            category: "categories/sampah".to_owned(),
            responsibilities: vec![responsibility],
            file_time: at(0),
            ..Default::default()
        };
        for version in versions(random) {
            let second = 60 * version.1;
            told.push(match version.1 {
                1 => event(random, version, &ComplaintFiled { complaint: Some(complaint.clone()) }),
                2 => {
                    complaint.first_accept_time = at(second);
                    event(random, version, &ComplaintAccepted { complaint: Some(complaint.clone()) })
                }
                3 => {
                    event(random, version, &ComplaintFollowUpSubmitted { complaint: Some(complaint.clone()) })
                }
                4 => {
                    complaint.resolve_times.push(at(second).unwrap());
                    event(random, version, &ComplaintFollowUpApproved { complaint: Some(complaint.clone()) })
                }
                _ => {
                    complaint.close_time = at(second);
                    complaint.confirmation = Confirmation::Confirmed.into();
                    complaint.rating = random.random_range(1..=5);
                    let confirmed = ComplaintResolutionConfirmed { complaint: Some(complaint.clone()) };
                    event(random, version, &confirmed)
                }
            });
        }
    }
    told
}

fn training(random: &mut StdRng) -> Vec<Received> {
    let mut told = Vec::new();
    for id in IDS {
        for version in versions(random) {
            let batch = format!("{}/batches/{}", name("programmes", 1), Uuid::from_u128(id));
            let recorded = InterventionRecorded {
                intervention: name("interventions", id),
                unit: name("units", one(random, &[1, 2])),
                programme: name("programmes", 1),
                batch,
                from_date: "2027-01-01".to_owned(),
                to_date: "2027-01-03".to_owned(),
                dose_jp: random.random_range(1..100),
                participants: random.random_range(1..30),
                by_lot: random.random_bool(0.5),
                ..Default::default()
            };
            told.push(event(random, version, &recorded));
        }
        let answered = NeedAnswered {
            need: name("needs", id),
            answer_time: at(random.random_range(0..9)),
            ..Default::default()
        };
        told.push(event(random, (1, 1), &answered));
    }
    told
}
