//! The long run: a random fault every ten seconds, each healed, and none waited for; at the end all must be quiet, and right.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dev::cluster::SERVICES;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    checker::{Checker, Found},
    fault::Fault,
    load::{Done, EVENTS_PER_REPORT, Load},
    operator::look_as_an_operator,
    options, start,
};

/// From the begin of a fault to that of the next.
const EVERY: Duration = Duration::from_secs(10);
/// How much longer than it must a fault lasts, at most.
const LONGER_MS: u64 = 3_000;
const WORKERS: usize = 48;
/// How long it may take until all is quiet: a stream that was lost near the end is filled again first.
const QUIET_WITHIN: Duration = Duration::from_secs(20 * 60);
/// For some million events, some of them published more than once.
const STREAM_MAX_BYTES: u64 = 16 << 30;

/// What a run came to.
struct Summary {
    seed: u64,
    struck: BTreeMap<String, u32>,
    /// From the first report to the last.
    under_load: Duration,
    /// From the last report until all was seen to be right.
    until_quiet: Duration,
    most_pending: i64,
    /// What there was before the first report.
    seeded: i64,
    done: Done,
    found: Found,
}

/// Runs for so long, prints what it came to, and fails where something is wrong.
///
/// # Errors
/// The stack doesn't start, a fault can't be made, the load stands still, or something is lost, duplicated or out of order.
pub async fn run(time: Duration, seed: u64) -> Result<()> {
    eprintln!("faults for {} minutes, seed {seed}", time.as_secs() / 60);
    let mut options = options()?;
    options.settings = vec![
        ("PRIMA_STREAM_CHECK_SECONDS", "5".to_owned()),
        ("PRIMA_STREAM_AUDIT_SECONDS", "20".to_owned()),
        ("PRIMA_STREAM_MAX_BYTES", STREAM_MAX_BYTES.to_string()),
    ];
    let stack = start(options, &SERVICES).await?;
    let addresses = stack.addresses("complaints")?;
    let checker = Checker::connect(&stack).await?;
    let seeded = checker.committed().await?;
    let load = Load::start(&stack, &addresses, WORKERS, seed).await?;
    load.more_than(load.done()).await?;
    let begun = Instant::now();

    let mut random = StdRng::seed_from_u64(seed);
    let (mut struck, mut most_pending) = (BTreeMap::<String, u32>::new(), 0);
    let mut next = EVERY;
    while next < time {
        tokio::time::sleep(next.saturating_sub(begun.elapsed())).await;
        // Where Postgres has just come back, the next look sees it.
        most_pending = checker.pending().await.unwrap_or_default().max(most_pending);
        let fault = any(&mut random);
        let lasting = fault.lasts() + Duration::from_millis(random.random_range(0..LONGER_MS));
        let reports = load.done().reports;
        eprintln!("{:>6.1} s  {reports:>8} reports  {fault:?}", begun.elapsed().as_secs_f64());
        fault.happen(&stack, &checker, lasting).await?;
        *struck.entry(format!("{fault:?}")).or_default() += 1;
        next = (next + EVERY).max(begun.elapsed());
    }
    tokio::time::sleep(time.saturating_sub(begun.elapsed())).await;
    let done = load.stop().await.context("the load did not go on")?;
    let (under_load, stopped) = (begun.elapsed(), Instant::now());
    let found = checker.quiet(QUIET_WITHIN).await?;
    let until_quiet = stopped.elapsed();
    let summary = Summary { seed, struck, under_load, until_quiet, most_pending, seeded, done, found };
    println!("{}", summary.table());
    ensure!(summary.found.wrong().is_empty(), "{}", summary.found.wrong().join(", "));
    let expected = i64::try_from(done.reports * EVENTS_PER_REPORT)?;
    let told = summary.told();
    ensure!(
        told == expected,
        "{told} events tell of {} reports, each of which tells {EVENTS_PER_REPORT}",
        done.reports
    );
    look_as_an_operator(&stack).await?;
    drop(checker);
    stack.stop().await
}

/// One of all kinds, by their weights.
fn any(random: &mut StdRng) -> Fault {
    let all: u32 = Fault::ALL.iter().map(|fault| fault.weight()).sum();
    let mut left = random.random_range(0..all);
    for fault in Fault::ALL {
        if left < fault.weight() {
            return fault;
        }
        left -= fault.weight();
    }
    Fault::ALL[0]
}

impl Summary {
    /// Events of the reports.
    fn told(&self) -> i64 {
        self.found.committed() - self.seeded
    }

    fn table(&self) -> String {
        let mut text = format!("\nseed {}\n\n  fault                      times\n", self.seed);
        let mut line = |name: &str, value: String| {
            writeln!(text, "  {name:<34} {value:>12}").expect("writing to a String can't fail");
        };
        for (fault, times) in &self.struck {
            line(fault, times.to_string());
        }
        let seconds = self.under_load.as_secs_f64();
        line("", String::new());
        line("seconds under load", format!("{seconds:.0}"));
        line("reports filed and led on", self.done.reports.to_string());
        line("calls broken off and made again", self.done.broken_off.to_string());
        line("events committed", self.told().to_string());
        // A count that is exact as a float.
        line("  a second", format!("{:.0}", self.told() as f64 / seconds));
        line("most events on an outbox", self.most_pending.to_string());
        line("seconds until all was quiet", format!("{:.1}", self.until_quiet.as_secs_f64()));
        line("came again after a loss", self.found.came_again().to_string());
        for (what, count) in self.found.rows() {
            line(what, count.to_string());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_strikes_with_the_same_faults_and_every_kind_has_its_turn() {
        let faults = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            (0..1_000).map(|_| any(&mut random)).collect::<Vec<_>>()
        };
        assert_eq!(faults(1), faults(1));
        assert_ne!(faults(1), faults(2));
        assert!(Fault::ALL.iter().all(|fault| faults(1).contains(fault)));
    }
}
