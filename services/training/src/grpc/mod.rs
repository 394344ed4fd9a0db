//! The RPCs: proto in, domain types on, an answer or a status out. Nothing is decided here.

mod batches;
mod call;
pub(crate) mod convert;
mod enrolments;
mod lotteries;
mod needs;
mod programmes;
mod replay;
mod status;

pub(crate) use batches::Batches;
pub(crate) use enrolments::Enrolments;
pub(crate) use lotteries::Lotteries;
pub(crate) use needs::Needs;
pub(crate) use programmes::Programmes;
pub(crate) use replay::Replays;
