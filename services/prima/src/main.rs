//! The command-line client of the suite: what operators do with a service's events, what auditors do with the ledger, and
//! the scopes that a token can be issued for.

mod connection;
mod events;
mod failure;
mod json;
mod ledger;
mod table;

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand};

use failure::Failure;

#[derive(Parser)]
#[command(about = "The command-line client of Prima's services", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Look after the events of one service: those that it tells, and those that it takes.
    Events(Box<events::Arguments>),
    /// Export ledgers of reports, and check them against a signed root.
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// List the scopes that a token can be issued for, as the contract has them.
    Scopes,
}

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let outcome = match Arguments::parse().command {
        Command::Events(arguments) => in_runtime(events::run(*arguments, &mut out)),
        Command::Ledger(command) => in_runtime(ledger::run(command, &mut out)),
        Command::Scopes => scopes(&mut out),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("prima: {}", failure.explain());
            ExitCode::FAILURE
        }
    }
}

fn in_runtime(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

fn scopes(out: &mut impl Write) -> Result<(), Failure> {
    let scopes = kit::scopes::Scopes::all(proto::DESCRIPTOR_SET)
        .map_err(|error| Failure::Contract(error.to_string()))?;
    for scope in scopes {
        writeln!(out, "{scope}")?;
    }
    Ok(())
}
