//! The settings of streams and durables by name: each as text to be compared, and how it is taken from another. It asks
//! no server.

use async_nats::jetstream::{consumer, stream};

/// A setting of a stream's or a consumer's configuration.
pub(super) struct Setting<Configuration> {
    pub(super) name: &'static str,
    pub(super) text: fn(&Configuration) -> String,
    /// Takes it from the second into the first.
    pub(super) take: fn(&mut Configuration, &Configuration),
}

macro_rules! setting {
    ($name:ident, $config:ident => $text:expr) => {
        Setting {
            name: stringify!($name),
            text: |$config| $text,
            take: |to, from| to.$name.clone_from(&from.$name),
        }
    };
}

/// A stream's settings that count. What a later one depends on comes first.
pub(super) const STREAM: [Setting<stream::Config>; 15] = [
    setting!(subjects, config => config.subjects.join(",")),
    setting!(retention, config => word(&config.retention)),
    setting!(storage, config => word(&config.storage)),
    setting!(discard, config => word(&config.discard)),
    setting!(max_age, config => format!("{:?}", config.max_age)),
    setting!(max_bytes, config => limit(config.max_bytes)),
    Setting {
        name: "max_msgs",
        text: |config| limit(config.max_messages),
        take: |to, from| to.max_messages = from.max_messages,
    },
    Setting {
        name: "max_msgs_per_subject",
        text: |config| limit(config.max_messages_per_subject),
        take: |to, from| to.max_messages_per_subject = from.max_messages_per_subject,
    },
    Setting {
        name: "max_msg_size",
        text: |config| limit(config.max_message_size.into()),
        take: |to, from| to.max_message_size = from.max_message_size,
    },
    setting!(duplicate_window, config => format!("{:?}", config.duplicate_window)),
    setting!(num_replicas, config => config.num_replicas.to_string()),
    setting!(deny_delete, config => config.deny_delete.to_string()),
    setting!(deny_purge, config => config.deny_purge.to_string()),
    setting!(no_ack, config => config.no_ack.to_string()),
    setting!(sealed, config => config.sealed.to_string()),
];

/// A durable's settings that count.
pub(super) const DURABLE: [Setting<consumer::Config>; 7] = [
    setting!(ack_policy, config => word(&config.ack_policy)),
    setting!(ack_wait, config => format!("{:?}", config.ack_wait)),
    setting!(max_deliver, config => limit(config.max_deliver)),
    setting!(max_ack_pending, config => limit(config.max_ack_pending)),
    Setting {
        name: "filter_subjects",
        text: |config| {
            let mut filters = config.filter_subjects.clone();
            if !config.filter_subject.is_empty() {
                filters.push(config.filter_subject.clone());
            }
            filters.join(",")
        },
        take: |to, from| {
            to.filter_subject.clone_from(&from.filter_subject);
            to.filter_subjects.clone_from(&from.filter_subjects);
        },
    },
    setting!(headers_only, config => config.headers_only.to_string()),
    setting!(inactive_threshold, config => format!("{:?}", config.inactive_threshold)),
];

/// A setting's word on the server.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// NATS takes 0 and -1 for none.
fn limit(value: i64) -> String {
    if value <= 0 { "unlimited".to_owned() } else { value.to_string() }
}
