//! A batch, its places and its waiting list. Who changes it holds it alone, so that its capacity is never exceeded.

use jiff::{Timestamp, civil::Date};

use super::{
    Moment, Refusal,
    names::{BatchId, BatchName, ProgrammeId},
};

/// The days of a batch, in Asia/Jakarta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Days {
    pub(crate) start: Date,
    /// The day after the last.
    pub(crate) end: Date,
}

impl Days {
    /// At least one day.
    pub(crate) fn try_new(start: Date, end: Date) -> Result<Self, Refusal> {
        if end > start { Ok(Self { start, end }) } else { Err(Refusal::DaysInvalid) }
    }
}

/// A batch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Batch {
    pub(crate) id: BatchId,
    pub(crate) programme: ProgrammeId,
    pub(crate) version: i64,
    pub(crate) days: Days,
    pub(crate) capacity: i32,
    /// How many have a place.
    pub(crate) enrolled: i32,
    /// How many wait for one.
    pub(crate) waitlisted: i32,
    /// The number that the last one put on the waiting list got.
    pub(crate) waitlist_number: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What somebody who is approved gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A place.
    Seat,
    /// A number on the waiting list; lower ones come first.
    Number(i64),
}

impl Batch {
    /// Makes a batch, with all places free.
    pub(crate) fn new(name: BatchName, (days, capacity): (Days, i32), at: Timestamp) -> Self {
        Self {
            id: name.batch,
            programme: name.programme,
            version: 1,
            days,
            capacity,
            enrolled: 0,
            waitlisted: 0,
            waitlist_number: 0,
            created_at: at,
            updated_at: at,
        }
    }

    /// Takes somebody in: to a place while there is one, else to the end of the waiting list.
    pub(crate) fn admit(&mut self, now: Moment) -> Result<Place, Refusal> {
        if now.day >= self.days.end {
            return Err(Refusal::BatchEnded);
        }
        self.change(now);
        if self.enrolled < self.capacity {
            self.enrolled += 1;
            return Ok(Place::Seat);
        }
        self.waitlisted += 1;
        self.waitlist_number += 1;
        Ok(Place::Number(self.waitlist_number))
    }

    /// Somebody leaves the waiting list.
    pub(crate) fn leave_waitlist(&mut self, now: Moment) {
        self.change(now);
        self.waitlisted -= 1;
    }

    /// Ok from its first day on.
    pub(crate) fn started(&self, now: Moment) -> Result<(), Refusal> {
        if now.day >= self.days.start { Ok(()) } else { Err(Refusal::BatchNotStarted) }
    }

    /// Its name.
    pub(crate) fn name(&self) -> BatchName {
        BatchName { programme: self.programme, batch: self.id }
    }

    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }

    fn change(&mut self, now: Moment) {
        self.version += 1;
        self.updated_at = now.at;
    }
}
