//! `consumer_vs_pull`: the consumer's process takes a full stream into inbox and projection, beside a client that pulls the
//! same messages through a durable of the same settings, and acknowledges each.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use async_nats::jetstream::consumer::pull;
use dev::stack::Part;
use futures::StreamExt;

use super::reports;
use crate::bed::{CONSUMER, PRODUCER, STREAM, TestBed};
use crate::measure::{Arm, Run, per_second};
use crate::processes::Cpu;
use crate::report::{About, Row};

const EVENTS: usize = 30_000;
const ROUNDS: usize = 5;
const BATCH: usize = 256;
const RAW_DURABLE: &str = "bench";

/// Measures the row.
pub(super) async fn measure(bed: &TestBed) -> Result<Vec<Row>> {
    let mut runs = Vec::new();
    for round in 0..ROUNDS {
        bed.empty().await?;
        bed.stack.freeze(Part::Service(CONSUMER))?;
        let mut connection = bed.connection(PRODUCER).await?;
        reports::tell(&mut connection, &reports::events(EVENTS, |_| true)).await?;
        bed.relayed().await?;
        bed.checkpoint().await?;
        let (consume, pull) = if round % 2 == 0 {
            let consume = consume(bed).await?;
            (consume, pull(bed).await?)
        } else {
            let pull = pull(bed).await?;
            (consume(bed).await?, pull)
        };
        bed.say(format!("round {}: consumer {:.0}/s, pull {:.0}/s", round + 1, consume.value, pull.value));
        runs.push(Run::beside(consume, pull, |consume, pull| consume / pull));
    }
    let about = About { row: "consumer_vs_pull", unit: "/s", goal: "≥ 0.25 ×" };
    Ok(vec![Row::new(about, runs, |_, ratio| ratio >= 0.25)])
}

/// Lets the consumer's process go on, until all is applied and acknowledged.
async fn consume(bed: &TestBed) -> Result<Arm> {
    let cpu = Cpu::now();
    let begun = Instant::now();
    bed.stack.thaw(Part::Service(CONSUMER))?;
    bed.applied().await?;
    let time = begun.elapsed();
    bed.stack.freeze(Part::Service(CONSUMER))?;
    for (what, applied) in [
        (
            "inbox rows",
            bed.count("SELECT count(*) FROM evaluation.inbox WHERE consumer = 'EVT_COMPLAINTS'").await?,
        ),
        ("facts", bed.count("SELECT count(*) FROM evaluation.fact").await?),
    ] {
        ensure!(applied == EVENTS, "there are {applied} {what}");
    }
    Ok(Arm { value: per_second(EVENTS, time), cpu: cpu.since() })
}

async fn pull(bed: &TestBed) -> Result<Arm> {
    let like = bed.jetstream.get_consumer_from_stream::<pull::Config, _, _>(CONSUMER, STREAM).await?;
    let like = &like.cached_info().config;
    let config = pull::Config {
        durable_name: Some(RAW_DURABLE.to_owned()),
        ack_policy: like.ack_policy,
        ack_wait: like.ack_wait,
        max_deliver: like.max_deliver,
        max_ack_pending: like.max_ack_pending,
        ..pull::Config::default()
    };
    let cpu = Cpu::now();
    let begun = Instant::now();
    let durable = bed.jetstream.create_consumer_strict_on_stream(config, STREAM).await?;
    let mut messages = durable.stream().max_messages_per_batch(BATCH).messages().await?;
    for _ in 0..EVENTS {
        let message = messages.next().await.context("the stream has ended")??;
        message.ack().await.map_err(|error| anyhow::anyhow!("an ack was not sent: {error}"))?;
    }
    bed.consumed(RAW_DURABLE).await?;
    let time = begun.elapsed();
    drop(messages);
    bed.jetstream.delete_consumer_from_stream(RAW_DURABLE, STREAM).await?;
    Ok(Arm { value: per_second(EVENTS, time), cpu: cpu.since() })
}
