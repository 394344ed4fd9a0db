//! What becomes of events that can't be applied.

use proto::ops::v1::{DeadLetterState, RetryDeadLetterRequest};
use uuid::Uuid;

use super::{
    Place, letter_name,
    script::{
        Ending::{Applied, Disconnects, Fails, Panics, Refuses},
        REPEATABLE,
    },
};

fn letter(state: &str, reason: &str, attempts: i64) -> super::Letter {
    (state.to_owned(), reason.to_owned(), attempts)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_fails_a_few_times_is_applied_exactly_once_and_its_dead_letter_resolved() {
    let place = Place::new().await;
    let event = Uuid::now_v7();
    // In the batch, five times alone, once by the clock.
    place.script.play(event, &[Fails, Fails, Fails, Fails, Fails, Fails, Fails, Applied]);
    place.publish(event).await;
    let served = place.serve().await;
    assert_eq!(served.place.letter_in(event, "RESOLVED").await, letter("RESOLVED", "TRANSIENT", 7));
    served.place.quiet().await;
    assert_eq!(served.place.effects(event).await, 1);
    assert_eq!(served.place.script.counted(event), [0, 1, 2, 3, 4, 5, 6, 7]);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_passes_while_the_stream_still_delivers_it_has_no_dead_letter() {
    let place = Place::new().await;
    let event = Uuid::now_v7();
    place.script.play(event, &[Fails, Fails, Fails, Applied]);
    place.publish(event).await;
    let served = place.serve().await;
    served.place.applied(event).await;
    served.place.quiet().await;
    assert_eq!((served.place.effects(event).await, served.place.letter(event).await), (1, None));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_always_fails_is_parked_before_its_ninth_try_and_its_neighbours_are_applied() {
    let place = Place::new().await;
    let events: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    let poison = events[2];
    place.script.play(poison, &[Fails]);
    for event in &events {
        place.publish(*event).await;
    }
    let served = place.serve().await;
    let parked = served.place.letter_in(poison, "PARKED").await;
    assert_eq!(parked, letter("PARKED", "ATTEMPTS_EXHAUSTED", 8));
    // The first call was the batch's; each later one found itself counted.
    assert_eq!(served.place.script.counted(poison), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    served.place.quiet().await;
    for event in events {
        let effects = served.place.effects(event).await;
        assert_eq!(effects, i64::from(event != poison));
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_ended_the_process_at_eight_tries_is_parked_without_another() {
    let place = Place::new().await;
    let event = Uuid::now_v7();
    place.script.play(event, &[Fails]);
    place.tried(event, 8).await;
    place.publish(event).await;
    let served = place.serve().await;
    let parked = served.place.letter_in(event, "PARKED").await;
    assert_eq!(parked, letter("PARKED", "ATTEMPTS_EXHAUSTED", 8));
    // Only the batch called.
    assert_eq!(served.place.script.counted(event).len(), 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_whose_try_by_the_clock_ended_the_process_eight_times_is_parked_without_another() {
    let place = Place::new().await;
    let event = Uuid::now_v7();
    place.script.play(event, &[Fails]);
    place.publish(event).await;
    let served = place.serve().await;
    served.place.letter_in(event, "PARKED").await;
    let calls = served.place.script.counted(event).len();
    sqlx::query("UPDATE dead_letter SET state = 'WAITING', retry_at = clock_timestamp() WHERE event_id = $1")
        .bind(event)
        .execute(&mut served.place.connection().await)
        .await
        .unwrap();
    assert_eq!(served.place.letter_in(event, "PARKED").await, letter("PARKED", "ATTEMPTS_EXHAUSTED", 8));
    assert_eq!(served.place.script.counted(event).len(), calls);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_makes_no_sense_is_parked_at_once_and_whole() {
    let place = Place::new().await;
    let (event, neighbour) = (Uuid::now_v7(), Uuid::now_v7());
    place.script.play(event, &[Refuses]);
    place.publish(event).await;
    place.publish(neighbour).await;
    let served = place.serve().await;
    assert_eq!(served.place.letter_in(event, "PARKED").await, letter("PARKED", "PERMANENT", 1));
    served.place.applied(neighbour).await;
    served.place.quiet().await;
    let kept: (String, String, String, String, String, Vec<u8>) = sqlx::query_as(
        "SELECT error, subject, event_type, resource, headers ->> 'ce-time', payload FROM dead_letter",
    )
    .fetch_one(&mut served.place.connection().await)
    .await
    .unwrap();
    let kept = (kept.0.as_str(), kept.1.as_str(), kept.2.as_str(), kept.3.as_str(), kept.4.as_str(), kept.5);
    let subject = "evt.staff.unit.0.changed";
    let event_type = "prima.staff.events.v1.UnitChanged";
    let whole = b"whole".to_vec();
    assert_eq!(kept, ("it makes no sense", subject, event_type, "units/1", "2027-01-01T00:00:00Z", whole));
    assert_eq!(served.place.script.counted(event), [0, 1]);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_ends_neither_the_consumer_nor_its_neighbours() {
    let place = Place::new().await;
    let (event, neighbour) = (Uuid::now_v7(), Uuid::now_v7());
    place.script.play(event, &[Panics]);
    place.publish(event).await;
    place.publish(neighbour).await;
    let served = place.serve().await;
    let parked = served.place.letter_in(event, "PARKED").await;
    assert_eq!(parked, letter("PARKED", "ATTEMPTS_EXHAUSTED", 8));
    assert_eq!((served.place.effects(event).await, served.place.effects(neighbour).await), (0, 1));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_the_database_goes_away_in_the_middle_counts_against_no_event() {
    let place = Place::new().await;
    let event = Uuid::now_v7();
    let endings = [
        // In the batch, then alone, then by the clock.
        &[Disconnects, Disconnects, Fails][..],
        &[Disconnects, Fails, Fails, Fails, Fails, Fails],
        &[Disconnects, Disconnects, Applied],
    ];
    place.script.play(event, &endings.concat());
    place.publish(event).await;
    let served = place.serve().await;
    assert_eq!(served.place.letter_in(event, "RESOLVED").await, letter("RESOLVED", "TRANSIENT", 6));
    assert_eq!(served.place.script.counted(event), [0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 6, 6]);
    assert_eq!(served.place.effects(event).await, 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_or_is_too_old_to_be_known_is_parked_at_once() {
    let place = Place::new().await;
    place.publish_raw(&[("ce-type", "something\0")]).await;
    let old = Uuid::from_u128(0x0100_0000_0000_7000_8000_0000_0000_0001);
    place.publish(old).await;
    let served = place.serve().await;
    assert_eq!(served.place.letter_in(old, "PARKED").await, letter("PARKED", "OLDER_THAN_INBOX", 1));
    served.place.quiet().await;
    let unreadable: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT event_type, error, attempts FROM dead_letter WHERE reason = 'UNREADABLE'")
            .fetch_all(&mut served.place.connection().await)
            .await
            .unwrap();
    assert_eq!(unreadable.len(), 1);
    assert_eq!((unreadable[0].1.as_str(), unreadable[0].2), ("it has no ce-id", 0));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_old_to_be_known_is_applied_where_that_does_no_harm() {
    let place = Place::new().await;
    let old = |number: u128| Uuid::from_u128(0x0100_0000_0000_7000_8000_0000_0000_0000 + number);
    let (late, failing, neighbour) = (old(1), old(2), Uuid::now_v7());
    place.script.play(failing, &[Refuses, Applied]);
    for event in [late, failing, neighbour] {
        place.publish_of(event, REPEATABLE).await;
    }
    let served = place.serve().await;
    assert_eq!(served.place.letter_in(failing, "PARKED").await, letter("PARKED", "PERMANENT", 1));
    served.place.quiet().await;
    assert_eq!((served.place.effects(late).await, served.place.letter(late).await), (1, None));
    assert_eq!(served.place.effects(neighbour).await, 1);
    // Its dead letter goes the same way.
    let request = RetryDeadLetterRequest {
        request_id: Uuid::now_v7().to_string(),
        name: letter_name(failing),
        reason: "mended".to_owned(),
    };
    assert_eq!(served.retry(&request).await.unwrap().state(), DeadLetterState::Resolved);
    assert_eq!(served.place.effects(failing).await, 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_type_that_only_a_newer_version_knows_waits_for_that_version() {
    const NEWER: &str = "prima.staff.events.v1.WhatStaffTellsNextYear";
    let place = Place::new().await;
    let (event, neighbour) = (Uuid::now_v7(), Uuid::now_v7());
    place.publish_of(event, NEWER).await;
    place.publish(neighbour).await;
    let served = place.serve().await;
    assert_eq!(served.place.letter_in(event, "PARKED").await, letter("PARKED", "UNKNOWN_TYPE", 1));
    served.place.applied(neighbour).await;
    let place = served.stop().await;
    // The same version started again knows no more.
    let served = place.serve().await;
    let later = Uuid::now_v7();
    served.place.publish(later).await;
    served.place.applied(later).await;
    assert_eq!(served.place.letter(event).await, Some(letter("PARKED", "UNKNOWN_TYPE", 1)));
    assert!(served.place.script.counted(event).is_empty(), "the handler was called");
    let place = served.stop().await;
    // To a newer one the name says something: here, the event gets a name that this one knows.
    sqlx::query(
        r#"UPDATE dead_letter SET event_type = $2, headers = headers || jsonb_build_object('ce-type', $2)
           WHERE event_id = $1"#,
    )
    .bind(event)
    .bind(REPEATABLE)
    .execute(&mut place.connection().await)
    .await
    .unwrap();
    let served = place.serve().await;
    served.place.letter_in(event, "RESOLVED").await;
    assert_eq!(served.place.effects(event).await, 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_delivery_of_a_parked_event_is_left_to_its_dead_letter() {
    let place = Place::new().await;
    let (event, later) = (Uuid::now_v7(), Uuid::now_v7());
    place.script.play(event, &[Refuses]);
    place.publish(event).await;
    let served = place.serve().await;
    served.place.letter_in(event, "PARKED").await;
    served.place.script.play(event, &[Applied]);
    served.place.publish(event).await;
    served.place.publish(later).await;
    served.place.applied(later).await;
    served.place.quiet().await;
    assert_eq!(served.place.effects(event).await, 0);
    assert_eq!(served.place.letter(event).await, Some(letter("PARKED", "PERMANENT", 1)));
    served.finish().await;
}
