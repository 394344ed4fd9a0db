//! The deadlines that a category's policy gives a report.

use jiff::{SignedDuration, Timestamp};
use kit::{calendar, calendar::Calendar, clock::jakarta_day};
use sqlx::PgConnection;

use super::Failure;
use crate::{
    domain::{Deadline, Due, Priority, Term, TermUnit, Terms},
    store::{self, category::Category},
};

/// The terms of a policy, and the calendar they are counted by.
pub(super) struct Schedule {
    pub(super) terms: Terms,
    calendar: Calendar,
}

impl Schedule {
    /// The schedule of a category, for reports filed at a time.
    pub(super) async fn load(
        connection: &mut PgConnection,
        (category, priority): (&Category, Priority),
        filed_at: Timestamp,
    ) -> Result<Self, Failure> {
        let day = jakarta_day(filed_at);
        let terms = store::policy::terms(connection, (&category.policy, priority), day).await?;
        let terms = terms.ok_or(Failure::PolicyUnknown)?;
        Ok(Self { terms, calendar: store::calendar::get(connection).await? })
    }

    /// The schedule of a category by its name.
    pub(super) async fn of(
        connection: &mut PgConnection,
        (category, priority): (&str, Priority),
        filed_at: Timestamp,
    ) -> Result<Self, Failure> {
        let category = store::category::get(connection, category).await?.ok_or(Failure::CategoryUnknown)?;
        Self::load(connection, (&category, priority), filed_at).await
    }

    /// When a term that begins at a time ends.
    pub(super) fn end(&self, from: Timestamp, term: Term) -> Timestamp {
        self.calendar.due(from, kit_term(term))
    }

    /// The deadlines of a report from its filing on, moved by the time for which its clock stood; none is later than the
    /// statute's.
    pub(super) fn deadlines(&self, filed_at: Timestamp, stood_seconds: i64) -> Vec<Deadline> {
        let terms = self.terms;
        let cap = self.end(filed_at, terms.cap);
        let stood = SignedDuration::from_secs(stood_seconds);
        let moved = |at: Timestamp| at.saturating_add(stood).unwrap_or(cap);
        let running = [
            (Due::Accept, terms.accept),
            (Due::Answer, terms.answer),
            (Due::RedFlag, terms.red_flag),
            (Due::Finish, terms.finish),
        ];
        let running = running
            .map(|(due, term)| Deadline::new(due, moved(filed_at), moved(self.end(filed_at, term)).min(cap)));
        running.into_iter().chain([Deadline::new(Due::Cap, filed_at, cap)]).collect()
    }
}

fn kit_term(term: Term) -> calendar::Term {
    let amount = term.amount.get();
    match term.unit {
        TermUnit::Hours => calendar::Term::Hours(amount),
        TermUnit::CalendarDays => calendar::Term::CalendarDays(amount),
        TermUnit::WorkingDays => calendar::Term::WorkingDays(amount),
    }
}
