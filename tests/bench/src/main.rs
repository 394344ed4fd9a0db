//! How fast Prima is, beside what it is compared with: `cargo dev bench`. Each row starts from an empty stack of its own
//! and measures its arms in turns. It is no test: nothing here runs with `cargo dev test`.

mod bed;
mod events;
mod filing;
mod machine;
mod measure;
mod processes;
mod report;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use dev::up::{Signals, to_standard_error};
use dev::workspace::Workspace;
use futures::future::LocalBoxFuture;

use bed::TestBed;
use machine::Machine;
use report::{Report, Row};

/// What the shell says of a program that a signal ended.
const CUT: u8 = 130;

/// Measure how fast Prima is, beside what it is compared with.
#[derive(Parser)]
#[command(name = "cargo dev bench", bin_name = "cargo dev bench")]
struct Arguments {
    /// Only this group or this row.
    #[arg(value_name = "GROUP|ROW")]
    selection: Option<String>,
    /// Print one JSON object and nothing else.
    #[arg(long)]
    json: bool,
    /// Say what can be measured, and measure nothing.
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    settings: Settings,
}

/// How long some rows take.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Settings {
    /// hot_table: for how long the transaction is open that keeps dead rows from being removed, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    open_seconds: u64,
    /// hot_table: how many events are told in that time.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    hot_events: usize,
}

/// What can be measured.
struct Entry {
    group: &'static str,
    row: &'static str,
    what: &'static str,
    measure: for<'bed> fn(&'bed TestBed) -> LocalBoxFuture<'bed, Result<Vec<Row>>>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let all = events::ENTRIES.iter();
    let selected: Vec<&Entry> = match &arguments.selection {
        None => all.collect(),
        Some(name) => all.filter(|entry| entry.group == name || entry.row == name).collect(),
    };
    ensure!(!selected.is_empty(), "there is no such group or row; see --list");
    if arguments.list {
        for Entry { group, row, what, .. } in selected {
            writeln!(io::stdout(), "{group:<8} {row:<24} {what}")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    let name = arguments.selection.as_deref().unwrap_or("all");
    let report = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        signals.unless_ended(measure(name, &selected, arguments.settings)).await
    })?;
    let Some(report) = report else { return Ok(ExitCode::from(CUT)) };
    let text = if arguments.json { serde_json::to_string(&report)? } else { report.table() };
    writeln!(io::stdout(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

async fn measure(name: &str, selected: &[&Entry], settings: Settings) -> Result<Report> {
    let say = to_standard_error();
    let mut machine = Machine::look()?;
    let bed = TestBed::start(&Workspace::find()?, settings, &say).await?;
    let mut rows = Vec::new();
    let outcome = async {
        machine.servers(&bed).await?;
        for entry in selected {
            say(&format!("{}: {}", entry.row, entry.what));
            bed.empty().await?;
            rows.extend((entry.measure)(&bed).await.with_context(|| entry.row)?);
        }
        bed.empty().await
    };
    let outcome: Result<()> = outcome.await;
    let ended = bed.stop().await;
    outcome.and(ended)?;
    machine.look_again()?;
    Ok(Report { bench: name.to_owned(), machine, rows })
}
