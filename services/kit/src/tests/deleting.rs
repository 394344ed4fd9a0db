//! A durable that somebody deletes at the worst instant.

use uuid::Uuid;

use super::{
    Place, SERVICE, STREAM,
    script::Ending::{Applied, Waits},
    until,
};

/// More than the service has asked for while it handles its first batch, so that all it asked for has come.
const EVENTS: usize = 600;

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_that_was_deleted_while_nothing_was_asked_of_it_is_made_again() {
    let place = Place::new().await;
    let events: Vec<Uuid> = (0..EVENTS).map(|_| Uuid::now_v7()).collect();
    place.script.play(events[0], &[Waits, Applied]);
    for event in &events {
        place.publish(*event).await;
    }
    let served = place.serve().await;
    let place = &served.place;
    until("the first event is under way", async || {
        (!place.script.counted(events[0]).is_empty()).then_some(())
    })
    .await;
    let stream = place.jetstream.get_stream(STREAM).await.unwrap();
    assert!(stream.delete_consumer(SERVICE).await.unwrap().success);
    // Each some hundred milliseconds after the one before, on a slow machine.
    for event in events.iter().step_by(20) {
        place.applied(*event).await;
    }
    place.quiet().await;
    let effects: (i64, i64) = sqlx::query_as("SELECT count(*), count(DISTINCT event_id) FROM effect")
        .fetch_one(&mut place.connection().await)
        .await
        .unwrap();
    let expected = i64::try_from(EVENTS).unwrap();
    assert_eq!(effects, (expected, expected));
    served.finish().await;
}
