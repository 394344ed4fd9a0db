//! Trying rules on past reports, beside those in force.

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::{App, Failure, Known, matter, rules};
use crate::{
    domain::{UnitId, routing::Rules},
    store,
};

/// What to try, and on what.
#[derive(Debug)]
pub(crate) struct ToSimulate {
    pub(crate) rules: Rules,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) limit: i64,
}

/// What would change.
#[derive(Debug, Default)]
pub(crate) struct Simulated {
    pub(crate) examined: usize,
    pub(crate) without_unit: usize,
    /// By rule.
    pub(crate) matches: Vec<usize>,
    pub(crate) unmatched: usize,
    /// The most frequent first.
    pub(crate) moves: Vec<Move>,
    pub(crate) rules_version: i64,
}

/// Reports that would go from one unit to another.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) from: UnitId,
    pub(crate) to: UnitId,
    pub(crate) count: usize,
    /// The newest.
    pub(crate) example: Uuid,
}

impl App {
    /// Tries rules on past reports.
    pub(crate) async fn simulate_rules(&self, to_simulate: ToSimulate) -> Result<Simulated, Failure> {
        let known = self.routing.current().await?;
        let mut connection = self.database.acquire().await?;
        rules::check(&mut connection, &to_simulate.rules).await?;
        let times = (to_simulate.from, to_simulate.until);
        let past = store::routing::past(&mut connection, times, to_simulate.limit).await?;
        let tried = Known {
            versions: known.versions,
            areas: known.areas.clone(),
            rules: to_simulate.rules.into(),
            successions: known.successions.clone(),
        };
        let mut simulated = Simulated {
            examined: past.len(),
            matches: vec![0; tried.rules.0.len()],
            rules_version: tried.versions.rules,
            ..Simulated::default()
        };
        let mut serving: HashMap<String, Option<UnitId>> = HashMap::new();
        let mut moves: HashMap<(UnitId, UnitId), Move> = HashMap::new();
        for report in past {
            let matter =
                matter((&report.category, &report.asset), &report.kelurahan_code, report.filed_at.to_jiff());
            let unit = match serving.get(&report.kelurahan_code) {
                Some(unit) => *unit,
                None => {
                    let unit = store::unit::serving(&mut connection, &report.kelurahan_code).await?;
                    serving.insert(report.kelurahan_code, unit);
                    unit
                }
            };
            let Some(unit) = unit else {
                simulated.without_unit += 1;
                continue;
            };
            let (from, ..) = known.unit(&matter, unit);
            let (to, verdict, _) = tried.unit(&matter, unit);
            match verdict.matched {
                Some((rule, _)) => simulated.matches[rule] += 1,
                None => simulated.unmatched += 1,
            }
            if from != to {
                let moved = Move { from, to, count: 0, example: report.id };
                moves.entry((from, to)).or_insert(moved).count += 1;
            }
        }
        simulated.moves = moves.into_values().collect();
        simulated.moves.sort_by_key(|moved| (std::cmp::Reverse(moved.count), moved.from.0, moved.to.0));
        Ok(simulated)
    }
}
