//! What is on the outbox reaches the stream.

use std::collections::HashMap;

use async_nats::jetstream::consumer::pull::OrderedConfig;
use futures::StreamExt;
use jiff::Timestamp;
use proto::ops::v1::GetLagRequest;

use super::*;
use crate::events::{Event, SHARDS, append};

const AGGREGATES: usize = 200;
/// So that a transaction of the relay can hold neither all events nor all of a shard.
const VERSIONS: i64 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn events_of_all_shards_leave_the_outbox_for_the_stream_in_each_aggregates_order() {
    let served = Place::new().await.serve().await;
    let mut connection = served.place.connection().await;
    let aggregates: Vec<Uuid> = (0..AGGREGATES).map(|_| Uuid::now_v7()).collect();
    // As every connection of the service's own pool begins.
    sqlx::query("SELECT current_epoch()").execute(&mut connection).await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    for version in 1..=VERSIONS {
        let event = |id: &Uuid| {
            let (kind, resource) = (("thing", "changed"), format!("things/{id}"));
            Event::new(SERVICE, kind, (*id, version), resource, Timestamp::UNIX_EPOCH, &GetLagRequest {})
        };
        append(&mut transaction, &aggregates.iter().map(event).collect::<Vec<_>>()).await.unwrap();
    }
    transaction.commit().await.unwrap();
    until("the outbox is empty", async || {
        let empty = "SELECT NOT EXISTS (SELECT FROM outbox_pending)";
        let empty: bool = sqlx::query_scalar(empty).fetch_one(&mut connection).await.unwrap();
        empty.then_some(())
    })
    .await;

    let stream = served.place.jetstream.get_stream("EVT_TRAINING").await.unwrap();
    let held = stream.cached_info().state.messages;
    assert_eq!(held, AGGREGATES as u64 * VERSIONS.unsigned_abs());
    let mut messages =
        stream.create_consumer(OrderedConfig::default()).await.unwrap().messages().await.unwrap();
    let (mut last, mut sequences): (HashMap<String, i64>, Vec<i64>) = Default::default();
    for _ in 0..held {
        let message = messages.next().await.unwrap().unwrap();
        let headers = message.headers.as_ref().unwrap();
        let version: i64 = headers.get("ce-primaversion").unwrap().as_str().parse().unwrap();
        let before = last.insert(headers.get("ce-subject").unwrap().to_string(), version);
        assert_eq!(before.unwrap_or_default() + 1, version);
        sequences.push(message.info().unwrap().stream_sequence.cast_signed());
    }
    let marks: Vec<i64> = sqlx::query_scalar("SELECT sequence FROM stream_watermark ORDER BY sequence")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!((marks.len(), marks.last()), (SHARDS as usize, sequences.last()));
    connection.close().await.unwrap();
    served.finish().await;
}
