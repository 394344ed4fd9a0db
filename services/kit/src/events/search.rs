//! Searches this service's stream for the events under one subject, by their headers alone. It changes nothing.

use std::time::Duration;

use async_nats::jetstream::{
    consumer::{DeliverPolicy, ReplayPolicy, pull},
    stream::Stream,
};
use futures::StreamExt;
use uuid::Uuid;

use super::road::Road;

/// How long the stream may be silent while it is read.
const SILENCE: Duration = Duration::from_secs(10);

impl Road {
    /// This service's stream, to be worked on.
    pub(crate) async fn own_stream(&self) -> anyhow::Result<Stream> {
        Ok(self.jetstream.get_stream(self.own_stream_name()).await?)
    }

    /// The events that the stream holds under a subject, with their places, in order.
    pub(crate) async fn events_under(
        &self,
        stream: &Stream,
        subject: &str,
    ) -> anyhow::Result<Vec<(u64, Uuid)>> {
        let consumer = stream
            .create_consumer(pull::OrderedConfig {
                headers_only: true,
                replay_policy: ReplayPolicy::Instant,
                deliver_policy: DeliverPolicy::All,
                filter_subject: subject.to_owned(),
                ..pull::OrderedConfig::default()
            })
            .await?;
        let mut held = Vec::new();
        if consumer.cached_info().num_pending == 0 {
            return Ok(held);
        }
        let mut messages = consumer.messages().await?;
        loop {
            let next = tokio::time::timeout(SILENCE, messages.next()).await;
            let Some(message) = next.map_err(|_| anyhow::anyhow!("the stream fell silent"))? else { break };
            let message = message?;
            let info = message.info().map_err(|error| anyhow::anyhow!("{error}"))?;
            let id = message.headers.as_ref().and_then(|headers| headers.get("ce-id"));
            let id = id.and_then(|id| Uuid::parse_str(id.as_str()).ok());
            held.extend(id.map(|id| (info.stream_sequence, id)));
            if info.pending == 0 {
                break;
            }
        }
        Ok(held)
    }
}
