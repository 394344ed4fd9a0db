//! Machines whose clocks differ: an event's id says when it was made, by its producer's clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::{Builder, Uuid};

use super::Place;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// An id as a machine makes one whose clock shows this.
fn id(at: SystemTime) -> Uuid {
    let millis = at.duration_since(UNIX_EPOCH).unwrap().as_millis();
    let random: [u8; 10] = rand::random();
    Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap(), &random).into_uuid()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_producer_whose_clock_is_days_off_are_applied_once_each_on_both_sides_of_midnight() {
    let place = Place::new().await;
    let now = SystemTime::now();
    let today = now.duration_since(UNIX_EPOCH).unwrap().as_secs() / DAY.as_secs();
    let midnight = UNIX_EPOCH + DAY * u32::try_from(today).unwrap();
    let before = midnight - Duration::from_millis(1);
    let times = [now - 20 * DAY, before, midnight, now + 2 * DAY, now + 20 * DAY];
    let events = times.map(id);
    let served = place.serve().await;
    for event in events.iter().chain(&events) {
        served.place.publish(*event).await;
    }
    for event in events {
        served.place.applied(event).await;
    }
    served.place.quiet().await;
    for event in events {
        assert_eq!((served.place.effects(event).await, served.place.letter(event).await), (1, None));
    }
    served.finish().await;
}
