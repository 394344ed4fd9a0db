//! The whole test run, fast checks first, and the writing of the query files that it compares. Every step is announced with
//! its time; the first that fails ends the run.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::cluster::Cluster;
use crate::contract::Contract;
use crate::servers::Servers;
use crate::stack::{Say, start_servers};
use crate::up::{Signals, to_standard_error};
use crate::workspace::{Profile, Workspace};
use crate::{command, harness, queries};

/// So many tests can run before an account is emptied and used again.
const ACCOUNTS: usize = 512;

/// Runs all checks and tests; of the tests, only those whose name contains `filter`.
///
/// # Errors
/// A step fails.
pub async fn test(workspace: &Workspace, filter: &str) -> Result<()> {
    let mut signals = Signals::listen()?;
    let begun = Instant::now();
    let outcome = signals.unless_ended(all(workspace, filter)).await?;
    outcome.context("cut by a signal")?;
    eprintln!("\nAll checks and tests passed in {}.", seconds(begun.elapsed()));
    Ok(())
}

/// Builds everything and starts the long fault run.
///
/// # Errors
/// The build fails, or anything is lost, duplicated or out of order.
pub async fn faults(workspace: &Workspace, profile: Profile, minutes: u64, seed: Option<u64>) -> Result<()> {
    let mut signals = Signals::listen()?;
    let mut arguments = vec!["build", "--workspace", "--bins"];
    if profile == Profile::Release {
        arguments.push("--release");
    }
    let mut run = Command::new(workspace.binaries(profile).join("faults"));
    run.args(["--minutes", &minutes.to_string()]);
    if let Some(seed) = seed {
        run.args(["--seed", &seed.to_string()]);
    }
    let work = async {
        command::run(offline(workspace, &arguments)).await?;
        command::run(run).await
    };
    signals.unless_ended(work).await?.context("cut by a signal")
}

/// Writes `.sqlx` afresh: what a build without a database knows of the queries.
///
/// # Errors
/// A migration fails, or the code doesn't compile.
pub async fn prepare(workspace: &Workspace) -> Result<()> {
    let mut signals = Signals::listen()?;
    let work = async {
        let (_servers, database_url) = prepared_database(workspace).await?;
        let mut check = command::cargo(workspace, &["check", "--workspace", "--all-targets"]);
        let written = queries::written_by(&mut check, workspace, &database_url)?;
        step(command::run(check)).await?;
        queries::commit(&written, workspace)
    };
    let count = signals.unless_ended(work).await?.context("cut by a signal")?;
    eprintln!("{count} queries are in .sqlx");
    Ok(())
}

async fn all(workspace: &Workspace, filter: &str) -> Result<()> {
    announce("cargo fmt --all --check");
    step(command::run(command::cargo(workspace, &["fmt", "--all", "--check"]))).await?;
    check_protos(workspace).await?;
    let (servers, database_url) = prepared_database(workspace).await?;

    announce("cargo clippy, with every query checked against the schema");
    let lints = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    let mut clippy = command::cargo(workspace, &lints);
    let written = queries::written_by(&mut clippy, workspace, &database_url)?;
    step(command::run(clippy)).await?;
    announce(".sqlx is what the code asks");
    step(async { queries::compare(&written, workspace) }).await?;

    announce("cargo build, without a database");
    step(command::run(offline(workspace, &["build", "--workspace", "--all-targets"]))).await?;
    announce("cargo test");
    let mut arguments = vec!["test", "--workspace"];
    if !filter.is_empty() {
        arguments.extend(["--", filter]);
    }
    let mut tests = offline(workspace, &arguments);
    tests
        .env(harness::POSTGRES, servers.postgres.superuser_url("postgres"))
        .env(harness::NATS, servers.nats.url(0))
        .env(harness::NATS_ACCOUNTS, servers.nats.accounts().to_string());
    step(command::run(tests)).await
}

async fn check_protos(workspace: &Workspace) -> Result<()> {
    announce("buf lint, buf format, buf breaking");
    step(async {
        let contract = Contract::find(workspace).await?;
        contract.lint().await?;
        contract.check().await
    })
    .await
}

/// Servers for the rest of the run, and a database with all migrations; its URL is for the macros.
async fn prepared_database(workspace: &Workspace) -> Result<(Servers, String)> {
    announce("servers, and a database with all migrations");
    step(async {
        let say: Say = to_standard_error();
        let servers = start_servers(workspace.target_dev(), ACCOUNTS, &say).await?;
        let superuser = servers.postgres.superuser_url("postgres");
        let cluster = Cluster::try_new(&superuser, Cluster::random_secret())?;
        let database_url = queries::database(&cluster, workspace).await?;
        Ok((servers, database_url))
    })
    .await
}

/// A cargo command that goes by the committed query files.
fn offline(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = command::cargo(workspace, arguments);
    command.env("SQLX_OFFLINE", "true");
    command
}

fn announce(what: &str) {
    eprintln!("\n==> {what}");
}

/// Runs a step and says how long it took.
async fn step<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let begun = Instant::now();
    let outcome = work.await;
    let how = if outcome.is_ok() { "done" } else { "failed" };
    eprintln!("    {how} after {}", seconds(begun.elapsed()));
    outcome
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
