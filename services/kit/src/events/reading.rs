//! Reads what this service's stream held when the reading began, in order, by headers alone. It changes nothing.

use std::time::Duration;

use async_nats::{
    HeaderMap,
    jetstream::{
        consumer::{DeliverPolicy, ReplayPolicy, pull},
        stream::Stream,
    },
};
use futures::StreamExt;
use uuid::Uuid;

use super::road::Road;

/// How long the stream may be silent while it is read.
const SILENCE: Duration = Duration::from_secs(10);

/// A reading under way.
pub(super) struct Reading {
    /// None once all was read.
    messages: Option<pull::Ordered>,
    /// The stream's last place when the reading began.
    last: u64,
}

impl Reading {
    /// Begins at `from`, with the messages under one subject; an empty one stands for all.
    pub(super) async fn begin(stream: &Stream, from: DeliverPolicy, subject: &str) -> anyhow::Result<Self> {
        let last = stream.get_info().await?.state.last_sequence;
        let consumer = stream
            .create_consumer(pull::OrderedConfig {
                headers_only: true,
                replay_policy: ReplayPolicy::Instant,
                deliver_policy: from,
                filter_subject: subject.to_owned(),
                ..pull::OrderedConfig::default()
            })
            .await?;
        // Where nothing is to be read, nothing would ever come.
        let is_empty = consumer.cached_info().num_pending == 0;
        Ok(Self { messages: if is_empty { None } else { Some(consumer.messages().await?) }, last })
    }

    /// The next message's place and, where its headers say it, its event; none after the last.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<(u64, Option<Uuid>)>> {
        let Some((sequence, headers)) = self.next_headers().await? else { return Ok(None) };
        let id = headers.get("ce-id").and_then(|id| Uuid::parse_str(id.as_str()).ok());
        Ok(Some((sequence, id)))
    }

    /// The next message's place and headers; none after the last.
    pub(super) async fn next_headers(&mut self) -> anyhow::Result<Option<(u64, HeaderMap)>> {
        let Some(messages) = &mut self.messages else { return Ok(None) };
        let next = tokio::time::timeout(SILENCE, messages.next()).await;
        let Some(message) = next.map_err(|_| anyhow::anyhow!("the stream fell silent"))? else {
            return Ok(None);
        };
        let message = message?;
        let info = message.info().map_err(|error| anyhow::anyhow!("{error}"))?;
        let (sequence, left) = (info.stream_sequence, info.pending);
        if left == 0 || sequence >= self.last {
            self.messages = None;
        }
        Ok(Some((sequence, message.message.headers.unwrap_or_default())))
    }
}

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
        let mut reading = Reading::begin(stream, DeliverPolicy::All, subject).await?;
        let mut held = Vec::new();
        while let Some((sequence, id)) = reading.next().await? {
            held.extend(id.map(|id| (sequence, id)));
        }
        Ok(held)
    }
}
