//! What a study compares: units, periods and outcome, checked once when it is registered.

use std::collections::HashMap;

use super::Outcome;
use crate::domain::{Period, UnitId, study::decimal::Decimal};

/// A study's units and periods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Design {
    pub(crate) outcome: Outcome,
    /// Names of units, or labels where the outcome is given.
    pub(crate) treated: Vec<String>,
    pub(crate) comparison: Vec<String>,
    /// Earliest first, all of one length, the first after behind the last before.
    pub(crate) pre: Vec<Period>,
    pub(crate) post: Vec<Period>,
}

/// Why a design is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DesignRefused {
    /// The name in this field is not a unit's.
    NotAUnit { field: String },
    /// The unit in this field is given a second time.
    UnitRepeated { field: String },
    /// The periods in this field are not of one length or not in order.
    PeriodsInvalid { field: &'static str },
    /// The values are not what the outcome asks for.
    DataInvalid { why: &'static str },
}

impl Design {
    /// Checks units and periods; makes units' names the one way they are written.
    pub(crate) fn try_new(
        outcome: Outcome,
        (treated, comparison): (Vec<String>, Vec<String>),
        (pre, post): (Vec<Period>, Vec<Period>),
    ) -> Result<Self, DesignRefused> {
        let mut design = Self { outcome, treated, comparison, pre, post };
        design.check_periods()?;
        design.check_units()?;
        Ok(design)
    }

    /// All periods, those before first.
    pub(crate) fn periods(&self) -> impl Iterator<Item = Period> {
        self.pre.iter().chain(&self.post).copied()
    }

    /// All units, treated ones first; of labels none.
    pub(crate) fn units(&self) -> Vec<UnitId> {
        match self.outcome {
            Outcome::Ikm => {
                self.treated.iter().chain(&self.comparison).filter_map(|name| UnitId::parse(name)).collect()
            }
            Outcome::Given => Vec::new(),
        }
    }

    /// The request's field that the unit at a place of `units` came in.
    pub(crate) fn field(&self, at: usize) -> String {
        match at.checked_sub(self.treated.len()) {
            None => format!("treated_units[{at}]"),
            Some(at) => format!("comparison_units[{at}]"),
        }
    }

    /// Puts given rows into the study's order: each unit once, each with a value for each period.
    pub(crate) fn values(&self, rows: &[(String, Vec<String>)]) -> Result<Vec<String>, DesignRefused> {
        let refused = |why| DesignRefused::DataInvalid { why };
        let by_unit: HashMap<&str, &Vec<String>> =
            rows.iter().map(|(unit, values)| (unit.as_str(), values)).collect();
        if by_unit.len() != rows.len() {
            return Err(refused("a unit has more than one row"));
        }
        if rows.len() != self.treated.len() + self.comparison.len() {
            return Err(refused("there must be one row for each unit of the study"));
        }
        let mut values = Vec::new();
        for unit in self.treated.iter().chain(&self.comparison) {
            let row = by_unit.get(unit.as_str()).ok_or_else(|| refused("a unit of the study has no row"))?;
            if row.len() != self.pre.len() + self.post.len() {
                return Err(refused("each unit must have a value for each period"));
            }
            if row.iter().any(|value| value.parse::<Decimal>().is_err()) {
                return Err(refused("a value is not a decimal number"));
            }
            values.extend(row.iter().cloned());
        }
        Ok(values)
    }

    fn check_periods(&self) -> Result<(), DesignRefused> {
        let running = |periods: &[Period]| periods.windows(2).all(|pair| pair[1].previous() == Some(pair[0]));
        let (Some(last), Some(first)) = (self.pre.last(), self.post.first()) else {
            let field = if self.pre.is_empty() { "pre_periods" } else { "post_periods" };
            return Err(DesignRefused::PeriodsInvalid { field });
        };
        if !running(&self.pre) {
            return Err(DesignRefused::PeriodsInvalid { field: "pre_periods" });
        }
        let behind = first.length() == last.length() && first.number() > last.number();
        if !running(&self.post) || !behind {
            return Err(DesignRefused::PeriodsInvalid { field: "post_periods" });
        }
        Ok(())
    }

    fn check_units(&mut self) -> Result<(), DesignRefused> {
        let mut seen = std::collections::HashSet::new();
        let named = self.outcome == Outcome::Ikm;
        for at in 0..self.treated.len() + self.comparison.len() {
            let field = self.field(at);
            let treated = self.treated.len();
            let unit = if at < treated { &mut self.treated[at] } else { &mut self.comparison[at - treated] };
            if named {
                *unit = UnitId::parse(unit)
                    .ok_or_else(|| DesignRefused::NotAUnit { field: field.clone() })?
                    .to_string();
            }
            if !seen.insert(unit.clone()) {
                return Err(DesignRefused::UnitRepeated { field });
            }
        }
        Ok(())
    }
}
