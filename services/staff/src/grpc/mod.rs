//! The RPCs: proto in, domain types on, an answer or a status out. Nothing is decided here.

mod assignments;
mod calendars;
mod commands;
pub(crate) mod convert;
mod people;
mod replay;
mod seats;
mod status;
mod units;

pub(crate) use assignments::Assignments;
pub(crate) use calendars::Calendars;
pub(crate) use people::People;
pub(crate) use replay::Replays;
pub(crate) use seats::Seats;
pub(crate) use units::Units;
