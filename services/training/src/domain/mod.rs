//! What needs, programmes, batches, enrolments and lotteries are and how they may change. Pure: no database, network,
//! clock or randomness.

mod batch;
mod enrolment;
mod lottery;
mod names;
mod need;
mod programme;
mod transitions;
mod words;

pub(crate) use batch::{Batch, Days};
pub(crate) use enrolment::{Decision, Enrolment, Exposure, Nomination, Phase, Places};
pub(crate) use lottery::{Digest, Lottery, Publication, Slip};
pub(crate) use names::{
    BatchId, BatchName, EnrolmentId, InterventionId, LotteryId, NeedId, PersonId, ProgrammeId, UnitId,
};
pub(crate) use need::{Answered, Need, NeedPhase};
pub(crate) use programme::{Form, Programme, Syllabus};
pub(crate) use transitions::{Answer, EnrolmentState, LotteryState, NeedState};

use jiff::{Timestamp, civil::Date};

/// A moment of business time, and the day that it falls on in Asia/Jakarta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    pub(crate) day: Date,
}

/// Why a command is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The state does not allow it.
    #[error("{command} is not possible in the state {state}")]
    IllegalTransition { command: &'static str, state: &'static str, allowed: Vec<&'static str> },
    /// Who nominated, or is nominated, can't decide.
    #[error("the approver nominated, or is the one nominated")]
    ApproverInvolved,
    /// The batch's last day is over.
    #[error("the batch has ended")]
    BatchEnded,
    /// The batch's first day has not come.
    #[error("the batch has not started")]
    BatchNotStarted,
    /// More hours than the programme has.
    #[error("more hours than the {most} JP of the programme")]
    HoursInvalid { most: i32 },
    /// The need is answered already.
    #[error("the need is answered")]
    NeedAnswered,
    /// Nobody completed a programme for the need.
    #[error("no enrolment for the need is completed")]
    NoCompletedEnrolment,
    /// The programme does not address the need's element.
    #[error("the programme does not address the element")]
    ElementNotAddressed,
    /// A range of days whose end is not after its start.
    #[error("the end is not after the start")]
    DaysInvalid,
    /// As many units go first as there are, or more.
    #[error("the first wave is not below the number of units")]
    FirstWaveInvalid,
}

#[cfg(test)]
mod tests;
