//! Figures of reports: what is hidden of them from the public, and how shares and means are written. Counting is the
//! store's.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

/// A cell of fewer reports is hidden from the public.
pub(crate) const SHOWN_FROM: i64 = 10;

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    Day,
    Month,
    Quarter,
    Year,
}

/// How large an area is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    Kota,
    Kecamatan,
    Kelurahan,
}

/// What a cell is of; nothing where that is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The first day.
    pub(crate) period: Option<Date>,
    pub(crate) area_code: String,
    pub(crate) unit: Option<Uuid>,
    pub(crate) category: String,
}

/// The figures of a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) key: Key,
    pub(crate) is_hidden: bool,
    pub(crate) figures: Figures,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) filed: i64,
    pub(crate) accepted: i64,
    pub(crate) resolved: i64,
    pub(crate) reopened: i64,
    pub(crate) rejected: i64,
    pub(crate) recurring: i64,
    pub(crate) accept_median: i64,
    pub(crate) accept_p90: i64,
    pub(crate) resolve_median: i64,
    pub(crate) resolve_p90: i64,
    pub(crate) in_time: i64,
    pub(crate) judged: i64,
    pub(crate) ratings: i64,
    pub(crate) rating_sum: i64,
}

impl Period {
    /// The word by which Postgres cuts a time.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// Whether a period begins on a day.
    pub(crate) fn begins_on(self, day: Date) -> bool {
        match self {
            Self::Day => true,
            Self::Month => day.day() == 1,
            Self::Quarter => day.day() == 1 && day.month() % 3 == 1,
            Self::Year => day.day() == 1 && day.month() == 1,
        }
    }

    /// The year that a period is published in too, and for a month the quarter: what its figures add up to.
    fn parent(self, day: Date) -> Option<(i16, i8)> {
        match self {
            Self::Day => Some((day.year(), day.month())),
            Self::Month => Some((day.year(), (day.month() - 1) / 3 + 1)),
            Self::Quarter => Some((day.year(), 0)),
            Self::Year => None,
        }
    }
}

impl Area {
    /// How many characters of a kelurahan's code name it.
    pub(crate) fn characters(self) -> i32 {
        match self {
            Self::Kota => 5,
            Self::Kecamatan => 8,
            Self::Kelurahan => 13,
        }
    }
}

impl Figures {
    /// The share in time in percent, with two decimals; empty where nothing was judged.
    pub(crate) fn in_time_percent(&self) -> String {
        hundredths(self.in_time * 100, self.judged)
    }

    /// The mean rating, with two decimals; empty where nobody rated.
    pub(crate) fn rating_mean(&self) -> String {
        hundredths(self.rating_sum, self.ratings)
    }
}

/// A quotient of counts, rounded half up once, to two decimals; empty where there is nothing to divide by.
fn hundredths(numerator: i64, denominator: i64) -> String {
    if denominator <= 0 {
        return String::new();
    }
    let rounded = (i128::from(numerator) * 200 + i128::from(denominator)) / (i128::from(denominator) * 2);
    format!("{}.{:02}", rounded / 100, rounded % 100)
}

/// Hides what the public may not see: cells of few reports, and beside them so many others, the smallest first, that no
/// total that is published too gives them away. `cells` are all that these totals are of.
pub(crate) fn hide(cells: &mut [Cell], period: Option<Period>) {
    for cell in cells.iter_mut() {
        cell.is_hidden = cell.figures.filed < SHOWN_FROM;
    }
    // Hiding in one direction may lay bare another one; each round hides one cell or more, so this ends.
    while hide_beside(cells, period) {}
    for cell in cells.iter_mut().filter(|cell| cell.is_hidden) {
        cell.figures = Figures::default();
    }
}

/// Hides a cell more in each group of cells with a common total whose hidden ones can be inferred; whether there was one.
fn hide_beside(cells: &mut [Cell], period: Option<Period>) -> bool {
    let mut has_hidden = false;
    for direction in [Direction::Period, Direction::Area, Direction::Unit, Direction::Category] {
        let mut groups: BTreeMap<(Key, String), Vec<usize>> = BTreeMap::new();
        for (position, cell) in cells.iter().enumerate() {
            if let Some(total) = direction.total(&cell.key, period) {
                groups.entry(total).or_default().push(position);
            }
        }
        for group in groups.into_values() {
            let hidden: Vec<i64> = group
                .iter()
                .filter(|position| cells[**position].is_hidden)
                .map(|position| cells[*position].figures.filed)
                .collect();
            let is_inferred = hidden.len() == 1 || hidden.iter().sum::<i64>() < SHOWN_FROM;
            if hidden.is_empty() || !is_inferred {
                continue;
            }
            let smallest = group
                .into_iter()
                .filter(|position| !cells[*position].is_hidden)
                .min_by_key(|position| cells[*position].figures.filed);
            if let Some(smallest) = smallest {
                cells[smallest].is_hidden = true;
                has_hidden = true;
            }
        }
    }
    has_hidden
}

/// A direction in which cells add up to a total.
#[derive(Clone, Copy)]
enum Direction {
    Period,
    Area,
    Unit,
    Category,
}

impl Direction {
    /// The total that a cell is part of: its key without this direction, and what stands there one step up; none where
    /// there is no such total.
    fn total(self, key: &Key, period: Option<Period>) -> Option<(Key, String)> {
        let mut total = key.clone();
        let above = match self {
            Self::Period => {
                let (year, part) = period?.parent(total.period.take()?)?;
                format!("{year} {part}")
            }
            Self::Area if total.area_code.is_empty() => return None,
            Self::Area => {
                let code = std::mem::take(&mut total.area_code);
                code.rsplit_once('.').map(|(above, _)| above.to_owned()).unwrap_or_default()
            }
            Self::Unit => total.unit.take().map(|_| String::new())?,
            Self::Category if total.category.is_empty() => return None,
            Self::Category => {
                total.category.clear();
                String::new()
            }
        };
        Some((total, above))
    }
}

#[cfg(test)]
mod tests;
