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

/// Settings by name, as text.
type Settings = Vec<(&'static str, String)>;

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
            Found::Present(info) => {
                Some(differences(stream_settings(&info.config), stream_settings(&self.shipped())))
            }
            Found::Absent => Some(absent()),
            Found::Unknown => None,
        }
    }

    /// What of this service's durable on a stream is not as it would make it; `None` where NATS does not answer.
    pub(crate) async fn compare_durable(&self, stream: &str) -> Option<Vec<Difference>> {
        let shipped = consumer::IntoConsumerConfig::into_consumer_config(shipped(self.service));
        match self.look_at_durable(stream).await {
            Found::Present(info) => Some(differences(
                durable_settings(&info.config, info.paused),
                durable_settings(&shipped, false),
            )),
            Found::Absent => Some(absent()),
            Found::Unknown => None,
        }
    }
}

fn unknown<T>(error: &impl std::fmt::Display) -> Found<T> {
    tracing::warn!(error = %error, "NATS does not say what it has");
    Found::Unknown
}

fn absent() -> Vec<Difference> {
    vec![Difference { setting: "absent", actual: "true".to_owned(), shipped: "false".to_owned() }]
}

/// Of two lists of the same settings, those that differ.
fn differences(actual: Settings, shipped: Settings) -> Vec<Difference> {
    actual
        .into_iter()
        .zip(shipped)
        .filter(|((_, actual), (_, shipped))| actual != shipped)
        .map(|((setting, actual), (_, shipped))| Difference { setting, actual, shipped })
        .collect()
}

fn stream_settings(config: &stream::Config) -> Settings {
    vec![
        ("subjects", config.subjects.join(",")),
        ("retention", word(&config.retention)),
        ("storage", word(&config.storage)),
        ("discard", word(&config.discard)),
        ("max_age", format!("{:?}", config.max_age)),
        ("max_bytes", limit(config.max_bytes)),
        ("max_msgs", limit(config.max_messages)),
        ("max_msgs_per_subject", limit(config.max_messages_per_subject)),
        ("max_msg_size", limit(config.max_message_size.into())),
        ("duplicate_window", format!("{:?}", config.duplicate_window)),
        ("num_replicas", config.num_replicas.to_string()),
        ("deny_delete", config.deny_delete.to_string()),
        ("deny_purge", config.deny_purge.to_string()),
        ("no_ack", config.no_ack.to_string()),
        ("sealed", config.sealed.to_string()),
    ]
}

fn durable_settings(config: &consumer::Config, paused: bool) -> Settings {
    let mut filters = config.filter_subjects.clone();
    if !config.filter_subject.is_empty() {
        filters.push(config.filter_subject.clone());
    }
    vec![
        ("ack_policy", word(&config.ack_policy)),
        ("ack_wait", format!("{:?}", config.ack_wait)),
        ("max_deliver", limit(config.max_deliver)),
        ("max_ack_pending", limit(config.max_ack_pending)),
        ("filter_subjects", filters.join(",")),
        ("headers_only", config.headers_only.to_string()),
        ("inactive_threshold", format!("{:?}", config.inactive_threshold)),
        ("paused", paused.to_string()),
    ]
}

/// A setting's word on the server.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// NATS takes 0 and -1 for none.
fn limit(value: i64) -> String {
    if value <= 0 { "unlimited".to_owned() } else { value.to_string() }
}
