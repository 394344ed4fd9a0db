//! A consumer's Postgres is away for long under load; and everything is delivered again, with and without the memory of it.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, pull};
use dev::{
    client,
    stack::{Part, Stack},
};
use sqlx::AssertSqlSafe;
use tokio::time::Instant;

use crate::faults::{checker::Checker, fault::Fault, load::Load, options, start};

use super::{QUIET_WITHIN, WORKERS, seed};

/// How soon the stream delivers again what was not acknowledged; 30 s where a service makes its durable. An outage of so
/// many of these is to the stream what one of ten minutes is in production.
const ACK_WAIT: Duration = Duration::from_millis(300);
const OUTAGE: Duration = Duration::from_secs(6);
/// What consumers made of events.
const MADE: [&str; 5] =
    ["complaints.unit", "training.unit", "training.need", "evaluation.unit", "evaluation.fact"];

/// What a consumer made of all that it was told.
async fn made(checker: &Checker) -> Vec<(i64, String)> {
    let mut made = Vec::new();
    for table in MADE {
        let sql = format!(
            "SELECT count(*), md5(coalesce(string_agg(made::text, '|' ORDER BY made::text), '')) FROM {table} AS made"
        );
        made.push(sqlx::query_as(AssertSqlSafe(sql)).fetch_one(checker.database()).await.unwrap());
    }
    made
}

/// Waits until evaluation says that it is ready for calls, or that it isn't.
async fn readiness(stack: &Stack, ready: bool) {
    let address = format!("http://{}", stack.service("evaluation").unwrap().health);
    let deadline = Instant::now() + QUIET_WITHIN;
    while client::is_ready(&address).await != ready {
        assert!(Instant::now() < deadline, "its readiness stays {}", !ready);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_a_consumers_postgres_parks_nothing_and_redelivery_of_everything_changes_nothing() {
    let stack = start(options().unwrap(), &["evaluation"]).await.unwrap();
    let addresses = stack.addresses("complaints").unwrap();
    let checker = Checker::connect(&stack).await.unwrap();
    let durable = pull::Config {
        durable_name: Some("evaluation".to_owned()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_deliver: -1,
        max_ack_pending: 1_024,
        ..pull::Config::default()
    };
    let stream = checker.jetstream().get_stream("EVT_COMPLAINTS").await.unwrap();
    stream.create_consumer(durable).await.unwrap();
    let load = Load::start(&stack, &addresses, WORKERS, seed()).await.unwrap();
    load.more_than(load.done()).await.unwrap();
    let outage = Fault::ConsumerWithoutPostgres.happen(&stack, &checker, OUTAGE);
    let (happened, ()) = tokio::join!(outage, readiness(&stack, false));
    happened.unwrap();
    readiness(&stack, true).await;
    assert_eq!(stack.what_ended().unwrap(), None);
    load.more_than(load.done()).await.unwrap();
    load.stop().await.unwrap();
    let found = checker.quiet(QUIET_WITHIN).await.unwrap();
    assert_eq!(found.wrong(), Vec::<String>::new());
    let letters: i64 = sqlx::query_scalar("SELECT count(*) FROM evaluation.dead_letter")
        .fetch_one(checker.database())
        .await
        .unwrap();
    assert_eq!(letters, 0, "not even one that was applied in the end");

    let before = made(&checker).await;
    assert!(before.iter().any(|(rows, _)| *rows > 400), "{before:?}");
    // Each consumer knows what it applied, and begins an hour before.
    for consumer in ["complaints", "training", "evaluation"] {
        checker.delete_durables(consumer).await.unwrap();
    }
    assert_eq!(checker.quiet(QUIET_WITHIN).await.unwrap().wrong(), Vec::<String>::new());
    assert_eq!(made(&checker).await, before);

    // One knows nothing any more, and begins with the first event.
    stack.crash(Part::Service("evaluation")).unwrap();
    stack.end_replicas("evaluation").unwrap();
    checker.forget("DELETE FROM evaluation.inbox").await.unwrap();
    checker.delete_durables("evaluation").await.unwrap();
    stack.revive(Part::Service("evaluation")).await.unwrap();
    assert_eq!(checker.quiet(QUIET_WITHIN).await.unwrap().wrong(), Vec::<String>::new());
    assert_eq!(made(&checker).await, before);
    drop(checker);
    stack.stop().await.unwrap();
}
