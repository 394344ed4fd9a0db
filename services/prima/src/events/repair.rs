//! `prima events audit` and `compare`: look for what was lost on the way, now instead of by the service's own clock. What
//! is found is repaired.

use std::io::Write;

use proto::ops::v1::{AuditStreamRequest, CompareProjectionsRequest};

use crate::{connection::Connection, failure::Failure, json, table};

#[derive(clap::Args)]
pub(super) struct Audit {
    /// Look through the whole stream, not only through what came since the last audit.
    #[arg(long)]
    whole: bool,
    /// Why; kept with who did it.
    #[arg(long)]
    reason: String,
}

#[derive(clap::Args)]
pub(super) struct Compare {
    /// The producing service, such as staff.
    producer: String,
    /// Why; kept with who did it.
    #[arg(long)]
    reason: String,
}

pub(super) async fn audit(
    Audit { whole, reason }: Audit,
    (connection, as_json): (&Connection, bool),
    out: &mut impl Write,
) -> Result<(), Failure> {
    let request = connection.request(AuditStreamRequest { whole, reason });
    let found = connection.client.clone().audit_stream(request).await?.into_inner();
    if as_json {
        return json::print(out, &found);
    }
    let row = [found.messages, found.events, found.missing].map(|count| count.to_string());
    table::print(out, ["MESSAGES", "EVENTS", "MISSING"], &[row])?;
    if found.missing > 0 {
        writeln!(out, "What was missing is published again.")?;
    }
    Ok(())
}

pub(super) async fn compare(
    Compare { producer, reason }: Compare,
    (connection, as_json): (&Connection, bool),
    out: &mut impl Write,
) -> Result<(), Failure> {
    let request = connection.request(CompareProjectionsRequest { producer, reason });
    let found = connection.client.clone().compare_projections(request).await?.into_inner();
    if as_json {
        return json::print(out, &found);
    }
    let row = [found.aggregates, found.missing, found.behind, found.ahead, found.repaired]
        .map(|count| count.to_string());
    table::print(out, ["AGGREGATES", "MISSING", "BEHIND", "AHEAD", "REPAIRED"], &[row])?;
    Ok(())
}
