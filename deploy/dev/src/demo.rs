//! The closed loop, shown on a running stack with real calls. Over three quarters of the development clock reports are
//! filed and led through their life, and citizens are asked how satisfied they are. After the second, half of the units
//! that need it are trained, by lot; after the third it is measured whether that helped. The same seed gives the same
//! figures.

mod answers;
mod caller;
mod improvement;
mod ledger;
mod period;
mod plan;
mod register;
mod reports;
mod survey;
mod table;

use std::time::Instant;

use anyhow::{Context, Result};
use proto::evaluation::v1::{StudyResult, StudyVerdict};
use serde_json::{Value, json};

use crate::stack::{Say, Stack};

use answers::{ANSWERS, Truth};
use caller::Caller;
use ledger::Ledger;
use survey::Round;

pub use table::table;

/// How many quarters are shown.
const PERIODS: usize = 3;
/// Training is held after so many.
const BEFORE_TRAINING: usize = 2;

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
    let services = services(stack)?;

    let units = caller.units().await?;
    say("filling the register: seats, people, assignments");
    let held = caller.fill_register(&units).await?;
    say(&format!("  {held} seats are held"));
    let programme = caller.make_programme().await?;
    let survey = caller.make_survey().await?;
    let truth = Truth::draw(seed, units.districts.len());
    let mut quarters = Vec::new();
    let mut rounds = Vec::new();
    let mut improvement = None;
    for (number, plan) in (0..).zip(plan::draw(seed, PERIODS, &units)?) {
        let quarter = period::begin((&ledger, clock), quarters.last().copied()).await?;
        quarters.push(quarter);
        say(&format!("{quarter}: {} reports", plan.reports.len()));
        if let Some(improvement) = &improvement {
            caller.complete(improvement).await?;
        }
        period::live(&caller, (&ledger, clock), &plan, say).await?;
        say(&format!("  survey: {ANSWERS} answers about each of {} kecamatan", units.districts.len()));
        let trained = |place: usize| {
            let unit = &units.districts[place].name;
            improvement
                .as_ref()
                .is_some_and(|improvement: &improvement::Improvement| improvement.is_trained(unit))
        };
        let round = Round { survey: &survey, quarter, number, trained: &trained };
        rounds.push(caller.hold(round, &truth, &units).await?);
        if quarters.len() == BEFORE_TRAINING {
            ledger.quiet().await?;
            say("  needs: a lottery, a study registered, the first units' people approved for training");
            let made = caller.improve(&programme, seed, (&quarters, quarter.next())).await?;
            say(&format!("  {} needs, {} people approved", made.needs(), made.approved()));
            improvement = Some(made);
        }
    }

    say("waiting until every event has been applied");
    ledger.quiet().await?;
    let improvement = improvement.context("no training was held")?;
    say("running the study");
    let study = caller.conclude(&improvement).await?;
    caller.answer_needs(&improvement).await?;
    let after = ledger.quiet().await?;
    let last = rounds.last().context("no round was held")?;
    Ok(json!({
        "complaints": caller.figures(&units.province.name, &quarters).await?,
        "survey": { "rounds": rounds.iter().map(survey::Held::to_json).collect::<Vec<_>>() },
        "index": last.index_to_json(&units),
        "training": {
            "needs": improvement.needs(),
            "nominated": improvement.nominated,
            "completed": caller.completed().await?,
        },
        "study": study_to_json(&study),
        "events": after.since(&before).to_json(),
        "services": services,
        "seconds": began.elapsed().as_secs(),
    }))
}

fn study_to_json(result: &StudyResult) -> Value {
    let verdict = StudyVerdict::try_from(result.verdict).ok();
    json!({
        "effect": result.effect,
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "p": result.p,
        "verdict": verdict.map(|verdict| verdict.as_str_name().trim_start_matches("STUDY_VERDICT_")),
    })
}

/// How long each service took until it was ready for calls, and its memory while it has nothing to do.
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
