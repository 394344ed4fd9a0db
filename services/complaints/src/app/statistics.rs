//! Figures for officials, of their units as they are, and for everybody, with what is few hidden.

use jiff::{Timestamp, civil::Date};
use kit::{clock::jakarta, identity::Caller};
use uuid::Uuid;

use super::{App, Failure};
use crate::{
    domain::statistics::{Area, Cell, Period, hide},
    store::{self, statistics::Counted},
};

/// The time that is counted has at most so many years.
const MOST_YEARS: i16 = 10;
/// Cells that are counted for the public before it is said which it sees.
const MOST_PUBLIC: i64 = 100_000;

/// Whose reports are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    OwnUnits,
    Public,
}

/// What to count.
#[derive(Clone, Debug)]
pub(crate) struct ToCount {
    pub(crate) from: Date,
    /// The day after the last.
    pub(crate) until: Date,
    pub(crate) period: Option<Period>,
    pub(crate) area: Option<Area>,
    pub(crate) by_unit: bool,
    pub(crate) by_category: bool,
    /// Empty for any.
    pub(crate) area_code: String,
    pub(crate) unit: Option<Uuid>,
    /// Empty for any.
    pub(crate) category: String,
    /// The caller's units' where it has any and nothing is said.
    pub(crate) view: Option<View>,
    /// More cells than this are refused.
    pub(crate) limit: i64,
}

/// What was counted.
#[derive(Debug)]
pub(crate) struct Statistics {
    pub(crate) cells: Vec<Cell>,
    pub(crate) as_of: Timestamp,
    pub(crate) view: View,
}

/// Why nothing is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Uncountable {
    #[error("the time is empty or too long")]
    Range,
    #[error("there are too many cells")]
    TooLarge,
    #[error("the public view has no such cells: {field}")]
    NotPublic { field: &'static str },
}

impl App {
    /// Counts.
    pub(crate) async fn statistics(&self, caller: &Caller, to_count: ToCount) -> Result<Statistics, Failure> {
        let is_official = caller.person.is_some() && !caller.units.is_empty();
        let view = to_count.view.unwrap_or(if is_official { View::OwnUnits } else { View::Public });
        let as_of = self.clock.now();
        let filed = midnight(to_count.from).zip(midnight(to_count.until));
        let filed = filed.filter(|(from, until)| from < until).ok_or(Uncountable::Range)?;
        if to_count.until.year() - to_count.from.year() > MOST_YEARS {
            return Err(Uncountable::Range.into());
        }
        let mut counted = Counted {
            filed,
            as_of,
            period: to_count.period,
            area: to_count.area,
            by_unit: to_count.by_unit,
            by_category: to_count.by_category,
            units: None,
            hidden_from: Vec::new(),
            area_code: to_count.area_code.clone(),
            category: to_count.category.clone(),
            limit: to_count.limit + 1,
        };
        let mut connection = self.database.acquire().await?;
        let cells = match view {
            View::OwnUnits => {
                let mut units = store::unit::subtree(&mut connection, &caller.units).await?;
                if let Some(unit) = to_count.unit {
                    let asked = store::unit::subtree(&mut connection, &[unit]).await?;
                    units.retain(|unit| asked.contains(unit));
                }
                counted.units = Some(units);
                counted.hidden_from = store::unit::ancestors(&mut connection, &caller.units).await?;
                store::statistics::count(&mut connection, &counted).await?
            }
            View::Public => {
                let period = public_period(&to_count)?;
                // What is hidden must not depend on what is asked for: all is counted, then some of it shown. Whole years
                // are, since a year's total is published too.
                counted.filed = whole_years(&to_count).ok_or(Uncountable::Range)?;
                counted.area_code.clear();
                counted.category.clear();
                counted.limit = MOST_PUBLIC + 1;
                let mut cells = store::statistics::count(&mut connection, &counted).await?;
                if cells.len() as u64 > MOST_PUBLIC.unsigned_abs() {
                    return Err(Uncountable::TooLarge.into());
                }
                hide(&mut cells, Some(period));
                cells.retain(|cell| is_asked(&to_count, cell));
                cells
            }
        };
        if cells.len() as u64 > to_count.limit.unsigned_abs() {
            return Err(Uncountable::TooLarge.into());
        }
        Ok(Statistics { cells, as_of, view })
    }
}

/// The period of a query that the public may make.
fn public_period(to_count: &ToCount) -> Result<Period, Uncountable> {
    let period = to_count.period.filter(|period| *period != Period::Day);
    let period = period.ok_or(Uncountable::NotPublic { field: "query.period" })?;
    if !period.begins_on(to_count.from) {
        return Err(Uncountable::NotPublic { field: "query.from_date" });
    }
    if !period.begins_on(to_count.until) {
        return Err(Uncountable::NotPublic { field: "query.until_date" });
    }
    if to_count.unit.is_some() {
        return Err(Uncountable::NotPublic { field: "query.unit" });
    }
    if to_count.by_unit && (to_count.area.is_some() || !to_count.area_code.is_empty()) {
        return Err(Uncountable::NotPublic { field: "query.by_unit" });
    }
    // A cell of a part of what the area's size says would be none of those that are published.
    let is_part = finest(&to_count.area_code)
        .is_some_and(|finest| to_count.area.is_none_or(|area| area.characters() < finest.characters()));
    if is_part || to_count.area_code.len() == 2 {
        return Err(Uncountable::NotPublic { field: "query.area" });
    }
    if !to_count.category.is_empty() && !to_count.by_category {
        return Err(Uncountable::NotPublic { field: "query.by_category" });
    }
    Ok(period)
}

/// The size of the area that a code is of.
fn finest(area_code: &str) -> Option<Area> {
    [Area::Kota, Area::Kecamatan, Area::Kelurahan]
        .into_iter()
        .find(|area| usize::try_from(area.characters()).is_ok_and(|characters| characters == area_code.len()))
}

fn is_asked(to_count: &ToCount, cell: &Cell) -> bool {
    let key = &cell.key;
    key.period.is_none_or(|period| to_count.from <= period && period < to_count.until)
        && key.area_code.starts_with(&to_count.area_code)
        && (to_count.category.is_empty() || key.category == to_count.category)
}

fn whole_years(to_count: &ToCount) -> Option<(Timestamp, Timestamp)> {
    let first = Date::new(to_count.from.year(), 1, 1).ok()?;
    let last = to_count.until.yesterday().ok()?.year();
    midnight(first).zip(midnight(Date::new(last + 1, 1, 1).ok()?))
}

/// The beginning of a day, WIB.
fn midnight(day: Date) -> Option<Timestamp> {
    jakarta().to_timestamp(day.at(0, 0, 0, 0)).ok()
}
