//! `prima events lag`: how far a service is behind.

use std::io::Write;

use proto::ops::v1::{ConsumerLag, GetLagRequest, OutboxLag, Presence};

use crate::{connection::Connection, failure::Failure, json, table};

pub(super) async fn run(
    (connection, as_json): (&Connection, bool),
    out: &mut impl Write,
) -> Result<(), Failure> {
    let request = connection.request(GetLagRequest {});
    let lag = connection.client.clone().get_lag(request).await?.into_inner();
    if as_json {
        return json::print(out, &lag);
    }
    writeln!(out, "Own events:")?;
    let outbox = lag.outbox.unwrap_or_default();
    let heads = ["STREAM", "PENDING", "OLDEST", "IN THE STREAM", "SEEN TO HOLD IT"];
    table::print(out, heads, &[outbox_row(&outbox)])?;
    writeln!(out, "There are tables for {} days ahead.", lag.partition_days_ahead)?;
    if lag.consumers.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nOthers' events:")?;
    let heads =
        ["STREAM", "CONSUMER", "PENDING", "UNACKED", "REDELIVERED", "WAITING", "PARKED", "LAST APPLIED"];
    let rows: Vec<_> = lag.consumers.iter().map(consumer_row).collect();
    table::print(out, heads, &rows)?;
    Ok(())
}

fn outbox_row(outbox: &OutboxLag) -> [String; 5] {
    let oldest = outbox.oldest_pending_age.as_ref().map(|age| format!("{}s", age.seconds));
    let seen = outbox.watermark.as_ref().map(|seen| table::time(seen.check_time.as_ref()));
    [
        outbox.stream.clone(),
        outbox.pending.to_string(),
        oldest.unwrap_or_default(),
        known(outbox.stream_presence(), outbox.messages),
        seen.unwrap_or_default(),
    ]
}

fn consumer_row(lag: &ConsumerLag) -> [String; 8] {
    let presence = lag.consumer_presence();
    [
        lag.stream.clone(),
        lag.consumer.clone(),
        known(presence, lag.pending),
        known(presence, lag.ack_pending),
        known(presence, lag.redelivered),
        lag.dead_letters_waiting.to_string(),
        lag.dead_letters_parked.to_string(),
        table::time(lag.last_apply_time.as_ref()),
    ]
}

/// What only NATS knows.
fn known(presence: Presence, count: i64) -> String {
    match presence {
        Presence::Present => count.to_string(),
        Presence::Absent => "absent".to_owned(),
        Presence::Unknown | Presence::Unspecified => "NATS down".to_owned(),
    }
}
