//! Assignments: who holds or acts in which seat, on which days, and from when on that was known. A change never alters a
//! version, it makes the next one.

use jiff::{Timestamp, civil::Date};

use super::{
    Refusal,
    days::Days,
    names::{AssignmentId, PersonId, SeatId, UnitId},
    words::words,
};

/// A version of an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) id: AssignmentId,
    pub(crate) version: i64,
    pub(crate) terms: Terms,
    /// What made this version.
    pub(crate) record: Record,
    pub(crate) recorded_at: Timestamp,
    /// None while this version is the newest.
    pub(crate) superseded_at: Option<Timestamp>,
    /// When the first version was recorded.
    pub(crate) created_at: Timestamp,
}

/// What an assignment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) seat: SeatId,
    /// The seat's unit, as it stands now.
    pub(crate) unit: UnitId,
    pub(crate) person: PersonId,
    pub(crate) kind: AssignmentKind,
    pub(crate) days: Days,
}

/// By what and whom a version was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) decree: Decree,
    pub(crate) reason: String,
    /// None for a system.
    pub(crate) recorded_by: Option<PersonId>,
    /// None where it was approved outside the city's staff.
    pub(crate) approved_by: Option<PersonId>,
}

/// A decree (SK).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decree {
    pub(crate) number: String,
    pub(crate) date: Date,
}

/// How a person has a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AssignmentKind {
    /// Definitif.
    Definitive,
    /// Pelaksana tugas.
    Plt,
    /// Pelaksana harian.
    Plh,
}

words!(AssignmentKind { Definitive = "DEFINITIVE", Plt = "PLT", Plh = "PLH" });

/// Who has a seat on a day, as known at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) seat: SeatId,
    pub(crate) on: Date,
    pub(crate) known_at: Timestamp,
    pub(crate) definitive: Option<Assignment>,
    /// The Plh or Plt; the schema lets only one be.
    pub(crate) acting: Option<Assignment>,
}

impl Assignment {
    /// Records that a person gets a seat.
    pub(crate) fn create(
        id: AssignmentId,
        terms: Terms,
        record: Record,
        at: Timestamp,
    ) -> Result<Self, Refusal> {
        record.four_eyes(terms.person)?;
        Ok(Self { id, version: 1, terms, record, recorded_at: at, superseded_at: None, created_at: at })
    }

    /// The next version, which ends earlier.
    pub(crate) fn end(&self, until: Date, record: Record, at: Timestamp) -> Result<Self, Refusal> {
        record.four_eyes(self.terms.person)?;
        let terms = Terms { days: self.terms.days.shortened(until)?, ..self.terms.clone() };
        Ok(Self { version: self.version + 1, terms, record, recorded_at: at, ..self.clone() })
    }

    /// Changes with every version.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }
}

impl Record {
    /// Four eyes: who approves is neither who records nor who is assigned.
    fn four_eyes(&self, assigned: PersonId) -> Result<(), Refusal> {
        let Some(approver) = self.approved_by else { return Ok(()) };
        if approver == assigned || self.recorded_by == Some(approver) {
            return Err(Refusal::Approver);
        }
        Ok(())
    }
}

impl Holder {
    /// Nobody holds the seat, before any assignment is seen.
    pub(crate) fn vacant(seat: SeatId, on: Date, known_at: Timestamp) -> Self {
        Self { seat, on, known_at, definitive: None, acting: None }
    }

    /// Takes note of an assignment that holds on the day.
    pub(crate) fn with(mut self, assignment: Assignment) -> Self {
        match assignment.terms.kind {
            AssignmentKind::Definitive => self.definitive = Some(assignment),
            AssignmentKind::Plt | AssignmentKind::Plh => self.acting = Some(assignment),
        }
        self
    }

    /// Who is responsible: who acts, else the definitive holder; nobody in a vacant seat, which does not fall back to its
    /// last holder.
    pub(crate) fn responsible(&self) -> Option<PersonId> {
        self.acting.as_ref().or(self.definitive.as_ref()).map(|assignment| assignment.terms.person)
    }
}
