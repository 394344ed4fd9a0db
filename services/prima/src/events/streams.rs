//! `prima events streams`: settings that somebody changed.

use std::io::Write;

use proto::ops::v1::DiffStreamsRequest;

use crate::{connection::Connection, failure::Failure, json, table};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Compare the service's stream and consumers with what it would make, and change nothing.
    Diff,
}

pub(super) async fn run(
    command: Command,
    (connection, as_json): (&Connection, bool),
    out: &mut impl Write,
) -> Result<(), Failure> {
    let Command::Diff = command;
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
