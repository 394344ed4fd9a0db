//! Applies another service's events (or one's own) to this schema, each at most once: the inbox row is written first, in
//! the transaction of its effect. An event that can't be applied is tried alone, then parked whole; it holds up nobody.

mod apply;
mod dead_letter;

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::{
    AckKind, Message,
    consumer::{AckPolicy, DeliverPolicy, pull, pull::MessagesErrorKind},
};
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;
use tonic::async_trait;
use uuid::Uuid;

use super::road::Road;
use crate::database::Database;

const BATCH: usize = 256;
const ACK_WAIT: Duration = Duration::from_secs(30);
const MAX_ACK_PENDING: i64 = 1_024;
const HEARTBEAT: Duration = Duration::from_secs(5);
const PULL_EXPIRES: Duration = Duration::from_secs(30);
/// Between tries to reach the stream or the database.
const BACK_OFF_MIN: Duration = Duration::from_millis(100);
const BACK_OFF_MAX: Duration = Duration::from_secs(5);
/// A durable that vanished begins this much before the last event it applied; the inbox drops the overlap.
const OVERLAP_SECONDS: i64 = 3_600;

/// An event as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// The event's UUIDv7.
    pub id: Uuid,
    /// The message's full name, such as `prima.staff.events.v1.UnitChanged`.
    pub event_type: String,
    /// The resource it is about.
    pub resource: String,
    /// Which life of the producer's database it was written in.
    pub epoch: i64,
    /// The resource's version after it.
    pub version: i64,
    /// Business time.
    pub time: Timestamp,
    /// The bare protobuf message.
    pub payload: Vec<u8>,
}

/// Why an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// It never will be: park it.
    #[error("the event can't be applied: {0}")]
    Permanent(String),
    /// The database failed; whether for this event alone is found out by trying it alone.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// What a service does with events.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Applies one event in the transaction that `connection` is in. Projections guard with `(epoch, version)`; all
    /// else must come to the same end in any order.
    async fn apply(&self, connection: &mut PgConnection, event: &Received) -> Result<(), HandlerError>;
}

/// Which stream a service reads, and what it does with it.
pub(crate) struct Subscription {
    pub(crate) stream: String,
    pub(crate) handler: Arc<dyn Handler>,
}

/// One durable consumer of one stream.
pub(crate) struct Consumer {
    pub(crate) service: &'static str,
    pub(crate) subscription: Subscription,
    pub(crate) database: Database,
    pub(crate) road: Road,
}

impl Consumer {
    /// Consumes until shut down; whatever ends a session is tried again.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut back_off = BACK_OFF_MIN;
        while !shutdown.is_cancelled() {
            match self.session(&shutdown, &mut back_off).await {
                Ok(()) => {}
                Err(error) => {
                    let stream = &self.subscription.stream;
                    tracing::info!(stream, error = format!("{error:#}"), "can't consume yet; trying again");
                }
            }
            tokio::select! { () = tokio::time::sleep(back_off) => {}, () = shutdown.cancelled() => {} }
            back_off = (back_off * 2).min(BACK_OFF_MAX);
        }
        self.road.flush().await;
    }

    async fn session(&self, shutdown: &CancellationToken, back_off: &mut Duration) -> anyhow::Result<()> {
        let consumer = self.durable().await?;
        let mut messages = consumer
            .stream()
            .max_messages_per_batch(BATCH)
            .heartbeat(HEARTBEAT)
            .expires(PULL_EXPIRES)
            .messages()
            .await?;
        loop {
            let first =
                tokio::select! { next = messages.next() => next, () = shutdown.cancelled() => return Ok(()) };
            let mut batch = Vec::new();
            match first {
                None => return Ok(()),
                Some(Ok(message)) => batch.push(message),
                Some(Err(error)) => match error.kind() {
                    // These are not the end: the stream goes on by itself.
                    MessagesErrorKind::MissingHeartbeat
                    | MessagesErrorKind::Pull
                    | MessagesErrorKind::NoResponders => {
                        tracing::debug!(error = %error, "the stream was silent");
                        continue;
                    }
                    _ => return Err(error.into()),
                },
            }
            *back_off = BACK_OFF_MIN;
            while batch.len() < BATCH {
                match messages.next().now_or_never() {
                    Some(Some(Ok(message))) => batch.push(message),
                    _ => break,
                }
            }
            self.handle(batch, shutdown).await?;
        }
    }

    /// The durable, made where it is missing.
    async fn durable(&self) -> anyhow::Result<async_nats::jetstream::consumer::Consumer<pull::Config>> {
        let stream = &self.subscription.stream;
        if let Ok(consumer) =
            self.road.jetstream.get_consumer_from_stream::<pull::Config, _, _>(self.service, stream).await
        {
            return Ok(consumer);
        }
        let newest: Option<Uuid> = sqlx::query_scalar(
            "SELECT event_id FROM inbox WHERE consumer = $1 ORDER BY event_id DESC LIMIT 1",
        )
        .bind(self.key())
        .fetch_optional(&mut *self.database.acquire().await?)
        .await?;
        let deliver_policy = match newest.and_then(|id| id.get_timestamp()) {
            None => DeliverPolicy::All,
            Some(written) => {
                let seconds = i64::try_from(written.to_unix().0)? - OVERLAP_SECONDS;
                DeliverPolicy::ByStartTime { start_time: time::OffsetDateTime::from_unix_timestamp(seconds)? }
            }
        };
        let consumer = self
            .road
            .jetstream
            .create_consumer_strict_on_stream(
                pull::Config {
                    durable_name: Some(self.service.to_owned()),
                    deliver_policy,
                    ack_policy: AckPolicy::Explicit,
                    ack_wait: ACK_WAIT,
                    max_deliver: -1,
                    max_ack_pending: MAX_ACK_PENDING,
                    ..pull::Config::default()
                },
                stream,
            )
            .await?;
        tracing::info!(stream, "made the durable consumer, which was missing");
        Ok(consumer)
    }

    /// What inbox rows are kept by.
    fn key(&self) -> &str {
        &self.subscription.stream
    }
}

/// An ack that is lost leads to another delivery, which the inbox drops.
async fn ack(message: &Message, kind: AckKind) {
    if let Err(error) = message.ack_with(kind).await {
        tracing::debug!(error = %error, "an ack was not sent");
    }
}

fn parse(message: &Message) -> Result<Received, String> {
    let headers = message.headers.as_ref().ok_or("it has no headers")?;
    let get =
        |key: &str| headers.get(key).map(async_nats::HeaderValue::as_str).ok_or(format!("it has no {key}"));
    let number = |key: &str| get(key)?.parse::<i64>().map_err(|error| format!("{key}: {error}"));
    Ok(Received {
        id: get("ce-id")?.parse().map_err(|error| format!("ce-id: {error}"))?,
        event_type: get("ce-type")?.to_owned(),
        resource: get("ce-subject")?.to_owned(),
        epoch: number("ce-primaepoch")?,
        version: number("ce-primaversion")?,
        time: get("ce-time")?.parse().map_err(|error| format!("ce-time: {error}"))?,
        payload: message.payload.to_vec(),
    })
}
