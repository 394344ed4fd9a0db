//! The days on which an assignment holds: calendar days of Asia/Jakarta, the first in it and the end not.

use jiff::civil::Date;

use super::{Refusal, words::words};

/// A range of days, open where it has no end. It is never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Days {
    from: Date,
    until: Option<Date>,
}

/// Where a day lies against a range of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AssignmentState {
    /// Before its first day.
    Pending,
    /// Within.
    InEffect,
    /// After its last day.
    Ended,
}

words!(AssignmentState { Pending = "PENDING", InEffect = "IN_EFFECT", Ended = "ENDED" });

/// Reads a day, `YYYY-MM-DD`; none where `text` is empty.
pub(crate) fn day(field: &'static str, text: &str) -> Result<Option<Date>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Refusal::Dates { field, why: "not a day of the calendar" })
}

impl Days {
    /// From a day until before another.
    pub(crate) fn try_new(from: Date, until: Option<Date>) -> Result<Self, Refusal> {
        if until.is_some_and(|until| until <= from) {
            return Err(invalid_end("must come after valid_from"));
        }
        Ok(Self { from, until })
    }

    /// The same first day, ended earlier.
    pub(crate) fn shortened(self, until: Date) -> Result<Self, Refusal> {
        if self.until.is_some_and(|present| until >= present) {
            return Err(invalid_end("must come before the present end"));
        }
        Self::try_new(self.from, Some(until))
    }

    /// The first day it holds.
    pub(crate) fn from(self) -> Date {
        self.from
    }

    /// The first day it no longer holds.
    pub(crate) fn until(self) -> Option<Date> {
        self.until
    }

    /// Where a day lies against it.
    pub(crate) fn state_on(self, day: Date) -> AssignmentState {
        if day < self.from {
            AssignmentState::Pending
        } else if self.until.is_some_and(|until| day >= until) {
            AssignmentState::Ended
        } else {
            AssignmentState::InEffect
        }
    }

    /// The first day after `day` with another state; none where there is none.
    pub(crate) fn next_change(self, day: Date) -> Option<Date> {
        match self.state_on(day) {
            AssignmentState::Pending => Some(self.from),
            AssignmentState::InEffect => self.until,
            AssignmentState::Ended => None,
        }
    }
}

fn invalid_end(why: &'static str) -> Refusal {
    Refusal::Dates { field: "valid_until", why }
}
