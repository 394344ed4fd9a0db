//! Which units took over from those that a reorganisation ended.

use std::collections::HashMap;

use super::area_holds;
use crate::domain::UnitId;

/// Reorganisations followed at most: a longer chain, or a circle, ends at the last unit looked at.
const LONGEST_CHAIN: usize = 32;

/// The successors of each ended unit, in their order, with the areas that each serves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Successions(HashMap<UnitId, Vec<(UnitId, Vec<String>)>>);

impl Successions {
    pub(crate) fn new(successions: HashMap<UnitId, Vec<(UnitId, Vec<String>)>>) -> Self {
        Self(successions)
    }

    /// The unit that acts for a kelurahan in place of one that may have ended, and the ended ones on the way, the first
    /// first. Of several successors it is the one that serves the kelurahan, or an area that holds it; else the first.
    pub(crate) fn acting(&self, named: UnitId, kelurahan_code: &str) -> (UnitId, Vec<UnitId>) {
        let (mut unit, mut ended) = (named, Vec::new());
        while let Some(successors) = self.0.get(&unit)
            && ended.len() < LONGEST_CHAIN
        {
            let serves = |(_, areas): &&(UnitId, Vec<String>)| {
                areas.iter().any(|area| area_holds(area, kelurahan_code))
            };
            let Some((next, _)) = successors.iter().find(serves).or_else(|| successors.first()) else {
                break;
            };
            ended.push(unit);
            unit = *next;
        }
        (unit, ended)
    }
}
