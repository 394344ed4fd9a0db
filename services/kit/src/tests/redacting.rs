//! Events that should never have been told: made away with, and their neighbours left alone.

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use dev::client::authorized;
use futures::StreamExt;
use proto::ops::v1::{AuditStreamRequest, DeadLetterState, RedactEventRequest, RedactEventResponse};
use tonic::{Code, Status};
use uuid::Uuid;

use super::{
    Place, Served, letter_name, reason,
    replaying::{SECRET, acts, of, published, relay_held_up, replay, tell},
    script::Ending::Refuses,
    until,
};

const OWN_STREAM: &str = "EVT_TRAINING";

/// The events that the service's own stream holds, in its order; none of them with what must not leak.
async fn held(served: &Served) -> Vec<Uuid> {
    let stream = served.place.jetstream.get_stream(OWN_STREAM).await.unwrap();
    let config = pull::OrderedConfig { deliver_policy: DeliverPolicy::All, ..pull::OrderedConfig::default() };
    let mut messages = stream.create_consumer(config).await.unwrap().messages().await.unwrap();
    let mut held = Vec::new();
    while held.len() < usize::try_from(stream.cached_info().state.messages).unwrap() {
        let message = messages.next().await.unwrap().unwrap();
        let id = message.headers.as_ref().unwrap().get("ce-id").unwrap().as_str().parse().unwrap();
        assert!(!String::from_utf8_lossy(&message.payload).contains(SECRET));
        held.push(id);
    }
    held
}

async fn redact(served: &Served, event: Uuid) -> Result<RedactEventResponse, Status> {
    let request = RedactEventRequest { event: event.to_string(), reason: "ticket 7".to_owned() };
    let request = authorized(request, &served.token(&["ops.manage"]));
    Ok(served.client.clone().redact_event(request).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_event_is_nowhere_any_more_and_its_neighbours_stay() {
    let mut place = Place::new().await;
    place.more = ["--stream-check-seconds", "1"].map(str::to_owned).to_vec();
    let served = place.serve().await;
    let told = tell(&served, "things/1", 3).await;
    published(&served, 3).await;

    let redacted = redact(&served, told[1]).await.unwrap();
    let expected = RedactEventResponse { in_history: true, purged: 2, enqueued: 1, dead_letters: 0 };
    assert_eq!(redacted, expected);
    published(&served, 2).await;
    assert_eq!(held(&served).await, [told[2], told[0]]);
    let (payload, mark): (Vec<u8>, Option<String>) =
        sqlx::query_as("SELECT payload, headers->>'ce-primaredacted' FROM event_log WHERE event_id = $1")
            .bind(told[1])
            .fetch_one(&mut served.place.connection().await)
            .await
            .unwrap();
    assert_eq!((payload.as_slice(), mark.as_deref()), (&b""[..], Some("true")));

    // Neither the stream's check nor its audit nor a replay misses it.
    let now: String = sqlx::query_scalar("SELECT clock_timestamp()::text")
        .fetch_one(&mut served.place.connection().await)
        .await
        .unwrap();
    let is_whole: bool = until("the stream is looked at again", async || {
        sqlx::query_scalar(
            "SELECT sequence IS NOT NULL FROM stream_check WHERE checked_at > $1::timestamptz ORDER BY checked_at DESC",
        )
        .bind(&now)
        .fetch_optional(&mut served.place.connection().await)
        .await
        .unwrap()
    })
    .await;
    assert!(is_whole, "the check took the purge for a loss");
    let audit = AuditStreamRequest { whole: true, reason: "to see".to_owned() };
    let audit = authorized(audit, &served.token(&["ops.manage"]));
    let audited = served.client.clone().audit_stream(audit).await.unwrap().into_inner();
    assert_eq!((audited.messages, audited.missing), (2, 0), "{audited:?}");
    assert_eq!(replay(&served, &of("things/1")).await.unwrap().events, 2);
    // NATS takes both for repetitions; of the first it only remembers the place that was purged, so it is sent once more.
    published(&served, 3).await;
    assert_eq!(held(&served).await, [told[2], told[0], told[0]]);

    // Asked again there is nothing left to do.
    let again = redact(&served, told[1]).await.unwrap();
    assert_eq!(again, RedactEventResponse { purged: 0, enqueued: 0, ..expected });
    let acts = acts(&served).await;
    let subject = format!("events/{}", told[1]);
    assert_eq!((acts[0].act.as_str(), &acts[0].subject), ("RedactEvent", &subject));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_not_published_yet_is_redacted_before_it_is() {
    let served = Place::new().await.serve().await;
    tell(&served, "things/0", 1).await;
    published(&served, 1).await;
    let relay = relay_held_up(&served).await;
    let told = tell(&served, "things/1", 3).await;
    let mut redacting = Box::pin(redact(&served, told[1]));
    // It waits until no relay is at the event's shard.
    until("the redaction waits for the relay", async || {
        assert!(futures::poll!(&mut redacting).is_pending());
        sqlx::query_scalar::<_, i64>(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
        )
        .fetch_one(&mut served.place.connection().await)
        .await
        .ok()
        .filter(|waiting| *waiting > 0)
    })
    .await;
    drop(relay);
    assert!(redacting.as_mut().await.unwrap().in_history);
    drop(redacting);
    published(&served, 3).await;
    assert!(!held(&served).await.contains(&told[1]));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_letter_of_a_redacted_event_is_emptied_and_dropped() {
    let place = Place::new().await;
    let event = Uuid::now_v7();
    place.script.play(event, &[Refuses]);
    place.publish(event).await;
    let served = place.serve().await;
    served.place.letter_in(event, "PARKED").await;
    let redacted = redact(&served, event).await.unwrap();
    assert_eq!(redacted, RedactEventResponse { dead_letters: 1, ..Default::default() });
    let letter = served.get(&letter_name(event)).await;
    assert_eq!(letter.state(), DeadLetterState::Dropped);
    assert_eq!((letter.payload.as_slice(), letter.error.as_str()), (&b""[..], "redacted"));

    let unknown = redact(&served, Uuid::now_v7()).await.unwrap_err();
    assert_eq!((unknown.code(), reason(&unknown).as_str()), (Code::NotFound, "NOT_FOUND"));
    assert_eq!(acts(&served).await.len(), 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tombstone_that_comes_all_the_same_is_taken_and_does_nothing() {
    let place = Place::new().await;
    let event = Uuid::now_v7();
    let id = event.to_string();
    let mut headers = super::headers(&id, "prima.staff.events.v1.UnitChanged").to_vec();
    headers.push(("ce-primaredacted", "true"));
    place.publish_raw(&headers).await;
    let served = place.serve().await;
    until("it is taken", async || {
        sqlx::query_scalar::<_, i64>("SELECT 1::bigint FROM inbox WHERE event_id = $1")
            .bind(event)
            .fetch_optional(&mut served.place.connection().await)
            .await
            .unwrap()
    })
    .await;
    served.place.quiet().await;
    assert_eq!((served.place.effects(event).await, served.place.letter(event).await), (0, None));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_itself_cannot_change_its_history() {
    let served = Place::new().await.serve().await;
    for statement in ["UPDATE event_log SET payload = ''", "DELETE FROM event_log"] {
        let refused = sqlx::query(statement).execute(&mut served.place.connection().await).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "42501", "{statement}");
    }
    served.finish().await;
}
