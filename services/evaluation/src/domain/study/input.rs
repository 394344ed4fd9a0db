//! What a study is concluded from: registered periods and groups with the units' values.
//! It checks shape once; it never fills a missing value.

use std::collections::BTreeSet;

use super::decimal::Decimal;

/// Most units, both groups together.
pub const MOST_UNITS: usize = 1_000;
/// Most periods, before and after together.
pub const MOST_PERIODS: usize = 240;

/// Which way the outcome is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Better {
    /// A higher value, such as an index.
    Higher,
    /// A lower value, such as hours to an answer.
    Lower,
}

/// When the treated units started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Starts {
    /// All between the last pre-period and the first post-period.
    Together,
    /// At different times; not estimable here.
    Staggered,
}

/// One unit's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitSeries {
    /// The unit, once per study.
    pub unit: String,
    /// The stratum it was registered in; the same text for all units if there are none.
    pub stratum: String,
    /// One value per period, pre-periods first; `None` is missing.
    pub values: Vec<Option<Decimal>>,
}

/// A study's labels of periods, in order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Periods {
    /// Before the start.
    pub pre: Vec<String>,
    /// After the start.
    pub post: Vec<String>,
}

/// A study's groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// Units that had the intervention.
    pub treated: Vec<UnitSeries>,
    /// Units that did not.
    pub comparison: Vec<UnitSeries>,
}

/// A well-formed study; units are kept in order of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyInput {
    periods: Periods,
    groups: Groups,
    starts: Starts,
    better: Better,
}

/// Where a value is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingValue {
    /// The unit.
    pub unit: String,
    /// The period's label.
    pub period: String,
}

/// Why an input is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// A unit occurs twice, in one group or in both.
    #[error("unit {unit} occurs twice")]
    UnitTwice {
        /// The unit.
        unit: String,
    },
    /// Two periods share a label.
    #[error("period {period} occurs twice")]
    PeriodTwice {
        /// The label.
        period: String,
    },
    /// A unit has not exactly one place for a value per period.
    #[error("unit {unit} has {found} values for {expected} periods")]
    ValueCount {
        /// The unit.
        unit: String,
        /// Periods of the study.
        expected: usize,
        /// Values of the unit, missing ones counted.
        found: usize,
    },
    /// More than [`MOST_UNITS`] units.
    #[error("more than {MOST_UNITS} units")]
    TooManyUnits,
    /// More than [`MOST_PERIODS`] periods.
    #[error("more than {MOST_PERIODS} periods")]
    TooManyPeriods,
}

impl StudyInput {
    /// Checks the shape of a study.
    ///
    /// # Errors
    /// See [`InputError`]. Too few units or periods and missing values are no errors: the study's
    /// result says so.
    pub fn try_new(
        periods: Periods,
        mut groups: Groups,
        starts: Starts,
        better: Better,
    ) -> Result<Self, InputError> {
        let expected = periods.pre.len() + periods.post.len();
        if expected > MOST_PERIODS {
            return Err(InputError::TooManyPeriods);
        }
        let mut labels = BTreeSet::new();
        let all_periods = periods.pre.iter().chain(&periods.post);
        if let Some(period) = all_periods.into_iter().find(|label| !labels.insert(*label)) {
            return Err(InputError::PeriodTwice { period: period.clone() });
        }
        if groups.treated.len() + groups.comparison.len() > MOST_UNITS {
            return Err(InputError::TooManyUnits);
        }
        let mut names = BTreeSet::new();
        for series in groups.treated.iter().chain(&groups.comparison) {
            let (unit, found) = (series.unit.clone(), series.values.len());
            if !names.insert(&series.unit) {
                return Err(InputError::UnitTwice { unit });
            }
            if found != expected {
                return Err(InputError::ValueCount { unit, expected, found });
            }
        }
        groups.treated.sort_by(|a, b| a.unit.cmp(&b.unit));
        groups.comparison.sort_by(|a, b| a.unit.cmp(&b.unit));
        Ok(Self { periods, groups, starts, better })
    }

    /// Labels of the periods before the start, in order of time.
    pub fn pre_periods(&self) -> &[String] {
        &self.periods.pre
    }

    /// Labels of the periods after the start, in order of time.
    pub fn post_periods(&self) -> &[String] {
        &self.periods.post
    }

    /// Treated units by name.
    pub fn treated(&self) -> &[UnitSeries] {
        &self.groups.treated
    }

    /// Comparison units by name.
    pub fn comparison(&self) -> &[UnitSeries] {
        &self.groups.comparison
    }

    /// When the treated units started.
    pub fn starts(&self) -> Starts {
        self.starts
    }

    /// Which way the outcome is better.
    pub fn better(&self) -> Better {
        self.better
    }

    /// The first missing value: treated units first, by name, then by period.
    pub fn first_missing(&self) -> Option<MissingValue> {
        let units = self.groups.treated.iter().chain(&self.groups.comparison);
        units.into_iter().find_map(|series| {
            let gap = series.values.iter().position(Option::is_none)?;
            let period = self.periods.pre.iter().chain(&self.periods.post).nth(gap)?.clone();
            Some(MissingValue { unit: series.unit.clone(), period })
        })
    }

    /// The input as bytes to be hashed: equal for equal studies, whatever the order of units and
    /// the spelling of decimals, and different for different ones.
    ///
    /// Fields in this order, each written as its length in bytes (decimal), `:`, its UTF-8 text
    /// and `\n`: `study-input/1`; `together` or `staggered`; `higher` or `lower`; the number of
    /// pre-periods and their labels; the same for post-periods; the number of treated units and of
    /// each, by name, unit, stratum and one field per period, the shortest decimal text or `-` if
    /// missing; the same for comparison units.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut field = |text: &str| {
            bytes.extend_from_slice(format!("{}:{text}\n", text.len()).as_bytes());
        };
        field("study-input/1");
        field(match self.starts {
            Starts::Together => "together",
            Starts::Staggered => "staggered",
        });
        field(match self.better {
            Better::Higher => "higher",
            Better::Lower => "lower",
        });
        for labels in [&self.periods.pre, &self.periods.post] {
            field(&labels.len().to_string());
            labels.iter().for_each(|label| field(label));
        }
        for units in [&self.groups.treated, &self.groups.comparison] {
            field(&units.len().to_string());
            for series in units {
                field(&series.unit);
                field(&series.stratum);
                for value in &series.values {
                    field(&value.map_or("-".to_owned(), |value| value.to_string()));
                }
            }
        }
        bytes
    }
}
