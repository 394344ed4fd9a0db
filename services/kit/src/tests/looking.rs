//! What operators see: dead letters by page, how far the service is behind, and settings that somebody changed.

use std::time::Duration;

use async_nats::jetstream::{
    consumer::pull,
    stream::{Config, DiscardPolicy, StorageType},
};
use dev::client::authorized;
use proto::ops::v1::{
    ApplyStreamsRequest, DeadLetterState, DiffStreamsRequest, GetLagRequest, ListDeadLettersRequest,
    ListDeadLettersResponse, Presence,
};
use tonic::{Code, Status};
use uuid::Uuid;

use super::{
    Place, SERVICE, STREAM, Served, letter_name, reason,
    script::Ending::{Applied, Refuses},
    until,
};
use crate::events::{Event, append};

async fn list(served: &Served, request: ListDeadLettersRequest) -> Result<ListDeadLettersResponse, Status> {
    let request = authorized(request, &served.token(&["ops.read"]));
    Ok(served.client.clone().list_dead_letters(request).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_newest_first_by_page_and_shown_whole_one_by_one() {
    let place = Place::new().await;
    let events: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
    for event in &events {
        place.script.play(*event, &[Refuses]);
        place.publish(*event).await;
    }
    let served = place.serve().await;
    for event in &events {
        served.place.letter_in(*event, "PARKED").await;
    }
    let parked = ListDeadLettersRequest {
        page_size: 2,
        state: DeadLetterState::Parked.into(),
        ..ListDeadLettersRequest::default()
    };
    let first = list(&served, parked.clone()).await.unwrap();
    let page_token = first.next_page_token.clone();
    let second = list(&served, ListDeadLettersRequest { page_token, ..parked.clone() }).await.unwrap();
    assert_eq!(second.next_page_token, "");
    let listed: Vec<_> = first.dead_letters.iter().chain(&second.dead_letters).collect();
    let names: Vec<_> = listed.iter().map(|letter| letter.name.clone()).collect();
    let newest_first: Vec<_> = events.iter().rev().map(|event| letter_name(*event)).collect();
    assert_eq!(names, newest_first);
    assert!(listed.iter().all(|letter| letter.headers.is_empty() && letter.payload.is_empty()));

    let whole = served.get(&names[0]).await;
    assert_eq!((whole.payload.as_slice(), whole.headers["ce-subject"].as_str()), (&b"whole"[..], "units/1"));
    assert_eq!((whole.stream.as_str(), whole.resource.as_str()), (STREAM, "units/1"));

    let elsewhere = ListDeadLettersRequest {
        page_token: first.next_page_token,
        stream: STREAM.to_owned(),
        ..parked.clone()
    };
    let refused = list(&served, elsewhere).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "PAGE_TOKEN_INVALID"));
    let none = ListDeadLettersRequest { state: DeadLetterState::Dropped.into(), ..parked };
    assert_eq!(list(&served, none).await.unwrap(), ListDeadLettersResponse::default());
    served.finish().await;
}

/// An event of the service's own, committed.
pub(super) async fn tell(served: &Served) {
    let time = "2027-01-01T00:00:00Z".parse().unwrap();
    let thing = (Uuid::now_v7(), 1);
    let event =
        Event::new(SERVICE, ("thing", "changed"), thing, "things/1".to_owned(), time, &GetLagRequest {});
    let mut connection = served.place.connection().await;
    // The service's first connection, which begins the epoch, may come later.
    sqlx::query("SELECT current_epoch()").execute(&mut connection).await.unwrap();
    append(&mut connection, &[event]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lag_counts_what_a_paused_consumer_and_a_full_stream_leave_undone() {
    let mut place = Place::new().await;
    place.producers = vec!["staff", "evaluation"];
    // It takes one message and no more; a service changes nothing that exists.
    let full = Config {
        name: "EVT_TRAINING".to_owned(),
        subjects: vec!["evt.training.>".to_owned()],
        max_messages: 1,
        discard: DiscardPolicy::New,
        max_bytes: 1 << 20,
        ..Config::default()
    };
    place.jetstream.create_stream(full).await.unwrap();
    let (applied, parked) = (Uuid::now_v7(), Uuid::now_v7());
    place.script.play(parked, &[Refuses]);
    let served = place.serve().await;
    served.place.publish(applied).await;
    served.place.publish(parked).await;
    served.place.letter_in(parked, "PARKED").await;
    served.place.applied(applied).await;
    served.place.quiet().await;

    let stream = served.place.jetstream.get_stream(STREAM).await.unwrap();
    let until_late = time::OffsetDateTime::now_utc() + Duration::from_secs(3_600);
    stream.pause_consumer(SERVICE, until_late).await.unwrap();
    for _ in 0..3 {
        served.place.publish(Uuid::now_v7()).await;
    }
    tell(&served).await;
    let told = until("the first event is in the stream", async || {
        let lag = served.lag().await.outbox.unwrap();
        (lag.messages == 1 && lag.pending == 0).then_some(())
    });
    told.await;
    tell(&served).await;
    tell(&served).await;

    let lag = served.lag().await;
    let outbox = lag.outbox.unwrap();
    assert_eq!((outbox.stream.as_str(), outbox.pending, outbox.messages), ("EVT_TRAINING", 2, 1));
    assert_eq!(outbox.stream_presence(), Presence::Present);
    assert!(outbox.oldest_pending_age.unwrap().seconds < 60);
    let staff = &lag.consumers[0];
    assert_eq!((staff.stream.as_str(), staff.consumer.as_str()), (STREAM, SERVICE));
    assert_eq!(staff.consumer_presence(), Presence::Present);
    assert_eq!((staff.pending, staff.ack_pending, staff.redelivered), (3, 0, 0));
    assert_eq!((staff.dead_letters_waiting, staff.dead_letters_parked), (0, 1));
    assert!(staff.last_apply_time.is_some());
    let evaluation = &lag.consumers[1];
    assert_eq!(evaluation.stream, "EVT_EVALUATION");
    assert_eq!((evaluation.consumer_presence(), evaluation.last_apply_time), (Presence::Absent, None));
    served.finish().await;
}

async fn differences(served: &Served) -> Vec<[String; 5]> {
    // A service that has just begun may not be connected to NATS yet.
    let answer = until("NATS answers", async || {
        let request = authorized(DiffStreamsRequest {}, &served.token(&["ops.read"]));
        served.client.clone().diff_streams(request).await.ok()
    });
    answer
        .await
        .into_inner()
        .differences
        .into_iter()
        .map(|told| [told.stream, told.consumer, told.setting, told.actual, told.shipped])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_setting_and_an_absent_durable_are_shown_and_nothing_else() {
    let mut place = Place::new().await;
    let event = Uuid::now_v7();
    place.script.play(event, &[Applied]);
    place.publish(event).await;
    let served = place.serve().await;
    served.place.applied(event).await;
    until("stream and durable are as the service made them", async || {
        differences(&served).await.is_empty().then_some(())
    })
    .await;

    place = served.stop().await;
    place.producers = vec!["staff", "evaluation"];
    let stream = place.jetstream.get_stream("EVT_TRAINING").await.unwrap();
    let changed = Config { max_age: Duration::from_secs(3_600), ..stream.cached_info().config.clone() };
    place.jetstream.update_stream(changed).await.unwrap();
    let served = place.serve().await;
    let found = differences(&served).await;
    let expected = [
        ["EVT_TRAINING", "", "max_age", "3600s", "1209600s"],
        ["EVT_EVALUATION", SERVICE, "absent", "true", "false"],
    ];
    assert_eq!(found, expected.map(|row| row.map(str::to_owned)));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shipped_settings_are_applied_where_nats_changes_them_and_what_it_does_not_is_said() {
    let mut place = Place::new().await;
    place.producers = vec!["staff", "evaluation"];
    let other = Config {
        name: "EVT_TRAINING".to_owned(),
        subjects: vec!["evt.training.>".to_owned()],
        storage: StorageType::Memory,
        discard: DiscardPolicy::New,
        max_age: Duration::from_secs(3_600),
        max_bytes: 64 << 20,
        max_message_size: 600 * 1024,
        deny_delete: true,
        description: Some("kept".to_owned()),
        ..Config::default()
    };
    place.jetstream.create_stream(other).await.unwrap();
    let durable = pull::Config {
        durable_name: Some(SERVICE.to_owned()),
        max_ack_pending: 5,
        pause_until: Some(time::OffsetDateTime::now_utc() + Duration::from_secs(3_600)),
        ..pull::Config::default()
    };
    place.jetstream.create_consumer_on_stream(durable, STREAM).await.unwrap();
    let served = place.serve().await;
    let before = differences(&served).await;
    let applied = async || {
        let request = ApplyStreamsRequest { reason: "made by hand".to_owned() };
        let request = authorized(request, &served.token(&["ops.manage"]));
        served.client.clone().apply_streams(request).await.unwrap().into_inner().applied
    };
    let outcomes: Vec<_> = applied()
        .await
        .into_iter()
        .map(|applied| {
            let difference = applied.difference.unwrap();
            (difference.stream, difference.setting, applied.is_applied, applied.refusal.is_empty())
        })
        .collect();
    let expected = [
        ("EVT_TRAINING", "storage", false, false),
        ("EVT_TRAINING", "max_age", true, true),
        (STREAM, "max_ack_pending", true, true),
        (STREAM, "paused", true, true),
        ("EVT_EVALUATION", "absent", false, false),
    ];
    let expected = expected.map(|(stream, setting, is_applied, is_silent)| {
        (stream.to_owned(), setting.to_owned(), is_applied, is_silent)
    });
    let told: Vec<_> = before.iter().map(|row| (row[0].clone(), row[2].clone())).collect();
    assert_eq!(outcomes.iter().map(|row| (row.0.clone(), row.1.clone())).collect::<Vec<_>>(), told);
    assert_eq!(outcomes, expected);
    let left: Vec<_> = differences(&served).await.into_iter().map(|row| row[2].clone()).collect();
    assert_eq!(left, ["storage", "absent"]);
    let stream = served.place.jetstream.get_stream("EVT_TRAINING").await.unwrap();
    assert_eq!(stream.cached_info().config.description.as_deref(), Some("kept"));
    served.finish().await;
}
