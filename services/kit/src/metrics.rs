//! The numbers by which it is seen from outside how events travel, served as Prometheus reads them. Their names are the
//! contract of alarms and runbooks; no label holds an id, a name or anything of a person.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use proto::ops::v1::{ConsumerLag, GetLagResponse, Presence};

use crate::{clock::Clock, operations::Operations};

/// How often the database and NATS are asked.
const OBSERVED_EVERY: Duration = Duration::from_secs(10);
/// What the text is, as HTTP says it.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;
type Seconds = Gauge<f64, AtomicU64>;

/// A process's numbers; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    registry: Arc<Registry>,
    /// Events that the stream acknowledged.
    pub(crate) published: Counter,
    /// Batches of which the stream did not acknowledge all.
    pub(crate) publish_errors: Counter,
    applied: Family<Labels, Counter>,
    outbox_pending: Gauge,
    outbox_oldest: Seconds,
    consumer_pending: Family<Labels, Gauge>,
    consumer_unacknowledged: Family<Labels, Gauge>,
    dead_letters: Family<Labels, Gauge>,
    partition_days_ahead: Gauge,
    observed: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut all = Self {
            registry: Arc::default(),
            published: Counter::default(),
            publish_errors: Counter::default(),
            applied: Family::default(),
            outbox_pending: Gauge::default(),
            outbox_oldest: Seconds::default(),
            consumer_pending: Family::default(),
            consumer_unacknowledged: Family::default(),
            dead_letters: Family::default(),
            partition_days_ahead: Gauge::default(),
            observed: Gauge::default(),
        };
        let mut registry = Registry::with_prefix("prima");
        let r = &mut registry;
        r.register("events_published", "Own events that the stream acknowledged", all.published.clone());
        r.register(
            "event_publish_errors",
            "Batches of own events of which the stream did not acknowledge all",
            all.publish_errors.clone(),
        );
        r.register("events_applied", "Events of a stream that were applied", all.applied.clone());
        r.register(
            "outbox_pending_events",
            "Committed events that the stream has not acknowledged",
            all.outbox_pending.clone(),
        );
        r.register(
            "outbox_oldest_pending_seconds",
            "The age of the oldest of them; 0 where there is none",
            all.outbox_oldest.clone(),
        );
        r.register(
            "consumer_pending_messages",
            "Messages of a stream that were not delivered yet; absent where NATS does not say",
            all.consumer_pending.clone(),
        );
        r.register(
            "consumer_unacknowledged_messages",
            "Messages of a stream that were delivered and not acknowledged; absent where NATS does not say",
            all.consumer_unacknowledged.clone(),
        );
        r.register("dead_letters", "Events of a stream that are not applied", all.dead_letters.clone());
        r.register(
            "partition_days_ahead",
            "For how many days after today history and inbox have tables",
            all.partition_days_ahead.clone(),
        );
        r.register(
            "observed_timestamp_seconds",
            "When the database was last asked for what is no counter, in Unix seconds",
            all.observed.clone(),
        );
        all.registry = Arc::new(registry);
        all
    }
}

impl Metrics {
    /// The counter of what was applied of a stream.
    pub(crate) fn applied(&self, stream: &str) -> Counter {
        self.applied.get_or_create_owned(&labels(stream))
    }

    /// All of them, in Prometheus' text format.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::warn!(error = %error, "the metrics can't be written");
        }
        text
    }

    /// Asks the service again and again for what is no counter. Where its database does not answer the numbers stay, and the
    /// time of the observation with them.
    pub(crate) async fn observe(self, operations: Operations) {
        let mut ticks = tokio::time::interval(OBSERVED_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Some(lag) = operations.observed().await {
                self.take(&lag);
            }
        }
    }

    fn take(&self, lag: &GetLagResponse) {
        let outbox = lag.outbox.clone().unwrap_or_default();
        self.outbox_pending.set(outbox.pending);
        let age = outbox.oldest_pending_age.and_then(|age| Duration::try_from(age).ok());
        self.outbox_oldest.set(age.unwrap_or_default().as_secs_f64());
        for consumer in &lag.consumers {
            self.take_consumer(consumer);
        }
        self.partition_days_ahead.set(lag.partition_days_ahead.into());
        self.observed.set(Clock::default().now().as_second());
    }

    fn take_consumer(&self, lag: &ConsumerLag) {
        let stream = labels(&lag.stream);
        if lag.consumer_presence() == Presence::Present {
            self.consumer_pending.get_or_create(&stream).set(lag.pending);
            self.consumer_unacknowledged.get_or_create(&stream).set(lag.ack_pending);
        } else {
            self.consumer_pending.remove(&stream);
            self.consumer_unacknowledged.remove(&stream);
        }
        for (state, count) in [("WAITING", lag.dead_letters_waiting), ("PARKED", lag.dead_letters_parked)] {
            let mut labels = stream.clone();
            labels.push(("state", state.to_owned()));
            self.dead_letters.get_or_create(&labels).set(count);
        }
    }
}

fn labels(stream: &str) -> Labels {
    vec![("stream", stream.to_owned())]
}
