//! Holidays by year: what a file says, and what changes by it.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};

use super::names::CalendarId;

/// The longest name of a holiday, in characters.
const NAME_MAX: usize = 200;

/// The holidays of a year.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Calendar {
    pub(crate) id: CalendarId,
    pub(crate) version: i64,
    pub(crate) year: i16,
    pub(crate) holidays: BTreeMap<Date, Holiday>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A day on which the government does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holiday {
    pub(crate) kind: HolidayKind,
    pub(crate) display_name: String,
}

/// What sort of holiday a holiday is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HolidayKind {
    /// Hari libur nasional.
    National,
    /// Cuti bersama.
    JointLeave,
}

impl HolidayKind {
    /// The word it is stored and shown as.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::National => "NATIONAL",
            Self::JointLeave => "JOINT_LEAVE",
        }
    }

    /// The kind of a word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::National, Self::JointLeave].into_iter().find(|kind| kind.word() == word)
    }
}

/// A row of a file.
#[derive(Clone, Debug)]
pub(crate) struct HolidayRow {
    pub(crate) line: u64,
    pub(crate) day: String,
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row at line {line}: {why}")]
pub(crate) struct HolidaysInvalid {
    pub(crate) line: u64,
    pub(crate) why: String,
}

/// The holidays that rows say, by year.
pub(crate) type Years = BTreeMap<i16, BTreeMap<Date, Holiday>>;

/// Reads the rows of a file, all or none.
pub(crate) fn years(rows: &[HolidayRow]) -> Result<Years, HolidaysInvalid> {
    let mut years = Years::new();
    for row in rows {
        let invalid = |why: String| HolidaysInvalid { line: row.line, why };
        let day: Date =
            row.day.parse().map_err(|_| invalid(format!("{:?} is not a day as YYYY-MM-DD", row.day)))?;
        let kind = HolidayKind::from_word(&row.kind)
            .ok_or_else(|| invalid(format!("there is no kind {:?}", row.kind)))?;
        if row.name.trim().is_empty() || row.name.chars().count() > NAME_MAX || row.name.contains('\0') {
            return Err(invalid(format!("the name must have 1 to {NAME_MAX} characters, and no NUL")));
        }
        if !(1945..=9998).contains(&day.year()) {
            return Err(invalid("the year must be one of 1945 to 9998".to_owned()));
        }
        let holiday = Holiday { kind, display_name: row.name.clone() };
        if years.entry(day.year()).or_default().insert(day, holiday).is_some() {
            return Err(invalid(format!("{day} stands there twice")));
        }
    }
    Ok(years)
}

impl Calendar {
    /// The calendar of a year that has none yet.
    pub(crate) fn publish(
        id: CalendarId,
        year: i16,
        holidays: BTreeMap<Date, Holiday>,
        at: Timestamp,
    ) -> Self {
        Self { id, version: 1, year, holidays, created_at: at, updated_at: at }
    }

    /// Takes other holidays over; false where they are the same.
    pub(crate) fn replace(&mut self, holidays: BTreeMap<Date, Holiday>, at: Timestamp) -> bool {
        if self.holidays == holidays {
            return false;
        }
        self.holidays = holidays;
        self.version += 1;
        self.updated_at = at;
        true
    }
}
