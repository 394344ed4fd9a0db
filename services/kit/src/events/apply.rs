//! Gives this service's stream and durables the settings that it would make, for an operator: setting by setting, as far as
//! NATS changes them in place. The service never does it by itself.

use async_nats::jetstream::consumer;

use super::{
    consumer::shipped,
    inspect::{Difference, Found, absent, differences},
    road::Road,
    settings::{DURABLE, STREAM, Setting},
};

/// What became of a difference.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) difference: Difference,
    /// Why the setting is as it was; none where it is as shipped now.
    pub(crate) refusal: Option<String>,
}

impl Road {
    /// Of this service's stream; `None` where NATS does not answer.
    pub(crate) async fn apply_stream(&self) -> Option<Vec<Applied>> {
        let mut actual = match self.look_at_stream().await {
            Found::Present(info) => info.config,
            Found::Absent => return Some(left("the service makes it by itself when it publishes")),
            Found::Unknown => return None,
        };
        let shipped = self.shipped();
        let mut all = Vec::new();
        for difference in differences(&STREAM, &actual, &shipped) {
            let changed = with(&STREAM, &difference, (&actual, &shipped));
            let refusal = self.jetstream.update_stream(&changed).await.err().map(|error| error.to_string());
            if refusal.is_none() {
                actual = changed;
            }
            all.push(Applied { difference, refusal });
        }
        Some(all)
    }

    /// Of this service's durable on a stream; `None` where NATS does not answer.
    pub(crate) async fn apply_durable(&self, stream: &str) -> Option<Vec<Applied>> {
        let info = match self.look_at_durable(stream).await {
            Found::Present(info) => info,
            Found::Absent => return Some(left("the service makes it by itself once there is the stream")),
            Found::Unknown => return None,
        };
        let shipped = consumer::IntoConsumerConfig::into_consumer_config(shipped(self.durable_name()));
        let mut actual = info.config;
        let mut all = Vec::new();
        for difference in differences(&DURABLE, &actual, &shipped) {
            let changed = with(&DURABLE, &difference, (&actual, &shipped));
            let updated = self.jetstream.update_consumer_on_stream(changed.clone(), stream).await;
            let refusal = updated.err().map(|error| error.to_string());
            if refusal.is_none() {
                actual = changed;
            }
            all.push(Applied { difference, refusal });
        }
        // An update doesn't end a pause.
        if info.paused {
            let refusal = match self.jetstream.get_stream_no_info(stream).await {
                Ok(stream) => {
                    stream.resume_consumer(self.durable_name()).await.err().map(|error| error.to_string())
                }
                Err(error) => Some(error.to_string()),
            };
            all.push(Applied { difference: Difference::paused(), refusal });
        }
        Some(all)
    }
}

/// What is there, with one setting as shipped: a setting that is refused holds up no other.
fn with<Configuration: Clone>(
    settings: &[Setting<Configuration>],
    difference: &Difference,
    (actual, shipped): (&Configuration, &Configuration),
) -> Configuration {
    let mut changed = actual.clone();
    for setting in settings.iter().filter(|setting| setting.name == difference.setting) {
        (setting.take)(&mut changed, shipped);
    }
    changed
}

/// Nothing is there to be changed.
fn left(why: &str) -> Vec<Applied> {
    let refusal = Some(why.to_owned());
    vec![Applied { difference: absent(), refusal }]
}
