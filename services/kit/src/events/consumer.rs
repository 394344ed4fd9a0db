//! Applies another service's events (or one's own) to this schema, each at most once: the inbox row is written first, in
//! the transaction of its effect. An event that can't be applied is tried alone, then put down as a dead letter; it holds
//! up nobody.

mod apply;

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::{
    AckKind, Message,
    consumer::{AckPolicy, DeliverPolicy, pull, pull::MessagesErrorKind},
    stream::ConsumerErrorKind,
};
use futures::{FutureExt, StreamExt};
use tokio::{sync::Notify, task::unconstrained};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    failure::{BACK_OFF_MAX, BACK_OFF_MIN},
    road::Road,
    subscription::Subscription,
};
use crate::database::Database;

const BATCH: usize = 256;
const ACK_WAIT: Duration = Duration::from_secs(30);
const MAX_ACK_PENDING: i64 = 1_024;
const HEARTBEAT: Duration = Duration::from_secs(5);
const PULL_EXPIRES: Duration = Duration::from_secs(30);
/// A durable that vanished begins this much before the last event it applied; the inbox drops the overlap.
const OVERLAP_SECONDS: i64 = 3_600;

/// One durable consumer of one stream.
pub(crate) struct Consumer {
    pub(crate) service: &'static str,
    pub(crate) subscription: Subscription,
    pub(crate) database: Database,
    pub(crate) road: Road,
    /// What waiting times between deliveries are multiples of.
    pub(crate) retry_unit: Duration,
    /// Notified where it may have missed events that the stream has no more.
    pub(crate) missed: Arc<Notify>,
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
                        anyhow::ensure!(!self.is_gone().await, "the durable consumer is not there any more");
                        continue;
                    }
                    _ => return Err(error.into()),
                },
            }
            *back_off = BACK_OFF_MIN;
            while batch.len() < BATCH {
                // A task is told after 128 messages that there are no more for now, to let others run; they run while
                // the batch is applied.
                match unconstrained(messages.next()).now_or_never() {
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
            self.look_for_a_gap(&consumer).await?;
            return Ok(consumer);
        }
        let newest: Option<Uuid> = sqlx::query_scalar(
            "SELECT event_id FROM inbox WHERE consumer = $1 ORDER BY event_id DESC LIMIT 1",
        )
        .bind(self.subscription.key())
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
                pull::Config { deliver_policy, ..shipped(self.service) },
                stream,
            )
            .await?;
        tracing::info!(stream, "made the durable consumer, which was missing");
        // What the stream kept no more when it was made is known to the producer alone.
        self.missed.notify_one();
        Ok(consumer)
    }

    /// Whether the durable is not there any more. Who asks it nothing while it is deleted is not told so, and is silent to it
    /// for ever.
    async fn is_gone(&self) -> bool {
        let stream = &self.subscription.stream;
        let found =
            self.road.jetstream.get_consumer_from_stream::<pull::Config, _, _>(self.service, stream).await;
        matches!(found.map_err(|error| error.kind()), Err(ConsumerErrorKind::JetStream(refused)) if refused.code() == 404)
    }

    /// A consumer that slept through what the stream keeps has missed what lies between.
    async fn look_for_a_gap(
        &self,
        consumer: &async_nats::jetstream::consumer::Consumer<pull::Config>,
    ) -> anyhow::Result<()> {
        let stream = self.road.jetstream.get_stream(&self.subscription.stream).await?;
        let first = stream.cached_info().state.first_sequence;
        let reached = consumer.cached_info().ack_floor.stream_sequence;
        if reached + 1 < first {
            let stream = &self.subscription.stream;
            tracing::error!(stream, reached, first, "the stream no longer has what was not consumed yet");
            self.missed.notify_one();
        }
        Ok(())
    }
}

/// A service's durable as it is made, but for where it begins.
pub(super) fn shipped(service: &str) -> pull::Config {
    pull::Config {
        durable_name: Some(service.to_owned()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_deliver: -1,
        max_ack_pending: MAX_ACK_PENDING,
        ..pull::Config::default()
    }
}

/// An ack that is lost leads to another delivery, which the inbox drops.
async fn ack(message: &Message, kind: AckKind) {
    if let Err(error) = message.ack_with(kind).await {
        tracing::debug!(error = %error, "an ack was not sent");
    }
}
