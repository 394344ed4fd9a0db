//! Working days in Jakarta: Monday to Friday without the published holidays. Pure arithmetic; the holidays are given, and
//! it reads no clock.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Weekday},
};

use crate::clock::{jakarta, jakarta_day};

/// The holidays by year. A year that is not published counts Monday to Friday.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    years: BTreeMap<i16, BTreeSet<Date>>,
}

/// How long something may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// So many hours, by the clock.
    Hours(u32),
    /// So many days of 24 hours.
    CalendarDays(u32),
    /// Until the end of the n-th working day after the day on which it began.
    WorkingDays(u32),
}

impl Calendar {
    /// Adds a published year, in place of what was known of it. Days of other years are ignored.
    pub fn publish(&mut self, year: i16, holidays: impl IntoIterator<Item = Date>) {
        let holidays = holidays.into_iter().filter(|day| day.year() == year).collect();
        self.years.insert(year, holidays);
    }

    /// Whether the holidays of a year are known.
    #[must_use]
    pub fn knows(&self, year: i16) -> bool {
        self.years.contains_key(&year)
    }

    /// Whether people work on a day.
    #[must_use]
    pub fn is_working_day(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        !weekend && !self.years.get(&day.year()).is_some_and(|holidays| holidays.contains(&day))
    }

    /// How many working days there are after one day, up to and with another.
    #[must_use]
    pub fn working_days_between(&self, after: Date, until: Date) -> usize {
        after
            .series(1.day())
            .skip(1)
            .take_while(|day| *day <= until)
            .filter(|day| self.is_working_day(*day))
            .count()
    }

    /// When a term that begins at an instant ends; the end of time where that is beyond it.
    #[must_use]
    pub fn due(&self, from: Timestamp, term: Term) -> Timestamp {
        let after = |hours: u32| from.saturating_add(SignedDuration::from_hours(hours.into()));
        match term {
            Term::Hours(hours) => after(hours).unwrap_or(Timestamp::MAX),
            Term::CalendarDays(days) => after(days.saturating_mul(24)).unwrap_or(Timestamp::MAX),
            Term::WorkingDays(days) => self.end_of_working_day(jakarta_day(from), days),
        }
    }

    /// The end of the n-th working day after a day, which is the beginning of the day that follows.
    fn end_of_working_day(&self, after: Date, n: u32) -> Timestamp {
        let Some(before_last) = n.checked_sub(1) else { return midnight(after.tomorrow()) };
        let nth = after
            .series(1.day())
            .skip(1)
            .filter(|day| self.is_working_day(*day))
            .nth(usize::try_from(before_last).unwrap_or(usize::MAX));
        nth.map_or(Timestamp::MAX, |day| midnight(day.tomorrow()))
    }
}

fn midnight(day: Result<Date, jiff::Error>) -> Timestamp {
    day.and_then(|day| jakarta().to_timestamp(day.at(0, 0, 0, 0))).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn hours_and_days_run_through_weekends() {
        let calendar = Calendar::default();
        let friday = instant("2026-01-02T10:00:00+07:00");
        assert_eq!(calendar.due(friday, Term::Hours(6)), instant("2026-01-02T16:00:00+07:00"));
        assert_eq!(calendar.due(friday, Term::CalendarDays(7)), instant("2026-01-09T10:00:00+07:00"));
    }

    #[test]
    fn working_days_leave_out_weekends_and_published_holidays() {
        let mut calendar = Calendar::default();
        let friday = instant("2026-01-02T10:00:00+07:00");
        assert_eq!(calendar.due(friday, Term::WorkingDays(1)), instant("2026-01-06T00:00:00+07:00"));
        calendar.publish(2026, [day("2026-01-05"), day("2027-01-06")]);
        assert_eq!(calendar.due(friday, Term::WorkingDays(1)), instant("2026-01-07T00:00:00+07:00"));
        assert_eq!(calendar.due(friday, Term::WorkingDays(2)), instant("2026-01-08T00:00:00+07:00"));
        assert_eq!(calendar.due(friday, Term::WorkingDays(0)), instant("2026-01-03T00:00:00+07:00"));
        assert!(calendar.is_working_day(day("2027-01-06")), "another year's day was not published");
    }

    #[test]
    fn the_day_is_jakartas_and_not_utcs() {
        // 23:30 UTC on Sunday is 06:30 on Monday in Jakarta.
        let monday = instant("2026-01-11T23:30:00Z");
        assert_eq!(
            Calendar::default().due(monday, Term::WorkingDays(1)),
            instant("2026-01-14T00:00:00+07:00")
        );
    }

    #[test]
    fn a_term_beyond_the_end_of_time_ends_with_it() {
        let calendar = Calendar::default();
        assert_eq!(calendar.due(Timestamp::MAX, Term::WorkingDays(5)), Timestamp::MAX);
        assert_eq!(
            calendar.due(instant("2026-01-02T10:00:00Z"), Term::WorkingDays(u32::MAX)),
            Timestamp::MAX
        );
    }

    #[test]
    fn counting_and_adding_agree() {
        let mut calendar = Calendar::default();
        calendar.publish(2026, [day("2026-01-16"), day("2026-02-16"), day("2026-02-17")]);
        let from = instant("2026-01-15T09:00:00+07:00");
        for n in 1..60 {
            let last = jakarta_day(calendar.due(from, Term::WorkingDays(n)) - SignedDuration::from_secs(1));
            assert_eq!(calendar.working_days_between(day("2026-01-15"), last), n as usize);
            assert!(calendar.is_working_day(last));
        }
    }
}
