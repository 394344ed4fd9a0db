//! `cargo dev`: the local stack, tokens for it, the demonstration, and the whole test run.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use dev::bench;
use dev::checks;
use dev::commands::{self, TokenRequest};
use dev::contract;
use dev::up::{self, Reader};
use dev::workspace::{Profile, Workspace};

/// How long what still blocks may take at the end; what it started ends with this process.
const LAST_GRACE: Duration = Duration::from_secs(10);

/// The local stack of Prima: real Postgres, real NATS, the four services.
#[derive(Parser)]
#[command(name = "cargo dev", bin_name = "cargo dev")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the services, start a stack, print its addresses and a token, and keep it until Ctrl-C.
    Up(Stack),
    /// Show the closed loop on a stack of its own, with a clock that can be moved.
    Demo {
        #[command(flatten)]
        stack: Stack,
        /// The same seed shows the same.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Print a token for a running stack.
    Token(TokenRequest),
    /// End the running stacks of this clone.
    Down {
        /// Only the one of this process id.
        #[arg(long, value_name = "PID")]
        stack: Option<u32>,
    },
    /// Remove what stacks left behind, but not what was installed.
    Clean,
    /// Run all checks and tests.
    Test {
        /// Of the tests, only those whose name contains this.
        #[arg(default_value = "")]
        filter: String,
    },
    /// Let a random fault strike a stack under load every ten seconds, and look whether anything is lost or duplicated.
    Faults {
        /// For how long.
        #[arg(long, default_value_t = 20)]
        minutes: u64,
        /// The same seed strikes with the same faults in the same order; a random one where none is given.
        #[arg(long)]
        seed: Option<u64>,
        /// Build all as it is shipped.
        #[arg(long)]
        release: bool,
    },
    /// Measure, on a release build, how fast it is beside what it is compared with; no part of the tests.
    #[command(disable_help_flag = true)]
    Bench {
        /// A group or a row, and the bench's own options: see --list and --help.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Write .sqlx: what a build without a database knows of the queries.
    Prepare,
    /// Write proto/contract.binpb.gz: what clients may rely on; refused where it would break them.
    Contract,
}

#[derive(clap::Args)]
struct Stack {
    /// Print one line of JSON and nothing else.
    #[arg(long)]
    json: bool,
    /// Build the services as they are shipped.
    #[arg(long)]
    release: bool,
}

impl Stack {
    fn profile(&self) -> Profile {
        if self.release { Profile::Release } else { Profile::Dev }
    }

    fn reader(&self) -> Reader {
        if self.json { Reader::Program } else { Reader::Person }
    }
}

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let outcome = run(command);
    if let Err(error) = &outcome {
        let _ = writeln!(std::io::stderr(), "error: {error:#}");
    }
    if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(command: Command) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    let outcome = runtime.block_on(async {
        let workspace = Workspace::find()?;
        match command {
            Command::Up(stack) => up::up(&workspace, stack.profile(), stack.reader()).await,
            Command::Demo { stack, seed } => {
                up::demonstrate(&workspace, stack.profile(), stack.reader(), seed).await
            }
            Command::Token(request) => commands::token(&workspace, request).await,
            Command::Down { stack } => commands::down(&workspace, stack).await,
            Command::Clean => commands::clean(&workspace),
            Command::Test { filter } => checks::test(&workspace, &filter).await,
            Command::Contract => contract::promise(&workspace).await,
            Command::Faults { minutes, seed, release } => {
                let profile = if release { Profile::Release } else { Profile::Dev };
                checks::faults(&workspace, profile, minutes, seed).await
            }
            Command::Bench { arguments } => bench::bench(&workspace, &arguments).await,
            Command::Prepare => checks::prepare(&workspace).await,
        }
    });
    runtime.shutdown_timeout(LAST_GRACE);
    outcome
}
