//! Periods of the calendar: months, quarters and years, as they are written and as days and instants.

use std::fmt;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// A month `2026-01`, a quarter `2026-Q1` or a year `2026`, of the years 0001 to 9998.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    length: Length,
    year: i16,
    /// The month, or the quarter, or 1.
    part: i8,
}

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Month,
    Quarter,
    Year,
}

impl Period {
    /// Reads a period as the contract writes it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (year, part) = text.split_once('-').map_or((text, None), |(year, part)| (year, Some(part)));
        if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let year: i16 = year.parse().ok().filter(|year| (1..=9998).contains(year))?;
        let (length, part) = match part.map(str::as_bytes) {
            None => (Length::Year, 1),
            Some([b'Q', quarter @ b'1'..=b'4']) => (Length::Quarter, quarter - b'0'),
            Some([tens @ b'0'..=b'1', ones @ b'0'..=b'9']) => {
                (Length::Month, (tens - b'0') * 10 + (ones - b'0'))
            }
            Some(_) => return None,
        };
        let part = i8::try_from(part).ok().filter(|part| (1..=length.per_year()).contains(part))?;
        Some(Self { length, year, part })
    }

    /// Its first day.
    pub(crate) fn first_day(self) -> Date {
        let month = (self.part - 1) * (12 / self.length.per_year()) + 1;
        Date::new(self.year, month, 1).expect("the year is 1 to 9998 and the month 1 to 12")
    }

    /// The day after its last.
    pub(crate) fn end(self) -> Date {
        let next = if self.part == self.length.per_year() {
            Self { year: self.year + 1, part: 1, ..self }
        } else {
            Self { part: self.part + 1, ..self }
        };
        let month = (next.part - 1) * (12 / next.length.per_year()) + 1;
        Date::new(next.year, month, 1).expect("the year is 1 to 9999 and the month 1 to 12")
    }

    /// From when until before when it lasts, in a time zone.
    pub(crate) fn instants(self, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let midnight = |day: Date| {
            zone.to_timestamp(day.at(0, 0, 0, 0)).expect("the years 1 to 9999 are within a timestamp's range")
        };
        (midnight(self.first_day()), midnight(self.end()))
    }

    /// How long it is.
    pub(crate) fn length(self) -> Length {
        self.length
    }

    /// Its number among those of its length: the next one has the next number.
    pub(crate) fn number(self) -> u32 {
        let number = i32::from(self.year) * i32::from(self.length.per_year()) + i32::from(self.part) - 1;
        number.unsigned_abs()
    }

    /// The one of the same length before it; none before the year 1.
    pub(crate) fn previous(self) -> Option<Self> {
        if self.part > 1 {
            return Some(Self { part: self.part - 1, ..self });
        }
        (self.year > 1).then(|| Self { year: self.year - 1, part: self.length.per_year(), ..self })
    }
}

impl Length {
    fn per_year(self) -> i8 {
        match self {
            Self::Month => 12,
            Self::Quarter => 4,
            Self::Year => 1,
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            Length::Month => write!(formatter, "{:04}-{:02}", self.year, self.part),
            Length::Quarter => write!(formatter, "{:04}-Q{}", self.year, self.part),
            Length::Year => write!(formatter, "{:04}", self.year),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Period {
        Period::parse(text).unwrap_or_else(|| panic!("{text} is a period"))
    }

    #[test]
    fn periods_are_read_and_written_the_same_and_know_their_days() {
        for (text, first, end, previous) in [
            ("2026-01", "2026-01-01", "2026-02-01", "2025-12"),
            ("2026-12", "2026-12-01", "2027-01-01", "2026-11"),
            ("2026-Q1", "2026-01-01", "2026-04-01", "2025-Q4"),
            ("2026-Q4", "2026-10-01", "2027-01-01", "2026-Q3"),
            ("2026", "2026-01-01", "2027-01-01", "2025"),
            ("9998-12", "9998-12-01", "9999-01-01", "9998-11"),
        ] {
            let period = period(text);
            assert_eq!(period.to_string(), text);
            assert_eq!(
                (period.first_day().to_string(), period.end().to_string()),
                (first.into(), end.into())
            );
            let before = period.previous().unwrap();
            assert_eq!(before.to_string(), previous);
            assert_eq!((before.end(), before.number() + 1), (period.first_day(), period.number()));
        }
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in [
            "", "26", "2026-", "2026-00", "2026-13", "2026-1", "2026-Q0", "2026-Q5", "2026-q1", "0000",
            "9999", "+026",
        ] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn there_is_no_period_before_the_first() {
        assert_eq!(period("0001-01").previous(), None);
        assert_eq!(period("0001").previous(), None);
    }
}
