//! `commit_to_effect`: reports are filed at an even rate, and for each the time between two commits is read from Postgres:
//! that of the report with its event, and that of the fact which another service made of it.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::bed::TestBed;
use crate::filing::{Filed, Filing};
use crate::measure::{Arm, Run, per_second, percentile};
use crate::processes::Cpu;
use crate::report::{About, Row};

const PER_SECOND: u32 = 500;
const ROUNDS: usize = 5;
const SLICE: Duration = Duration::from_secs(4);
const WARM_UP: Duration = Duration::from_secs(1);
/// Calls that may be under way at once without waiting for a connection.
const CALLERS: usize = 64;
const P50_MS: f64 = 5.0;
const P99_MS: f64 = 50.0;
/// Of the asked rate, what has to be reached for the row to say something.
const ENOUGH: f64 = 0.98;

/// Measures the row.
pub(super) async fn measure(bed: &TestBed) -> Result<Vec<Row>> {
    let filing = Filing::connect(bed, CALLERS).await?;
    filing.at_a_rate(PER_SECOND, WARM_UP).await?;
    let (mut runs, mut all_ms, mut slowest) = (Vec::new(), Vec::new(), f64::INFINITY);
    for round in 0..ROUNDS {
        bed.empty().await?;
        let cpu = Cpu::now();
        let Filed { times_ms, time } = filing.at_a_rate(PER_SECOND, SLICE).await?;
        let cpu = cpu.since();
        bed.relayed().await?;
        bed.applied().await?;
        let effects_ms: Vec<f64> = sqlx::query_scalar(
            "SELECT (extract(epoch FROM pg_xact_commit_timestamp(fact.xmin) - pg_xact_commit_timestamp(log.xmin))
                     * 1000)::float8
             FROM complaints.event_log AS log JOIN evaluation.fact AS fact USING (event_id)",
        )
        .fetch_all(&bed.database)
        .await?;
        ensure!(
            effects_ms.len() == times_ms.len(),
            "{} of {} have an effect",
            effects_ms.len(),
            times_ms.len()
        );
        let rate = per_second(times_ms.len(), time);
        slowest = slowest.min(rate);
        let (p50, p99) = (percentile(&effects_ms, 50), percentile(&effects_ms, 99));
        bed.say(format!("round {}: {rate:.0}/s, p50 {p50:.2} ms, p99 {p99:.2} ms", round + 1));
        runs.push(Run::alone(Arm { value: p50, cpu }));
        all_ms.extend(effects_ms);
    }
    let (p50, p99) = (percentile(&all_ms, 50), percentile(&all_ms, 99));
    let about = About { row: "commit_to_effect", unit: "ms", goal: "p50 ≤ 5 ms, p99 ≤ 50 ms" };
    let reaches = p50 <= P50_MS && p99 <= P99_MS && slowest >= f64::from(PER_SECOND) * ENOUGH;
    Ok(vec![
        Row::new(about, runs, |_, _| reaches)
            .with_times((p50, p99))
            .with_note(format!("{} reports, at least {slowest:.0}/s", all_ms.len())),
    ])
}
