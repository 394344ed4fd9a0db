//! The part of time in which a rule holds: days, days of the week, and hours of the day, all in WIB.

use jiff::civil::{Date, DateTime, Time};

/// A part of time. What is not given holds always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    from_date: Option<Date>,
    until_date: Option<Date>,
    /// 1 (Monday) to 7, sorted; empty for all.
    weekdays: Vec<i8>,
    /// From the first until before the second, which is of the next day where it is smaller.
    hours: Option<(Time, Time)>,
}

/// Why a part of time is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WindowRefused {
    /// It ends before it begins.
    #[error("until_date is not after from_date")]
    NoDay,
    /// The hours begin where they end.
    #[error("until_time is from_time")]
    NoHour,
}

impl Window {
    /// A part of time that is not empty.
    pub(crate) fn try_new(
        (from_date, until_date): (Option<Date>, Option<Date>),
        mut weekdays: Vec<i8>,
        hours: Option<(Time, Time)>,
    ) -> Result<Self, WindowRefused> {
        if from_date.zip(until_date).is_some_and(|(from, until)| until <= from) {
            return Err(WindowRefused::NoDay);
        }
        if hours.is_some_and(|(from, until)| from == until) {
            return Err(WindowRefused::NoHour);
        }
        weekdays.sort_unstable();
        weekdays.dedup();
        Ok(Self { from_date, until_date, weekdays, hours })
    }

    pub(crate) fn dates(&self) -> (Option<Date>, Option<Date>) {
        (self.from_date, self.until_date)
    }

    pub(crate) fn weekdays(&self) -> &[i8] {
        &self.weekdays
    }

    pub(crate) fn hours(&self) -> Option<(Time, Time)> {
        self.hours
    }

    pub(super) fn holds(&self, at: DateTime) -> bool {
        let (day, time) = (at.date(), at.time());
        self.from_date.is_none_or(|from| day >= from)
            && self.until_date.is_none_or(|until| day < until)
            && (self.weekdays.is_empty() || self.weekdays.contains(&day.weekday().to_monday_one_offset()))
            && self.hours.is_none_or(|(from, until)| {
                if from < until { (from..until).contains(&time) } else { time >= from || time < until }
            })
    }

    /// Whether it surely holds whenever `other` does; hours that differ count as not.
    pub(super) fn holds_all_of(&self, other: &Self) -> bool {
        let from = self.from_date.is_none_or(|mine| other.from_date.is_some_and(|other| other >= mine));
        let until = self.until_date.is_none_or(|mine| other.until_date.is_some_and(|other| other <= mine));
        let weekdays = self.weekdays.is_empty()
            || (!other.weekdays.is_empty() && other.weekdays.iter().all(|day| self.weekdays.contains(day)));
        from && until && weekdays && (self.hours.is_none() || self.hours == other.hours)
    }
}
