//! `relay_drain_vs_publish`: the relay of the producer's process, from a full outbox to an empty one, beside a client that
//! publishes the same messages, with the same ids, into a stream of the same settings.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use async_nats::HeaderMap;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, Stream};
use dev::stack::Part;
use futures::{StreamExt, stream::FuturesUnordered};
use sqlx::Row as _;
use uuid::Uuid;

use super::reports;
use crate::bed::{CONSUMER, PRODUCER, TestBed};
use crate::measure::{Arm, Run, per_second};
use crate::processes::Cpu;
use crate::report::{About, Row};

const EVENTS: usize = 100_000;
const ROUNDS: usize = 5;
/// Messages whose acks are awaited at once.
const WINDOW: usize = 256;
const RAW_STREAM: &str = "BENCH";
const RAW_SUBJECT: &str = "bench";

struct RawMessage {
    subject: String,
    message: PublishMessage,
}

/// Measures the row.
pub(super) async fn measure(bed: &TestBed) -> Result<Vec<Row>> {
    let raw = raw_stream(bed).await?;
    let mut runs = Vec::new();
    for round in 0..ROUNDS {
        bed.empty().await?;
        bed.stack.freeze(Part::Service(PRODUCER))?;
        bed.stack.freeze(Part::Service(CONSUMER))?;
        let mut connection = bed.connection(PRODUCER).await?;
        reports::tell(&mut connection, &reports::events(EVENTS, |_| true)).await?;
        let messages = raw_messages(bed).await?;
        bed.checkpoint().await?;
        let (relay, publish) = if round % 2 == 0 {
            let relay = drain(bed).await?;
            (relay, publish(bed, &raw, messages).await?)
        } else {
            let publish = publish(bed, &raw, messages).await?;
            (drain(bed).await?, publish)
        };
        bed.say(format!("round {}: relay {:.0}/s, publish {:.0}/s", round + 1, relay.value, publish.value));
        runs.push(Run::beside(relay, publish, |relay, publish| relay / publish));
    }
    bed.jetstream.delete_stream(RAW_STREAM).await?;
    let about = About { row: "relay_drain_vs_publish", unit: "/s", goal: "≥ 0.5 ×" };
    Ok(vec![Row::new(about, runs, |_, ratio| ratio >= 0.5)])
}

/// Lets the producer's process go on, until its outbox is empty.
async fn drain(bed: &TestBed) -> Result<Arm> {
    let cpu = Cpu::now();
    let begun = Instant::now();
    bed.stack.thaw(Part::Service(PRODUCER))?;
    // Asked of the stream, which costs the database nothing.
    bed.until("the stream holds all", async || {
        Ok(bed.stream().await?.cached_info().state.messages >= u64::try_from(EVENTS)?)
    })
    .await?;
    bed.relayed().await?;
    let time = begun.elapsed();
    bed.stack.freeze(Part::Service(PRODUCER))?;
    let held = bed.stream().await?.cached_info().state.messages;
    ensure!(held == u64::try_from(EVENTS)?, "the stream holds {held} messages");
    Ok(Arm { value: per_second(EVENTS, time), cpu: cpu.since() })
}

async fn publish(bed: &TestBed, raw: &Stream, messages: Vec<RawMessage>) -> Result<Arm> {
    raw.purge().await?;
    let cpu = Cpu::now();
    let begun = Instant::now();
    let mut acks = FuturesUnordered::new();
    for RawMessage { subject, message } in messages {
        while acks.len() >= WINDOW {
            acks.next().await.transpose()?;
        }
        acks.push(bed.jetstream.send_publish(subject, message).await?.into_future());
    }
    while let Some(ack) = acks.next().await {
        ack?;
    }
    let time: Duration = begun.elapsed();
    Ok(Arm { value: per_second(EVENTS, time), cpu: cpu.since() })
}

/// A stream as the producer's is, of another name.
async fn raw_stream(bed: &TestBed) -> Result<Stream> {
    let like = bed.stream().await?.cached_info().config.clone();
    let config = Config { name: RAW_STREAM.to_owned(), subjects: vec![format!("{RAW_SUBJECT}.>")], ..like };
    Ok(bed.jetstream.create_stream(config).await?)
}

/// The messages that the relay will publish, ready to be sent.
async fn raw_messages(bed: &TestBed) -> Result<Vec<RawMessage>> {
    let rows = sqlx::query(
        "SELECT event_id, epoch, version, subject, headers::text, payload FROM complaints.event_log ORDER BY id",
    )
    .fetch_all(&bed.database)
    .await?;
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, subject): (Uuid, String) = (row.try_get(0)?, row.try_get(3)?);
        let stored: HashMap<String, String> = serde_json::from_str(row.try_get(4)?)?;
        let mut headers = HeaderMap::new();
        for (key, value) in stored {
            headers.insert(key, value);
        }
        headers.insert("ce-id", id.to_string());
        headers.insert("ce-primaepoch", row.try_get::<i64, _>(1)?.to_string());
        headers.insert("ce-primaversion", row.try_get::<i64, _>(2)?.to_string());
        headers.insert(async_nats::header::NATS_MESSAGE_ID, id.to_string());
        let payload: Vec<u8> = row.try_get(5)?;
        let message = PublishMessage::build().payload(payload.into()).headers(headers);
        messages.push(RawMessage { subject: format!("{RAW_SUBJECT}.{subject}"), message });
    }
    ensure!(messages.len() == EVENTS, "{} events were told", messages.len());
    Ok(messages)
}
