//! How events get to the stream: one aggregate's in order, whoever carries them, and nobody's waiting for another's
//! transaction.

use async_nats::jetstream::consumer::pull;
use clap::Parser;
use futures::StreamExt;
use jiff::Timestamp;
use sqlx::Connection;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Arguments, MIGRATIONS, Place, SERVICE, WITHIN, until};
use crate::{
    events::{Event, append, stream_name},
    server::{Server, Shell},
};

/// Versions of the hot aggregate.
const VERSIONS: i64 = 600;
/// One other aggregate's event beside so many.
const BESIDE: i64 = 3;

type Task = tokio::task::JoinHandle<anyhow::Result<()>>;

/// Starts a process' worth of the service, with a relay of its own.
async fn relay(place: &Place) -> (CancellationToken, Task) {
    let arguments = Arguments::parse_from(place.world.serve_arguments(SERVICE));
    let shutdown = CancellationToken::new();
    let shell = Shell::try_new(&arguments.shell, SERVICE, &MIGRATIONS, shutdown.clone()).unwrap();
    let task = tokio::spawn(Server::new(shell).serve());
    place.world.grpc_address(SERVICE).await;
    (shutdown, task)
}

async fn end((shutdown, task): (CancellationToken, Task)) {
    shutdown.cancel();
    task.await.unwrap().unwrap();
}

fn told(aggregate: Uuid, version: i64) -> Event {
    let message = prost_types::Timestamp::default();
    let of = ("unit", "changed");
    Event::new(
        SERVICE,
        of,
        (aggregate, version),
        format!("units/{aggregate}"),
        Timestamp::UNIX_EPOCH,
        &message,
    )
}

/// A connection that writes, as one of the service's own: it looks first which epoch it is in.
async fn writer(place: &Place) -> sqlx::PgConnection {
    let mut connection = place.connection().await;
    sqlx::query("SELECT current_epoch()").execute(&mut connection).await.unwrap();
    connection
}

/// The aggregate and version of each message in the stream, in its order.
async fn in_stream(place: &Place) -> Vec<(String, i64)> {
    let stream = place.jetstream.get_stream(stream_name(SERVICE)).await.unwrap();
    let config = pull::OrderedConfig { headers_only: true, ..pull::OrderedConfig::default() };
    let consumer = stream.create_consumer(config).await.unwrap();
    let mut left = consumer.cached_info().num_pending;
    let mut messages = consumer.messages().await.unwrap();
    let mut held = Vec::new();
    while left > 0 {
        let message = tokio::time::timeout(WITHIN, messages.next()).await.unwrap().unwrap().unwrap();
        left = message.info().unwrap().pending;
        let headers = message.headers.as_ref().unwrap();
        let header = |key: &str| headers.get(key).unwrap().as_str().to_owned();
        held.push((header("ce-subject"), header("ce-primaversion").parse().unwrap()));
    }
    held
}

async fn sent(place: &Place) {
    until("the outbox is empty", async || {
        let pending: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox_pending")
            .fetch_one(&mut place.connection().await)
            .await
            .unwrap();
        (pending == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hot_aggregate_keeps_its_order_with_two_relays_of_which_one_ends_in_the_middle() {
    let place = Place::new().await;
    let (first, second) = (relay(&place).await, relay(&place).await);
    let hot = Uuid::now_v7();
    let mut connection = writer(&place).await;
    let mut first = Some(first);
    for version in 1..=VERSIONS {
        let mut transaction = connection.begin().await.unwrap();
        let mut events = vec![told(hot, version)];
        if version % BESIDE == 0 {
            events.push(told(Uuid::now_v7(), 1));
        }
        append(&mut transaction, &events).await.unwrap();
        transaction.commit().await.unwrap();
        if version == VERSIONS / 2 {
            end(first.take().unwrap()).await;
        }
    }
    sent(&place).await;
    let held = in_stream(&place).await;
    let of_hot = format!("units/{hot}");
    let versions: Vec<i64> =
        held.iter().filter(|(resource, _)| *resource == of_hot).map(|(_, version)| *version).collect();
    assert_eq!(versions, (1..=VERSIONS).collect::<Vec<_>>());
    assert_eq!(held.len(), usize::try_from(VERSIONS + VERSIONS / BESIDE).unwrap());
    end(second).await;
    place.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_stays_open_holds_up_nobody_and_its_event_comes_when_it_is_committed() {
    let place = Place::new().await;
    let relay = relay(&place).await;
    let (slow, other) = (Uuid::now_v7(), Uuid::now_v7());
    let (mut slow_connection, mut connection) = (writer(&place).await, writer(&place).await);
    let mut open = slow_connection.begin().await.unwrap();
    append(&mut open, &[told(slow, 1)]).await.unwrap();
    for version in 1..=VERSIONS / 10 {
        append(&mut connection, &[told(other, version)]).await.unwrap();
    }
    sent(&place).await;
    let of = |aggregate: Uuid| format!("units/{aggregate}");
    let held = in_stream(&place).await;
    assert!(held.iter().all(|(resource, _)| *resource == of(other)));
    assert_eq!(held.len(), usize::try_from(VERSIONS / 10).unwrap());
    open.commit().await.unwrap();
    sent(&place).await;
    assert_eq!(in_stream(&place).await.last(), Some(&(of(slow), 1)));
    end(relay).await;
    place.world.finish().await;
}
