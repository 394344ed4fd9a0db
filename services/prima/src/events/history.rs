//! `prima events replay`, `redact` and `partitions`: what is done with the history of a service's own events.

use std::io::Write;

use jiff::Timestamp;
use proto::ops::v1::{
    DetachPartitionsRequest, DetachPartitionsResponse, ListPartitionsRequest, RedactEventRequest,
    ReplayEventsRequest, ReplayEventsResponse,
};
use uuid::Uuid;

use crate::{connection::Connection, failure::Failure, json, table};

/// Days that the service detaches at once.
const DETACHED_AT_ONCE: usize = 100;

#[derive(clap::Args)]
pub(super) struct Replay {
    #[command(flatten)]
    what: What,
    /// Why; kept with who did it.
    #[arg(long)]
    reason: String,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// All events since this time, such as 2027-01-31T16:00:00Z.
    #[arg(long)]
    since: Option<Timestamp>,
    /// All events of this resource, such as units/0198….
    #[arg(long)]
    aggregate: Option<String>,
}

#[derive(clap::Args)]
pub(super) struct Redact {
    /// The event's id.
    event: Uuid,
    /// Why; kept with who did it. What leaked must not be repeated here.
    #[arg(long)]
    reason: String,
}

#[derive(clap::Subcommand)]
pub(super) enum Partitions {
    /// List the days of the history, the newest first.
    List,
    /// Take the days before a date out of the history; their tables stay in the schema.
    Detach {
        /// At least 30 days ago.
        #[arg(long)]
        before: jiff::civil::Date,
        /// Why; kept with who did it.
        #[arg(long)]
        reason: String,
    },
}

pub(super) async fn replay(
    Replay { what: What { since, aggregate }, reason }: Replay,
    (connection, as_json): (&Connection, bool),
    out: &mut impl Write,
) -> Result<(), Failure> {
    let since_time = since.map(kit::clock::to_proto);
    let mut found = ReplayEventsResponse::default();
    loop {
        let request = ReplayEventsRequest {
            request_id: Uuid::new_v4().to_string(),
            since_time,
            resource: aggregate.clone().unwrap_or_default(),
            reason: reason.clone(),
            page_token: found.next_page_token,
        };
        found = connection.client.clone().replay_events(connection.request(request)).await?.into_inner();
        if found.next_page_token.is_empty() {
            break;
        }
        if !as_json {
            writeln!(out, "{} so far", found.events)?;
        }
    }
    if as_json {
        return json::print(out, &found);
    }
    let ReplayEventsResponse { events, enqueued, .. } = found;
    let waiting = events - enqueued;
    writeln!(out, "{events} events: {enqueued} are on the outbox again, {waiting} were waiting there.")?;
    Ok(())
}

pub(super) async fn redact(
    Redact { event, reason }: Redact,
    (connection, as_json): (&Connection, bool),
    out: &mut impl Write,
) -> Result<(), Failure> {
    let request = connection.request(RedactEventRequest { event: event.to_string(), reason });
    let done = connection.client.clone().redact_event(request).await?.into_inner();
    if as_json {
        return json::print(out, &done);
    }
    if done.in_history {
        writeln!(out, "The history holds no content of {event} any more.")?;
        writeln!(
            out,
            "The stream lost {} messages; {} other events of them are on the outbox again.",
            done.purged, done.enqueued
        )?;
    } else {
        writeln!(out, "The service did not tell {event}.")?;
    }
    writeln!(out, "Emptied dead letters: {}.", done.dead_letters)?;
    Ok(())
}

pub(super) async fn partitions(
    command: Partitions,
    (connection, as_json): (&Connection, bool),
    out: &mut impl Write,
) -> Result<(), Failure> {
    match command {
        Partitions::List => {
            let request = connection.request(ListPartitionsRequest {});
            let listed = connection.client.clone().list_partitions(request).await?.into_inner();
            if as_json {
                return json::print(out, &listed);
            }
            let rows: Vec<[String; 4]> = listed
                .partitions
                .into_iter()
                .map(|day| [day.date, day.table, day.bytes.to_string(), day.pending.to_string()])
                .collect();
            table::print(out, ["DATE", "TABLE", "BYTES", "PENDING"], &rows)?;
            Ok(())
        }
        Partitions::Detach { before, reason } => detach(connection, (before, reason), as_json, out).await,
    }
}

async fn detach(
    connection: &Connection,
    (before, reason): (jiff::civil::Date, String),
    as_json: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut all = DetachPartitionsResponse::default();
    loop {
        let request = DetachPartitionsRequest { before_date: before.to_string(), reason: reason.clone() };
        let request = connection.request(request);
        let tables = connection.client.clone().detach_partitions(request).await?.into_inner().tables;
        let is_last = tables.len() < DETACHED_AT_ONCE;
        all.tables.extend(tables);
        if is_last {
            break;
        }
    }
    if as_json {
        return json::print(out, &all);
    }
    for table in &all.tables {
        writeln!(out, "detached {}", table::plain(table))?;
    }
    if all.tables.is_empty() {
        writeln!(out, "No day of the history is before {before}.")?;
    }
    Ok(())
}
