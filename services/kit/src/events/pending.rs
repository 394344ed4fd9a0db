//! An event on its way to the stream: as it is read from the history, as it is sent, and in which order.

use std::collections::HashMap;

use async_nats::HeaderMap;
use uuid::Uuid;

/// An event of the history that the stream has not acknowledged.
#[derive(sqlx::FromRow)]
pub(super) struct Pending {
    pub(super) shard: i16,
    pub(super) id: i64,
    pub(super) event_id: Uuid,
    pub(super) aggregate_id: Uuid,
    pub(super) epoch: i64,
    pub(super) version: i64,
    pub(super) subject: String,
    pub(super) headers: String,
    pub(super) payload: Vec<u8>,
}

impl Pending {
    /// The stored headers, and those that have columns.
    pub(super) fn headers(&self) -> anyhow::Result<HeaderMap> {
        let stored: HashMap<String, String> = serde_json::from_str(&self.headers)?;
        let mut headers = HeaderMap::new();
        for (key, value) in stored {
            headers.insert(key, value);
        }
        headers.insert("ce-id", self.event_id.to_string());
        headers.insert("ce-primaepoch", self.epoch.to_string());
        headers.insert("ce-primaversion", self.version.to_string());
        Ok(headers)
    }
}

/// Splits a batch so that the k-th event of each aggregate is in the k-th wave.
pub(super) fn waves(batch: Vec<Pending>) -> Vec<Vec<Pending>> {
    let mut waves: Vec<Vec<Pending>> = Vec::new();
    let mut seen: HashMap<Uuid, usize> = HashMap::new();
    for event in batch {
        let position = seen.entry(event.aggregate_id).or_default();
        if waves.len() == *position {
            waves.push(Vec::new());
        }
        waves[*position].push(event);
        *position += 1;
    }
    waves
}
