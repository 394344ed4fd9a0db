//! Units, seats, people and assignments, and the rules that hold for them. Pure: no database, network, clock or
//! randomness.

mod announcement;
mod assignment;
mod calendar;
mod days;
mod import;
mod names;
mod nip;
mod person;
mod seat;
mod unit;
mod words;

pub(crate) use announcement::Announcement;
pub(crate) use assignment::{Assignment, AssignmentKind, Decree, Holder, Record, Terms};
pub(crate) use calendar::{Calendar, Holiday, HolidayKind, HolidayRow, HolidaysInvalid, Years, years};
pub(crate) use days::{AssignmentState, Days, day};
pub(crate) use import::{Row, take_over};
pub(crate) use names::{AssignmentId, CalendarId, PersonId, SeatId, UnitId};
pub(crate) use nip::{Nip, NipPart};
pub(crate) use person::{EducationLevel, EmploymentType, Person, Profile, RankClass, Warning};
pub(crate) use seat::{Post, Seat, SeatClass};
pub(crate) use unit::{Unit, UnitKind};

/// Why the rules refuse what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Not a NIP.
    #[error("not a NIP: {}", .0.word())]
    Nip(NipPart),
    /// Not a rank class of the employment type.
    #[error("the employment type has no such rank class")]
    RankClass,
    /// Days that can't be.
    #[error("{field}: {why}")]
    Dates {
        /// The field at fault.
        field: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Who approves records, or is assigned.
    #[error("the approver records or is assigned")]
    Approver,
}

#[cfg(test)]
mod tests;
