//! The facts' way into figures.

use proto::{
    complaints::{
        events::v1::{ComplaintAccepted, ComplaintFiled, ComplaintSnapshot, Responsibility},
        v1::ComplaintState,
    },
    staff::{events::v1::UnitChanged, v1::Unit},
};

use super::*;
use crate::{
    domain::{self, Period},
    events::consume::{ComplaintEvents, StaffEvents},
};

const PROVINCE: Uuid = Uuid::from_u128(1);
const KELURAHAN: Uuid = Uuid::from_u128(2);

fn unit(id: Uuid, parent: Option<Uuid>) -> Received {
    let unit = Unit {
        name: format!("units/{id}"),
        parent: parent.map(|parent| format!("units/{parent}")).unwrap_or_default(),
        ..Default::default()
    };
    received(1, &UnitChanged { unit: Some(unit) })
}

fn snapshot(complaint: u128, state: ComplaintState) -> ComplaintSnapshot {
    let at = |second: i64| Some(prost_types::Timestamp { seconds: 1_800_000_000 + second, nanos: 0 });
    ComplaintSnapshot {
        name: format!("complaints/{}", Uuid::from_u128(complaint)),
        state: state.into(),
        responsibilities: vec![Responsibility { unit: format!("units/{KELURAHAN}"), from_time: at(0) }],
        file_time: at(0),
        first_accept_time: (state == ComplaintState::InProgress).then(|| at(60)).flatten(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_in_any_order_and_twice_give_the_same_figures() {
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    let database = database(&world).await;
    let mut connection = database.acquire().await.unwrap();
    for event in [unit(KELURAHAN, Some(PROVINCE)), unit(PROVINCE, None)] {
        StaffEvents.apply(&mut connection, &event).await.unwrap();
    }
    let filed =
        |id| received(1, &ComplaintFiled { complaint: Some(snapshot(id, ComplaintState::Submitted)) });
    let accepted =
        |id| received(2, &ComplaintAccepted { complaint: Some(snapshot(id, ComplaintState::InProgress)) });
    let (one_accepted, one_filed) = (accepted(10), filed(10));
    for event in [&one_accepted, &one_filed, &one_filed, &one_accepted, &filed(11)] {
        ComplaintEvents.apply(&mut connection, event).await.unwrap();
    }
    let period = Period::parse("2027-Q1").unwrap().instants(&kit::clock::jakarta());
    for unit in [PROVINCE, KELURAHAN] {
        let figures = domain::count(&store::fact::reports(&mut connection, unit, period).await.unwrap());
        assert_eq!((figures.filed, figures.accepted), (2, 1));
        assert_eq!(figures.median_to_accept, Some(jiff::SignedDuration::from_secs(60)));
    }
    let other = Period::parse("2027-Q2").unwrap().instants(&kit::clock::jakarta());
    assert_eq!(
        domain::count(&store::fact::reports(&mut connection, PROVINCE, other).await.unwrap()).filed,
        0
    );
    drop(connection);
    drop(database);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_each_fact_is_stored_once_and_of_each_unit_the_newest() {
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    let database = database(&world).await;
    let mut connection = database.acquire().await.unwrap();
    let moved = |version, parent| Received { version, ..unit(KELURAHAN, parent) };
    let (newest, older) = (moved(3, Some(PROVINCE)), moved(2, None));
    StaffEvents.apply_all(&mut connection, &[&newest, &older, &unit(PROVINCE, None)]).await.unwrap();
    StaffEvents.apply_all(&mut connection, &[&older]).await.unwrap();
    let filed =
        |id| received(1, &ComplaintFiled { complaint: Some(snapshot(id, ComplaintState::Submitted)) });
    let (one, other) = (filed(20), filed(21));
    ComplaintEvents.apply_all(&mut connection, &[&one, &other, &one]).await.unwrap();
    ComplaintEvents.apply_all(&mut connection, &[&other]).await.unwrap();
    // What a batch holds besides is not stored where one of its events makes no sense: they are tried one by one.
    let nonsense = received(1, &ComplaintFiled { complaint: None });
    ComplaintEvents.apply_all(&mut connection, &[&filed(22), &nonsense]).await.unwrap_err();
    let period = Period::parse("2027-Q1").unwrap().instants(&kit::clock::jakarta());
    let reports = store::fact::reports(&mut connection, PROVINCE, period).await.unwrap();
    assert_eq!(domain::count(&reports).filed, 2);
    drop(connection);
    drop(database);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_makes_no_sense_is_permanent_and_stores_nothing() {
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    let database = database(&world).await;
    let mut connection = database.acquire().await.unwrap();
    let empty = received(1, &ComplaintFiled { complaint: None });
    let nameless = received(1, &ComplaintFiled { complaint: Some(ComplaintSnapshot::default()) });
    for event in [empty, nameless] {
        let refused = ComplaintEvents.apply(&mut connection, &event).await.unwrap_err();
        assert!(matches!(refused, kit::events::HandlerError::Permanent(_)), "{refused}");
    }
    drop(connection);
    drop(database);
    world.finish().await;
}
