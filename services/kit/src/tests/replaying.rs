//! Events of a service's own history, published again because an operator asked for it.

use dev::client::authorized;
use proto::ops::v1::{
    GetDeadLetterRequest, ListAuditRequest, OperatorAct, ReplayEventsRequest, ReplayEventsResponse,
};
use sqlx::PgConnection;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

use super::{Place, SERVICE, Served, reason, until};
use crate::events::{Event, append};

/// What the second event of an aggregate holds.
pub(super) const SECRET: &str = "a name that leaked";

/// Tells so many events of one aggregate, each in a transaction of its own; the second holds what must not leak.
pub(super) async fn tell(served: &Served, resource: &str, versions: i64) -> Vec<Uuid> {
    let aggregate = Uuid::now_v7();
    // The service's first connection, which begins the epoch, may come later.
    let mut connection = served.place.connection().await;
    sqlx::query("SELECT current_epoch()").execute(&mut connection).await.unwrap();
    for version in 1..=versions {
        let name = if version == 2 { SECRET } else { "harmless" };
        let message = GetDeadLetterRequest { name: name.to_owned() };
        let time = "2027-01-01T00:00:00Z".parse().unwrap();
        let thing = (aggregate, version);
        let event = Event::new(SERVICE, ("thing", "changed"), thing, resource.to_owned(), time, &message);
        append(&mut connection, &[event]).await.unwrap();
    }
    sqlx::query_scalar("SELECT event_id FROM event_log WHERE aggregate_id = $1 ORDER BY id")
        .bind(aggregate)
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

/// Waits until the stream has all that was told.
pub(super) async fn published(served: &Served, messages: i64) {
    until("all is published", async || {
        let outbox = served.lag().await.outbox.unwrap();
        (outbox.pending == 0 && outbox.messages == messages).then_some(())
    })
    .await;
}

/// Keeps every relay from what is on the outbox, until it is closed.
pub(super) async fn relay_held_up(served: &Served) -> PgConnection {
    let mut connection = served.place.connection().await;
    sqlx::query(
        "SELECT pg_advisory_lock(hashtext('relay training'), shard) FROM generate_series(0, 15) AS shard",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection
}

pub(super) async fn acts(served: &Served) -> Vec<OperatorAct> {
    let request = authorized(ListAuditRequest::default(), &served.token(&["ops.read"]));
    served.client.clone().list_audit(request).await.unwrap().into_inner().acts
}

pub(super) fn since(seconds: i64) -> ReplayEventsRequest {
    ReplayEventsRequest {
        request_id: Uuid::now_v7().to_string(),
        since_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        reason: "a projection was lost".to_owned(),
        ..Default::default()
    }
}

pub(super) fn of(resource: &str) -> ReplayEventsRequest {
    ReplayEventsRequest { since_time: None, resource: resource.to_owned(), ..since(0) }
}

pub(super) async fn replay(
    served: &Served,
    request: &ReplayEventsRequest,
) -> Result<ReplayEventsResponse, Status> {
    let request = authorized(request.clone(), &served.token(&["ops.manage"]));
    Ok(served.client.clone().replay_events(request).await?.into_inner())
}

/// The database's time in seconds, at the beginning of the history and now.
async fn times(served: &Served) -> (i64, i64) {
    sqlx::query_as(
        "SELECT floor(extract(epoch FROM min(recorded_at)))::bigint, ceil(extract(epoch FROM clock_timestamp()))::bigint
         FROM event_log",
    )
    .fetch_one(&mut served.place.connection().await)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_resource_are_published_again_once_for_each_request() {
    let served = Place::new().await.serve().await;
    tell(&served, "things/1", 3).await;
    tell(&served, "things/2", 1).await;
    published(&served, 4).await;

    let request = of("things/1");
    let expected = ReplayEventsResponse { events: 3, enqueued: 3, next_page_token: String::new() };
    assert_eq!(replay(&served, &request).await.unwrap(), expected);
    assert_eq!(replay(&served, &request).await.unwrap(), expected);
    // They are younger than the duplicate window: the stream holds them, and takes them for what they are.
    published(&served, 4).await;

    let relay = relay_held_up(&served).await;
    let first = replay(&served, &of("things/1")).await.unwrap();
    let second = replay(&served, &of("things/1")).await.unwrap();
    assert_eq!((first.enqueued, second.events, second.enqueued), (3, 3, 0));
    let order: Vec<i64> = sqlx::query_scalar(
        "SELECT version FROM outbox_pending JOIN event_log USING (recorded_at, id) ORDER BY outbox_pending.id",
    )
    .fetch_all(&mut served.place.connection().await)
    .await
    .unwrap();
    assert_eq!(order, [1, 2, 3]);
    drop(relay);
    published(&served, 4).await;

    let acts = acts(&served).await;
    let kept = (acts[0].act.as_str(), acts[0].subject.as_str(), acts[0].reason.as_str());
    assert_eq!(kept, ("ReplayEvents", "things/1", "a projection was lost"));
    assert_eq!(acts.len(), 3);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_is_published_again_page_by_page_and_none_of_it_twice() {
    let served = Place::new().await.serve().await;
    let relay = relay_held_up(&served).await;
    sqlx::query(
        "INSERT INTO event_log (event_id, shard, aggregate_type, aggregate_id, epoch, version, event_type, subject,
                                headers, payload)
         SELECT gen_random_uuid(), number % 16, 'thing', gen_random_uuid(), 1, 1, 'a', 'a', '{}', ''
         FROM generate_series(1, 50001) AS number",
    )
    .execute(&mut served.place.connection().await)
    .await
    .unwrap();
    let (_, now) = times(&served).await;
    let oldest: String =
        sqlx::query_scalar("SELECT extract(epoch FROM min(recorded_at))::text FROM event_log")
            .fetch_one(&mut served.place.connection().await)
            .await
            .unwrap();
    let (seconds, fraction) = oldest.split_once('.').unwrap();
    let mut request = since(seconds.parse().unwrap());
    request.since_time.as_mut().unwrap().nanos = fraction.parse::<i32>().unwrap() * 1_000;
    let first = replay(&served, &request).await.unwrap();
    assert_eq!((first.events, first.enqueued), (50_000, 50_000));
    assert_ne!(first.next_page_token, "");
    let next = ReplayEventsRequest {
        request_id: Uuid::now_v7().to_string(),
        page_token: first.next_page_token,
        ..request
    };
    let last = replay(&served, &next).await.unwrap();
    assert_eq!((last.events, last.enqueued, last.next_page_token.as_str()), (50_001, 50_001, ""));
    let pending: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox_pending")
        .fetch_one(&mut served.place.connection().await)
        .await
        .unwrap();
    assert_eq!(pending, 50_001);
    assert_eq!(acts(&served).await.len(), 1);
    let elsewhere = ReplayEventsRequest { page_token: next.page_token, ..since(now - 1) };
    assert_eq!(reason(&replay(&served, &elsewhere).await.unwrap_err()), "PAGE_TOKEN_INVALID");
    sqlx::query("DELETE FROM outbox_pending").execute(&mut served.place.connection().await).await.unwrap();
    drop(relay);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_the_history_is_not_published_again_and_leaves_no_act() {
    let served = Place::new().await.serve().await;
    let refused = replay(&served, &since(1)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "NOTHING_TO_REPLAY"));
    tell(&served, "things/1", 1).await;
    let (oldest, now) = times(&served).await;

    let before = replay(&served, &since(oldest - 5)).await.unwrap_err();
    assert_eq!((before.code(), reason(&before).as_str()), (Code::InvalidArgument, "BEFORE_HISTORY"));
    assert!(before.get_details_error_info().unwrap().metadata.contains_key("oldest"));
    let future = replay(&served, &since(now + 60)).await.unwrap_err();
    assert_eq!((future.code(), reason(&future).as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
    assert_eq!(future.message(), "since_time: must not be in the future");
    let unknown = replay(&served, &of("things/none")).await.unwrap_err();
    assert_eq!((unknown.code(), reason(&unknown).as_str()), (Code::InvalidArgument, "AGGREGATE_UNKNOWN"));
    until("the time of the last event is past", async || (times(&served).await.1 > now).then_some(())).await;
    let nothing = replay(&served, &since(now)).await.unwrap_err();
    assert_eq!(reason(&nothing), "NOTHING_TO_REPLAY");
    let both = ReplayEventsRequest { resource: "things/1".to_owned(), ..since(oldest) };
    for wrong in [both, of("")] {
        assert_eq!(reason(&replay(&served, &wrong).await.unwrap_err()), "INVALID_FIELD");
    }
    let request = authorized(of("things/1"), &served.token(&["ops.read"]));
    let refused = served.client.clone().replay_events(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(acts(&served).await, []);
    served.finish().await;
}
