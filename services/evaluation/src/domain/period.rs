//! A month, quarter or year of the calendar of Asia/Jakarta.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

/// From the first instant of its first day to the first instant after its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) begins_at: Timestamp,
    pub(crate) ends_at: Timestamp,
}

impl Period {
    /// Reads `2026-01`, `2026-Q1` or `2026`; none for anything else.
    pub(crate) fn parse(text: &str, calendar: &TimeZone) -> Option<Self> {
        let (year, rest) = text.split_once('-').map_or((text, None), |(year, rest)| (year, Some(rest)));
        let year: i16 = year.parse().ok()?;
        let (month, months) = match rest {
            None => (1, 12),
            Some(rest) => match rest.strip_prefix('Q') {
                Some(quarter) => (quarter.parse::<i8>().ok()?.checked_sub(1)?.checked_mul(3)? + 1, 3),
                None => (rest.parse().ok()?, 1),
            },
        };
        let first = Date::new(year, month, 1).ok()?;
        let after = first.checked_add(months.months()).ok()?;
        let instant = |day: Date| calendar.to_timestamp(day.at(0, 0, 0, 0)).ok();
        Some(Self { begins_at: instant(first)?, ends_at: instant(after)? })
    }
}
