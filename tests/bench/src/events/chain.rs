//! `chain_vs_file`: filing while relay, stream, consumer and projection work on the same cores, beside filing while the
//! stream and the consumer stand still. And how long it takes, after the last filing, until all is applied.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use dev::stack::Part;

use crate::bed::{CONSUMER, TestBed};
use crate::filing::{Filed, Filing};
use crate::measure::{Arm, Run, milliseconds, per_second, percentile};
use crate::processes::Cpu;
use crate::report::{About, Row};

const CALLERS: usize = 64;
const ROUNDS: usize = 5;
const SLICE: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_secs(1);
const BACKLOG_MS: f64 = 1_000.0;

/// Measures the row, and the one of the backlog.
pub(super) async fn measure(bed: &TestBed) -> Result<Vec<Row>> {
    let filing = Filing::connect(bed, CALLERS).await?;
    filing.at_once(CALLERS, WARM_UP).await?;
    let (mut runs, mut backlogs, mut times_ms) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (chain, alone) = if round % 2 == 0 {
            let chain = with_chain(bed, &filing).await?;
            (chain, alone(bed, &filing).await?)
        } else {
            let alone = alone(bed, &filing).await?;
            (with_chain(bed, &filing).await?, alone)
        };
        let (chain, backlog, chain_ms) = chain;
        bed.say(format!(
            "round {}: with the chain {:.0}/s, applied {:.0} ms after the last; alone {:.0}/s",
            round + 1,
            chain.value,
            backlog.value,
            alone.value
        ));
        runs.push(Run::beside(chain, alone, |chain, alone| chain / alone));
        backlogs.push(Run::alone(backlog));
        times_ms.extend(chain_ms);
    }
    let worst = backlogs.iter().map(|run| run.value).fold(0.0, f64::max);
    let chain = About { row: "chain_vs_file", unit: "/s", goal: "≥ 0.5 ×" };
    let backlog = About { row: "chain_vs_file_backlog", unit: "ms", goal: "≤ 1,000 ms, each time" };
    Ok(vec![
        Row::new(chain, runs, |_, ratio| ratio >= 0.5)
            .with_times((percentile(&times_ms, 50), percentile(&times_ms, 99))),
        Row::new(backlog, backlogs, |_, _| worst <= BACKLOG_MS)
            .with_note(format!("the longest took {worst:.0} ms")),
    ])
}

/// Filing with all that follows; then the time until nothing is left, and the calls' times.
async fn with_chain(bed: &TestBed, filing: &std::sync::Arc<Filing>) -> Result<(Arm, Arm, Vec<f64>)> {
    bed.empty().await?;
    let cpu = Cpu::now();
    let Filed { times_ms, time } = filing.at_once(CALLERS, SLICE).await?;
    let used = cpu.since();
    let (cpu, ended) = (Cpu::now(), Instant::now());
    bed.relayed().await?;
    bed.applied().await?;
    let backlog = Arm { value: milliseconds(ended.elapsed()), cpu: cpu.since() };
    let (filed, applied) = (
        bed.count("SELECT count(*) FROM complaints.complaint").await?,
        bed.count("SELECT count(*) FROM evaluation.fact").await?,
    );
    ensure!(filed == applied, "{filed} were filed, {applied} applied");
    let chain = Arm { value: per_second(times_ms.len(), time), cpu: used };
    Ok((chain, backlog, times_ms))
}

/// Filing while nothing carries or takes events; they wait in the outbox.
async fn alone(bed: &TestBed, filing: &std::sync::Arc<Filing>) -> Result<Arm> {
    bed.empty().await?;
    bed.stack.freeze(Part::Nats)?;
    bed.stack.freeze(Part::Service(CONSUMER))?;
    let cpu = Cpu::now();
    let filed = filing.at_once(CALLERS, SLICE).await;
    let cpu = cpu.since();
    bed.thaw()?;
    let Filed { times_ms, time } = filed?;
    Ok(Arm { value: per_second(times_ms.len(), time), cpu })
}
