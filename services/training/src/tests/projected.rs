//! Staff's events, many at once.

use dev::cluster::Role;
use kit::events::{Handler, Received};
use prost::{Message, Name};
use proto::staff::events::v1::{
    AssignmentChanged, AssignmentSnapshot, PersonChanged, PersonSnapshot, SeatChanged, SeatSnapshot,
};
use sqlx::{Connection, PgConnection};

use super::*;
use crate::events::consume::StaffEvents;

const SEAT: Uuid = Uuid::from_u128(1);
const PERSON: Uuid = Uuid::from_u128(2);
const ASSIGNMENT: Uuid = Uuid::from_u128(3);
const FIRST: Uuid = Uuid::from_u128(11);
const SECOND: Uuid = Uuid::from_u128(12);

fn received<M: Message + Name>(version: i64, message: &M) -> Received {
    Received {
        id: Uuid::now_v7(),
        event_type: M::full_name(),
        resource: String::new(),
        epoch: 1,
        version,
        time: jiff::Timestamp::UNIX_EPOCH,
        payload: message.encode_to_vec(),
        is_redacted: false,
        traceparent: String::new(),
    }
}

fn assigned(version: i64, unit: Uuid) -> Received {
    let snapshot = AssignmentSnapshot {
        name: format!("assignments/{ASSIGNMENT}"),
        seat: format!("seats/{SEAT}"),
        unit: format!("units/{unit}"),
        person: format!("people/{PERSON}"),
        valid_from: "2027-01-01".to_owned(),
        valid_until: if version == 1 { "2027-12-31".to_owned() } else { String::new() },
        ..Default::default()
    };
    received(version, &AssignmentChanged { assignment: Some(snapshot) })
}

fn seat(version: i64, unit: Uuid) -> Received {
    let snapshot =
        SeatSnapshot { name: format!("seats/{SEAT}"), unit: format!("units/{unit}"), ..Default::default() };
    received(version, &SeatChanged { seat: Some(snapshot) })
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_the_newest_of_each_thing_stays_and_a_later_batch_with_older_ones_changes_nothing() {
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    let mut connection = PgConnection::connect(&world.database_url(SERVICE, Role::App)).await.unwrap();
    let person = PersonSnapshot { name: format!("people/{PERSON}"), ..Default::default() };
    let person = received(1, &PersonChanged { person: Some(person) });
    let batch = [assigned(3, SECOND), seat(1, FIRST), assigned(1, FIRST), person, seat(2, SECOND)];
    let older = [assigned(2, FIRST), seat(1, FIRST)];
    for batch in [batch.as_slice(), &older] {
        StaffEvents.apply_all(&mut connection, &batch.iter().collect::<Vec<_>>()).await.unwrap();
    }
    let (assigned, version, is_open): (Uuid, i64, bool) =
        sqlx::query_as("SELECT unit, version, valid_until IS NULL FROM training.assignment")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!((assigned, version, is_open), (SECOND, 3, true));
    let (seated, persons): (Uuid, i64) =
        sqlx::query_as("SELECT unit, (SELECT count(*) FROM training.person) FROM training.seat")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!((seated, persons), (SECOND, 1));
    connection.close().await.unwrap();
    world.finish().await;
}
