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

/// Of what a batch told, the newest of each thing, in the order of the things' ids. `of` answers the id, the epoch and the
/// version. So a statement with a row for each can store them: it may not change a row twice, and two processes that change
/// the same rows do so in one order.
pub fn newest_of_each<T, Id: Ord>(mut told: Vec<T>, of: impl Fn(&T) -> (Id, i64, i64)) -> Vec<T> {
    told.sort_by_key(|one| of(one));
    let mut newest: Vec<T> = Vec::with_capacity(told.len());
    for one in told {
        match newest.last_mut() {
            Some(last) if of(last).0 == of(&one).0 => *last = one,
            _ => newest.push(one),
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_thing_the_newest_stays_however_they_came() {
        let told = vec![("b", 1, 7), ("a", 2, 1), ("b", 1, 9), ("a", 1, 5), ("b", 1, 8), ("c", 1, 1)];
        let newest = newest_of_each(told, |(id, epoch, version)| (*id, *epoch, *version));
        assert_eq!(newest, [("a", 2, 1), ("b", 1, 9), ("c", 1, 1)]);
        assert_eq!(newest_of_each(Vec::<(u8, i64, i64)>::new(), |one| *one), []);
    }
}
