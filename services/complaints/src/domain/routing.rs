//! Which unit a report goes to: ordered rules, of which the first that matches wins; why the others did not; and whether
//! a set of rules makes sense. Pure: who serves a kelurahan is asked of others.

mod successions;
mod window;

pub(crate) use successions::Successions;
pub(crate) use window::{Window, WindowRefused};

use std::collections::HashSet;

use jiff::civil::DateTime;
use uuid::Uuid;

use super::UnitId;

/// A rule: which reports go to a unit. An empty condition holds for all.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    pub(crate) note: String,
    pub(crate) categories: Vec<String>,
    pub(crate) area_codes: Vec<String>,
    pub(crate) assets: Vec<String>,
    pub(crate) window: Window,
    pub(crate) unit: UnitId,
}

/// What rules look at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Matter {
    pub(crate) category: String,
    pub(crate) kelurahan_code: String,
    /// Empty for none.
    pub(crate) asset: String,
    /// The time of filing, in WIB.
    pub(crate) filed_at: DateTime,
}

/// A condition of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Category,
    Area,
    Asset,
    Time,
}

/// What the rules say of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The first rule that matches, counted from 0, and its unit.
    pub(crate) matched: Option<(usize, UnitId)>,
    /// The first condition that failed of each rule before it, or of all.
    pub(crate) failed: Vec<Condition>,
}

/// What is wrong with a rule of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleFault {
    /// Counted from 0.
    pub(crate) rule: usize,
    pub(crate) why: WhyNot,
}

/// Why a rule can't stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WhyNot {
    /// There is no such category; which of them, counted from 0.
    CategoryUnknown(usize),
    /// No unit serves anything in this area; which of them, counted from 0.
    AreaUnknown(usize),
    /// There is no such unit.
    UnitUnknown,
    /// An earlier rule, counted from 0, takes all that it could match.
    TakenBefore(usize),
}

/// What exists of the names in a set of rules.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) categories: HashSet<String>,
    pub(crate) area_codes: HashSet<String>,
    pub(crate) units: HashSet<Uuid>,
}

/// Ordered rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rules(pub(crate) Vec<Rule>);

impl Rules {
    /// What the rules say of a report.
    pub(crate) fn judge(&self, matter: &Matter) -> Verdict {
        let mut failed = Vec::new();
        for (number, rule) in self.0.iter().enumerate() {
            match rule.failed_condition(matter) {
                Some(condition) => failed.push(condition),
                None => return Verdict { matched: Some((number, rule.unit)), failed },
            }
        }
        Verdict { matched: None, failed }
    }

    /// The first rule that can't stand, if there is one.
    pub(crate) fn fault(&self, names: &Names) -> Option<RuleFault> {
        self.0.iter().enumerate().find_map(|(number, rule)| {
            let unknown =
                |of: &[String], known: &HashSet<String>| of.iter().position(|one| !known.contains(one));
            let why = unknown(&rule.categories, &names.categories)
                .map(WhyNot::CategoryUnknown)
                .or_else(|| unknown(&rule.area_codes, &names.area_codes).map(WhyNot::AreaUnknown))
                .or_else(|| (!names.units.contains(&rule.unit.0)).then_some(WhyNot::UnitUnknown))
                .or_else(|| {
                    let earlier = self.0[..number].iter().position(|earlier| earlier.takes_all_of(rule));
                    earlier.map(WhyNot::TakenBefore)
                });
            why.map(|why| RuleFault { rule: number, why })
        })
    }
}

impl Rule {
    fn failed_condition(&self, matter: &Matter) -> Option<Condition> {
        let one_of = |allowed: &[String], value: &str| {
            allowed.is_empty() || allowed.iter().any(|allowed| allowed == value)
        };
        if !one_of(&self.categories, &matter.category) {
            return Some(Condition::Category);
        }
        let in_area = |area: &String| area_holds(area, &matter.kelurahan_code);
        if !self.area_codes.is_empty() && !self.area_codes.iter().any(in_area) {
            return Some(Condition::Area);
        }
        if !one_of(&self.assets, &matter.asset) {
            return Some(Condition::Asset);
        }
        (!self.window.holds(matter.filed_at)).then_some(Condition::Time)
    }

    /// Whether each report that `other` matches is matched by this one.
    fn takes_all_of(&self, other: &Self) -> bool {
        let all_of = |mine: &[String], others: &[String], holds: fn(&str, &str) -> bool| {
            mine.is_empty()
                || (!others.is_empty()
                    && others.iter().all(|other| mine.iter().any(|mine| holds(mine, other))))
        };
        let equal = |one: &str, other: &str| one == other;
        all_of(&self.categories, &other.categories, equal)
            && all_of(&self.area_codes, &other.area_codes, area_holds)
            && all_of(&self.assets, &other.assets, equal)
            && self.window.holds_all_of(&other.window)
    }
}

/// Whether an area is another or holds it: codes name their ancestors.
pub(crate) fn area_holds(area: &str, code: &str) -> bool {
    code.strip_prefix(area).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests;
