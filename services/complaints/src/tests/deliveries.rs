//! Whatever order staff's events come in, and however often, the tree of units is the same.

use dev::{
    cluster::Role,
    deliveries::{come_to_the_same_end, event, one, versions},
    harness::World,
};
use kit::events::Received;
use proto::staff::{events::v1::UnitChanged, v1::Unit};
use rand::rngs::StdRng;
use uuid::Uuid;

use crate::{MIGRATIONS, SERVICE, events::consume::StaffEvents};

#[tokio::test]
async fn units_told_of_in_any_order_and_more_than_once_are_the_same() {
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    let url = world.database_url(SERVICE, Role::App);
    come_to_the_same_end(&url, &StaffEvents, &["complaints.unit"], units).await;
    world.finish().await;
}

/// A few units, each moved, renamed and given other areas a few times.
fn units(random: &mut StdRng) -> Vec<Received> {
    let mut told = Vec::new();
    for id in 1..=3 {
        for version in versions(random) {
            let unit = Unit {
                name: format!("units/{}", Uuid::from_u128(id)),
                code: one(random, &["31", "31.71", "31.71.01"]).to_owned(),
                parent: one(random, &["", "units/00000000-0000-0000-0000-000000000009"]).to_owned(),
                area_codes: vec![one(random, &["31.74.01.1001", "31.74.01.1002"]).to_owned()],
                ..Default::default()
            };
            told.push(event(random, version, &UnitChanged { unit: Some(unit) }));
        }
    }
    told
}
