//! An event as it arrived, read from its headers.

use jiff::Timestamp;
use uuid::Uuid;

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
    /// The bare protobuf message. What this binary's contract doesn't have of it is dropped when it is decoded; the event
    /// stays whole in its producer's history.
    pub payload: Vec<u8>,
    /// Its producer made away with its content: the payload is empty, and there is nothing to apply.
    pub is_redacted: bool,
    /// The trace it was written in, as W3C's `traceparent`; empty where there was none.
    pub traceparent: String,
}

impl Received {
    /// Reads an event from its headers, or says what is wrong with them.
    pub(super) fn parse<'a>(
        header: impl Fn(&str) -> Option<&'a str>,
        payload: Vec<u8>,
    ) -> Result<Self, String> {
        let get = |key: &str| header(key).ok_or(format!("it has no {key}"));
        let number = |key: &str| get(key)?.parse::<i64>().map_err(|error| format!("{key}: {error}"));
        Ok(Self {
            id: get("ce-id")?.parse().map_err(|error| format!("ce-id: {error}"))?,
            event_type: get("ce-type")?.to_owned(),
            resource: get("ce-subject")?.to_owned(),
            epoch: number("ce-primaepoch")?,
            version: number("ce-primaversion")?,
            time: get("ce-time")?.parse().map_err(|error| format!("ce-time: {error}"))?,
            payload,
            is_redacted: header("ce-primaredacted").is_some(),
            traceparent: header("traceparent").unwrap_or_default().to_owned(),
        })
    }
}
