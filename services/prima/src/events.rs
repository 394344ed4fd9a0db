//! `prima events`: what operators do with the events of one service.

mod acts;
mod dead_letters;
mod history;
mod lag;
mod repair;
mod streams;

use std::io::Write;

use clap::Subcommand;

use crate::{
    connection::{Connection, Options},
    failure::Failure,
};

/// `prima events`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Events that the service could not apply.
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
    /// Say how far the service is behind: with telling its own events, and with applying others'.
    Lag,
    /// Look for events that the service's stream should hold and does not, and publish them again.
    Audit(repair::Audit),
    /// Compare what the service knows of a producer's resources with what the producer knows, and take what is missing.
    Compare(repair::Compare),
    /// The service's stream and its consumers on others'.
    #[command(subcommand)]
    Streams(streams::Command),
    /// Publish events of the past again, each under its own id. Who applied one within 30 days drops it.
    Replay(history::Replay),
    /// Make away with the content of an event that should never have been told.
    Redact(history::Redact),
    /// The days of the service's history.
    #[command(subcommand)]
    Partitions(history::Partitions),
    /// List what operators did and why, the newest first.
    Acts(acts::List),
}

/// How much of a list to print.
#[derive(clap::Args)]
struct Limit {
    /// At most this many.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

/// Runs one command.
pub(crate) async fn run(arguments: Arguments, out: &mut impl Write) -> Result<(), Failure> {
    let Arguments { options, command } = arguments;
    let connection = Connection::open(&options).await?;
    match command {
        Command::DeadLetters(command) => dead_letters::run(command, (&connection, options.json), out).await,
        Command::Lag => lag::run((&connection, options.json), out).await,
        Command::Audit(audit) => repair::audit(audit, (&connection, options.json), out).await,
        Command::Compare(compare) => repair::compare(compare, (&connection, options.json), out).await,
        Command::Streams(command) => streams::run(command, (&connection, options.json), out).await,
        Command::Replay(replay) => history::replay(replay, (&connection, options.json), out).await,
        Command::Redact(redact) => history::redact(redact, (&connection, options.json), out).await,
        Command::Partitions(command) => history::partitions(command, (&connection, options.json), out).await,
        Command::Acts(list) => acts::run(list, (&connection, options.json), out).await,
    }
}

impl Limit {
    /// How many items the next page may have, after so many; `None` where it is enough.
    fn next_page(&self, printed: usize) -> Option<i32> {
        const MAX_PAGE: usize = 1_000;
        let left = usize::try_from(self.limit).unwrap_or(usize::MAX).saturating_sub(printed);
        (left > 0).then(|| i32::try_from(left.min(MAX_PAGE)).unwrap_or(i32::MAX))
    }
}

/// Says that a list goes on.
fn more(out: &mut impl Write, next_page_token: &str) -> Result<(), Failure> {
    if !next_page_token.is_empty() {
        writeln!(out, "There are more; --limit shows them.")?;
    }
    Ok(())
}
