//! What the checker found, and what of it is wrong once all is quiet.

use std::fmt;

/// Counts of one look.
#[derive(Clone, Debug, Default)]
pub(in crate::faults) struct Found {
    pub(super) committed: i64,
    pub(super) pending: i64,
    pub(super) dead_letters: i64,
    /// Events of a stream that a consumer has not applied.
    pub(super) unapplied: i64,
    /// Events that the stream doesn't hold.
    pub(super) not_in_stream: i64,
    /// Events of which no fact was made.
    pub(super) facts_missing: i64,
    /// Facts that were made of no event, or of another than they say.
    pub(super) facts_beside: i64,
    /// Reports whose versions have a gap or a repetition.
    pub(super) versions_off: i64,
    /// Connections of the services that are in a transaction and do nothing.
    pub(super) left_open: i64,
    /// Aggregates that a consumer knows in another version than the newest.
    pub(super) projections_off: i64,
    /// Events that came into the stream for the first time after a later one of the same aggregate did.
    pub(super) out_of_order: i64,
    /// Events that the stream had lost and that came again behind later ones.
    pub(super) came_again: i64,
}

impl Found {
    pub(in crate::faults) fn committed(&self) -> i64 {
        self.committed
    }

    pub(in crate::faults) fn lost(&self) -> i64 {
        self.unapplied + self.not_in_stream + self.facts_missing
    }

    pub(in crate::faults) fn duplicated(&self) -> i64 {
        self.facts_beside + self.versions_off
    }

    /// What has a name, in the order of a table.
    pub(in crate::faults) fn rows(&self) -> [(&'static str, i64); 9] {
        [
            ("on an outbox", self.pending),
            ("dead letters", self.dead_letters),
            ("lost: not applied", self.unapplied),
            ("lost: not in their stream", self.not_in_stream),
            ("lost: without their fact", self.facts_missing),
            ("duplicated effects", self.duplicated()),
            ("projections in another version", self.projections_off),
            ("order gaps", self.out_of_order),
            ("transactions left open", self.left_open),
        ]
    }

    pub(in crate::faults) fn came_again(&self) -> i64 {
        self.came_again
    }

    /// What is not as it must be once all is quiet.
    pub(in crate::faults) fn wrong(&self) -> Vec<String> {
        self.rows()
            .into_iter()
            .filter(|(_, count)| *count != 0)
            .map(|(what, count)| format!("{count} {what}"))
            .collect()
    }
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lost, duplicated, gaps) = (self.lost(), self.duplicated(), self.out_of_order);
        write!(
            formatter,
            "{} events committed, {lost} lost, {duplicated} duplicated, {gaps} out of order",
            self.committed
        )
    }
}
