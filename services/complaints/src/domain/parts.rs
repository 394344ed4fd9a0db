//! What a report is made of besides its phase.

use jiff::Timestamp;

use super::{
    act::Texts,
    deadline::Due,
    names::{ComplaintId, PersonId, UnitId},
    transitions::{Command, State},
    words::{Account, Kind, TransferReason},
};

/// What is counted over a report's whole life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) hops: i32,
    pub(crate) rejected_follow_ups: i32,
    pub(crate) questions: i32,
    pub(crate) supporters: i32,
    pub(crate) breaches: i32,
    /// Warnings and breaches since the responsible unit got it: so many levels up they went.
    pub(crate) escalations: i32,
}

/// A unit's time of responsibility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Responsibility {
    pub(crate) unit: UnitId,
    pub(crate) from: Timestamp,
}

/// What was filed; it never changes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filing {
    pub(crate) number: String,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) kelurahan_code: String,
    pub(crate) channel: String,
    /// A keyed hash of the channel's own reference.
    pub(crate) channel_reference: Option<Vec<u8>>,
    /// The unit that a report about officials complains of.
    pub(crate) unit_complained_of: Option<UnitId>,
    /// The report found fixed before at the same place.
    pub(crate) recurrence_of: Option<ComplaintId>,
    pub(crate) filed_at: Timestamp,
}

/// Who did a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct By {
    /// The token's subject; `system` for the service itself.
    pub(crate) subject: String,
    /// The official; none for the reporter and the system.
    pub(crate) person: Option<PersonId>,
}

/// One entry for the timeline.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) version: i64,
    pub(crate) command: Command,
    pub(crate) state: State,
    pub(crate) by: By,
    pub(crate) responsible_unit: UnitId,
    pub(crate) at: Timestamp,
    pub(crate) transfer_reason: Option<TransferReason>,
    /// Which deadline the clock speaks of.
    pub(crate) due: Option<Due>,
    /// The unit above that is told of it.
    pub(crate) escalated_to: Option<UnitId>,
    /// The time that ended with it, where the state changed.
    pub(crate) booked: Option<Booked>,
    pub(crate) texts: Texts,
}

impl By {
    /// The service itself.
    pub(crate) fn system() -> Self {
        Self { subject: "system".to_owned(), person: None }
    }
}

/// A time that passed in one state, and on whose account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Booked {
    pub(crate) account: Account,
    /// The unit that the account is of; for VALIDATION the responsible one, above which the validator sits.
    pub(crate) unit: UnitId,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}
