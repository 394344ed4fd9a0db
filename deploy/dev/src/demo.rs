//! The closed loop, shown on a running stack with real calls: reports are filed and led through their life over three
//! quarters of the development clock. The same seed gives the same figures.

mod caller;
mod ledger;
mod period;
mod plan;
mod table;

use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::stack::{Say, Stack};

use caller::Caller;
use ledger::Ledger;

pub use table::table;

/// How many quarters are shown.
const PERIODS: usize = 3;

/// Runs the demonstration; the same `seed` gives the same one. `say` gets a line for every step.
///
/// # Errors
/// A step doesn't have the outcome that it should have.
pub async fn run(stack: &Stack, seed: u64, say: &Say) -> Result<Value> {
    let began = Instant::now();
    let clock = stack.clock().context("the demonstration needs a development clock")?;
    let caller = Caller::connect(stack).await?;
    let ledger = Ledger::connect(stack).await?;
    say("waiting until the services know the units");
    let before = ledger.quiet().await?;

    let units = caller.units().await?;
    let plans = plan::draw(seed, PERIODS, &units)?;
    let mut periods = Vec::new();
    for plan in &plans {
        periods.push(period::begin(clock, periods.last().copied()).await?);
        let quarter = periods[periods.len() - 1];
        say(&format!("{quarter}: {} reports", plan.reports.len()));
        period::live(&caller, clock, plan, say).await?;
    }

    say("waiting until every event has been applied");
    let after = ledger.quiet().await?;
    let figures = caller.figures(&units.province, &periods).await?;
    Ok(json!({
        "complaints": figures,
        "survey": { "rounds": null },
        "index": { "province_unweighted": null, "province_weighted": null, "lowest_unit": null },
        "training": { "needs": null, "nominated": null, "completed": null },
        "study": { "effect": null, "ci_low": null, "ci_high": null, "p": null, "verdict": null },
        "events": after.since(&before).to_json(),
        "services": services(stack)?,
        "seconds": began.elapsed().as_secs(),
    }))
}

fn services(stack: &Stack) -> Result<Vec<Value>> {
    stack
        .services()
        .into_iter()
        .map(|service| {
            let rss_mib = stack.rss_mib(service.name)?;
            Ok(json!({ "name": service.name, "ready_ms": service.ready_ms, "rss_mib": rss_mib }))
        })
        .collect()
}
