//! What others were last told of an assignment, and when they must be told again: on the day it takes effect or ends.

use jiff::civil::Date;

use super::{
    assignment::Assignment,
    days::{AssignmentState, Days},
    names::AssignmentId,
};

/// The last event of an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Announcement {
    pub(crate) assignment: AssignmentId,
    /// The event's version: an assignment has more events than versions.
    pub(crate) version: i64,
    pub(crate) state: AssignmentState,
    /// The day of the next event, if no change comes before.
    pub(crate) due_on: Option<Date>,
}

impl Announcement {
    /// The first event.
    pub(crate) fn first(assignment: &Assignment, today: Date) -> Self {
        Self::of(assignment.id, 1, assignment.terms.days, today)
    }

    /// The event after this one.
    pub(crate) fn next(self, days: Days, today: Date) -> Self {
        Self::of(self.assignment, self.version + 1, days, today)
    }

    fn of(assignment: AssignmentId, version: i64, days: Days, today: Date) -> Self {
        Self { assignment, version, state: days.state_on(today), due_on: days.next_change(today) }
    }
}
