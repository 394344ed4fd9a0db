//! `prima events streams`: settings that somebody changed, shown and set as shipped.

use std::io::Write;

use proto::ops::v1::{ApplyStreamsRequest, DiffStreamsRequest};

use crate::{connection::Connection, failure::Failure, json, table};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Compare the service's stream and consumers with what it would make, and change nothing.
    Diff,
    /// Give them the settings that it would make, as far as NATS changes them in place. It ends with an error where one
    /// stays as it is.
    Apply {
        /// Why; kept with who did it.
        #[arg(long)]
        reason: String,
    },
}

pub(super) async fn run(
    command: Command,
    (connection, as_json): (&Connection, bool),
    out: &mut impl Write,
) -> Result<(), Failure> {
    match command {
        Command::Diff => diff((connection, as_json), out).await,
        Command::Apply { reason } => apply(reason, (connection, as_json), out).await,
    }
}

async fn apply(
    reason: String,
    (connection, as_json): (&Connection, bool),
    out: &mut impl Write,
) -> Result<(), Failure> {
    let request = connection.request(ApplyStreamsRequest { reason });
    let answer = connection.client.clone().apply_streams(request).await?.into_inner();
    let refused = answer.applied.iter().filter(|applied| !applied.is_applied).count();
    if as_json {
        json::print(out, &answer)?;
    } else if answer.applied.is_empty() {
        writeln!(out, "All was as the service would make it.")?;
    } else {
        let rows: Vec<[String; 6]> = answer
            .applied
            .into_iter()
            .map(|applied| {
                let found = applied.difference.unwrap_or_default();
                let outcome = if applied.is_applied {
                    "applied".to_owned()
                } else {
                    format!("left: {}", applied.refusal)
                };
                [found.stream, found.consumer, found.setting, found.actual, found.shipped, outcome]
            })
            .collect();
        table::print(out, ["STREAM", "CONSUMER", "SETTING", "ACTUAL", "SHIPPED", "OUTCOME"], &rows)?;
    }
    if refused == 0 { Ok(()) } else { Err(Failure::NotApplied(refused)) }
}

async fn diff((connection, as_json): (&Connection, bool), out: &mut impl Write) -> Result<(), Failure> {
    let request = connection.request(DiffStreamsRequest {});
    let answer = connection.client.clone().diff_streams(request).await?.into_inner();
    if as_json {
        return json::print(out, &answer);
    }
    if answer.differences.is_empty() {
        writeln!(out, "All is as the service would make it.")?;
        return Ok(());
    }
    let rows: Vec<[String; 5]> = answer
        .differences
        .into_iter()
        .map(|found| [found.stream, found.consumer, found.setting, found.actual, found.shipped])
        .collect();
    table::print(out, ["STREAM", "CONSUMER", "SETTING", "ACTUAL", "SHIPPED"], &rows)?;
    Ok(())
}
