//! Looks at this service's stream and durables as they are on the NATS server, and compares them with what the service
//! would make. It changes nothing.

use async_nats::jetstream::{
    consumer::{self, pull},
    context::GetStreamErrorKind,
    stream::{self, ConsumerErrorKind},
};

use super::{
    consumer::shipped,
    road::{Road, stream_name},
    settings::{DURABLE, STREAM, Setting},
};

/// What was found on the server.
#[derive(Debug)]
pub(crate) enum Found<T> {
    /// It is there.
    Present(T),
    /// It is not there.
    Absent,
    /// NATS does not answer, or can't say.
    Unknown,
}

/// A setting that is not as the service would make it.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) setting: &'static str,
    pub(crate) actual: String,
    pub(crate) shipped: String,
}

impl Difference {
    /// Somebody paused the consumer, which is a state, not a setting.
    pub(super) fn paused() -> Self {
        Self { setting: "paused", actual: "true".to_owned(), shipped: "false".to_owned() }
    }
}

impl Road {
    /// The name of this service's stream.
    pub(crate) fn own_stream_name(&self) -> String {
        stream_name(self.service)
    }

    /// The name of this service's durables.
    pub(crate) fn durable_name(&self) -> &'static str {
        self.service
    }

    /// This service's stream.
    pub(crate) async fn look_at_stream(&self) -> Found<stream::Info> {
        if !self.is_connected() {
            return Found::Unknown;
        }
        match self.jetstream.get_stream(self.own_stream_name()).await {
            Ok(stream) => Found::Present(stream.cached_info().clone()),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(refused) if refused.code() == 404 => Found::Absent,
                _ => unknown(&error),
            },
        }
    }

    /// This service's durable on a stream.
    pub(crate) async fn look_at_durable(&self, stream: &str) -> Found<consumer::Info> {
        if !self.is_connected() {
            return Found::Unknown;
        }
        match self.jetstream.get_consumer_from_stream::<pull::Config, _, _>(self.service, stream).await {
            Ok(durable) => Found::Present(durable.cached_info().clone()),
            Err(error) => match error.kind() {
                ConsumerErrorKind::JetStream(refused) if refused.code() == 404 => Found::Absent,
                _ => unknown(&error),
            },
        }
    }

    /// What of this service's stream is not as it would make it; `None` where NATS does not answer.
    pub(crate) async fn compare_stream(&self) -> Option<Vec<Difference>> {
        match self.look_at_stream().await {
            Found::Present(info) => Some(differences(&STREAM, &info.config, &self.shipped())),
            Found::Absent => Some(vec![absent()]),
            Found::Unknown => None,
        }
    }

    /// What of this service's durable on a stream is not as it would make it; `None` where NATS does not answer.
    pub(crate) async fn compare_durable(&self, stream: &str) -> Option<Vec<Difference>> {
        let shipped = consumer::IntoConsumerConfig::into_consumer_config(shipped(self.service));
        match self.look_at_durable(stream).await {
            Found::Present(info) => {
                let mut found = differences(&DURABLE, &info.config, &shipped);
                found.extend(info.paused.then(Difference::paused));
                Some(found)
            }
            Found::Absent => Some(vec![absent()]),
            Found::Unknown => None,
        }
    }
}

fn unknown<T>(error: &impl std::fmt::Display) -> Found<T> {
    tracing::warn!(error = %error, "NATS does not say what it has");
    Found::Unknown
}

/// It is not there.
pub(super) fn absent() -> Difference {
    Difference { setting: "absent", actual: "true".to_owned(), shipped: "false".to_owned() }
}

/// The settings that differ, in their order.
pub(super) fn differences<Configuration>(
    settings: &[Setting<Configuration>],
    actual: &Configuration,
    shipped: &Configuration,
) -> Vec<Difference> {
    let difference = |setting: &Setting<Configuration>| {
        let (actual, shipped) = ((setting.text)(actual), (setting.text)(shipped));
        (actual != shipped).then_some(Difference { setting: setting.name, actual, shipped })
    };
    settings.iter().filter_map(difference).collect()
}
