//! How long a report's steps may take: a policy, as data.

use std::{fmt, num::NonZeroU32};

use jiff::civil::Date;

/// A length of time, as a rule states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) amount: NonZeroU32,
    pub(crate) unit: TermUnit,
}

/// What a term counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TermUnit {
    Hours,
    CalendarDays,
    WorkingDays,
}

/// How urgent a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    Normal,
    High,
}

/// The terms that a policy has for a priority from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServicePolicy {
    pub(crate) policy: String,
    pub(crate) priority: Priority,
    pub(crate) valid_from: Date,
    pub(crate) terms: Terms,
}

/// The terms of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// To accept it or hand it on, from when it came to the unit.
    pub(crate) accept: Term,
    /// To hand in the first follow-up, from filing.
    pub(crate) answer: Term,
    /// To have it resolved, from filing.
    pub(crate) finish: Term,
    /// Without a follow-up, from filing, until the red flag.
    pub(crate) red_flag: Term,
    /// What no other term may exceed, from filing: the statute's.
    pub(crate) cap: Term,
    /// For the reporter to answer a question.
    pub(crate) question: Term,
    /// For the reporter to confirm, reopen or appeal.
    pub(crate) auto_close: Term,
}

impl Term {
    /// Reads a stored term, such as `6 HOURS`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (amount, unit) = text.split_once(' ')?;
        Some(Self { amount: amount.parse().ok()?, unit: TermUnit::from_word(unit)? })
    }
}

impl fmt::Display for Term {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.amount, self.unit.word())
    }
}
