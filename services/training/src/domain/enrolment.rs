//! An enrolment and its commands. Each command is one short method that takes the time, and either changes the enrolment
//! or answers with a named refusal; what is refused is unchanged.

use jiff::Timestamp;

use super::{
    Moment, Refusal,
    batch::{Batch, Days, Place},
    names::{
        BatchId, BatchName, EnrolmentId, InterventionId, LotteryId, NeedId, PersonId, ProgrammeId, UnitId,
    },
    programme::Programme,
    transitions::{ENROLMENT, EnrolmentCommand, EnrolmentState, check},
};

/// A person's way through a programme.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Enrolment {
    pub(crate) id: EnrolmentId,
    pub(crate) version: i64,
    pub(crate) nomination: Nomination,
    pub(crate) phase: Phase,
    /// The last one.
    pub(crate) decision: Option<Decision>,
    pub(crate) updated_at: Timestamp,
}

/// What was proposed; it never changes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Nomination {
    pub(crate) person: PersonId,
    /// The person's unit at that time.
    pub(crate) unit: UnitId,
    pub(crate) programme: ProgrammeId,
    pub(crate) need: Option<NeedId>,
    /// None where the service itself nominated, for a need.
    pub(crate) by: Option<PersonId>,
    pub(crate) at: Timestamp,
}

/// The state, with what is true in it alone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Phase {
    Nominated,
    Enrolled { batch: BatchId },
    Waitlisted { batch: BatchId, number: i64 },
    Completed { batch: BatchId, hours_jp: i32, at: Timestamp },
    Declined { reason: String },
}

/// Who approved or declined, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) by: PersonId,
    pub(crate) at: Timestamp,
}

/// The batches that an approval may change.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    /// The one to take part in.
    pub(crate) to: &'a mut Batch,
    /// The one whose waiting list is left, where it is another.
    pub(crate) from: Option<&'a mut Batch>,
}

/// A unit's exposure to one batch, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exposure {
    pub(crate) intervention: InterventionId,
    pub(crate) version: i64,
    pub(crate) unit: UnitId,
    pub(crate) batch: BatchName,
    pub(crate) days: Days,
    /// All JP credited to the unit's people in the batch so far.
    pub(crate) dose_jp: i64,
    /// How many of the unit's people completed it so far.
    pub(crate) participants: i64,
    /// The lottery that drew the unit to go first.
    pub(crate) lottery: Option<LotteryId>,
}

impl Enrolment {
    /// Proposes a person.
    pub(crate) fn nominate(id: EnrolmentId, nomination: Nomination) -> Self {
        let updated_at = nomination.at;
        Self { id, version: 1, nomination, phase: Phase::Nominated, decision: None, updated_at }
    }

    /// Finds it good, and gives it a place. Who waits in that very batch keeps the number.
    pub(crate) fn approve(&mut self, by: PersonId, now: Moment, places: Places<'_>) -> Result<(), Refusal> {
        let targets = check(ENROLMENT, EnrolmentCommand::Approve, self.state())?;
        self.uninvolved(by)?;
        let batch = places.to.id;
        if !matches!(self.phase, Phase::Waitlisted { batch: waits_in, .. } if waits_in == batch) {
            self.phase = match places.to.admit(now)? {
                Place::Seat => Phase::Enrolled { batch },
                Place::Number(number) => Phase::Waitlisted { batch, number },
            };
            if let Some(left) = places.from {
                left.leave_waitlist(now);
            }
        }
        self.decide(by, (now, targets));
        Ok(())
    }

    /// Turns it down. `waits_in` is the batch whose waiting list it is on.
    pub(crate) fn decline(
        &mut self,
        by: PersonId,
        now: Moment,
        (reason, waits_in): (String, Option<&mut Batch>),
    ) -> Result<(), Refusal> {
        let targets = check(ENROLMENT, EnrolmentCommand::Decline, self.state())?;
        self.uninvolved(by)?;
        if let Some(batch) = waits_in {
            batch.leave_waitlist(now);
        }
        self.phase = Phase::Declined { reason };
        self.decide(by, (now, targets));
        Ok(())
    }

    /// Records that the person took part to the end. `asked_jp` are the JP to credit; 0 for all of the programme's.
    pub(crate) fn complete(
        &mut self,
        now: Moment,
        (programme, batch): (&Programme, Option<&Batch>),
        asked_jp: i32,
    ) -> Result<(), Refusal> {
        let targets = check(ENROLMENT, EnrolmentCommand::Complete, self.state())?;
        let Some(batch) = batch else { return Err(Refusal::BatchNotStarted) };
        batch.started(now)?;
        let hours_jp = programme.credit_jp(asked_jp)?;
        self.phase = Phase::Completed { batch: batch.id, hours_jp, at: now.at };
        self.change(now, targets);
        Ok(())
    }

    /// Where it stands.
    pub(crate) fn state(&self) -> EnrolmentState {
        match self.phase {
            Phase::Nominated => EnrolmentState::Nominated,
            Phase::Enrolled { .. } => EnrolmentState::Enrolled,
            Phase::Waitlisted { .. } => EnrolmentState::Waitlisted,
            Phase::Completed { .. } => EnrolmentState::Completed,
            Phase::Declined { .. } => EnrolmentState::Declined,
        }
    }

    /// The batch it is approved for.
    pub(crate) fn batch(&self) -> Option<BatchId> {
        match self.phase {
            Phase::Enrolled { batch } | Phase::Waitlisted { batch, .. } | Phase::Completed { batch, .. } => {
                Some(batch)
            }
            Phase::Nominated | Phase::Declined { .. } => None,
        }
    }

    /// The batch on whose waiting list it is.
    pub(crate) fn waits_in(&self) -> Option<BatchId> {
        match self.phase {
            Phase::Waitlisted { batch, .. } => Some(batch),
            _ => None,
        }
    }

    /// The JP credited, and when it was completed.
    pub(crate) fn credit(&self) -> Option<(i32, Timestamp)> {
        match self.phase {
            Phase::Completed { hours_jp, at, .. } => Some((hours_jp, at)),
            _ => None,
        }
    }

    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }

    fn uninvolved(&self, by: PersonId) -> Result<(), Refusal> {
        let involved = self.nomination.person == by || self.nomination.by == Some(by);
        if involved { Err(Refusal::ApproverInvolved) } else { Ok(()) }
    }

    fn decide(&mut self, by: PersonId, (now, targets): (Moment, &[EnrolmentState])) {
        self.decision = Some(Decision { by, at: now.at });
        self.change(now, targets);
    }

    fn change(&mut self, now: Moment, targets: &[EnrolmentState]) {
        debug_assert!(targets.contains(&self.state()), "the table leads to where it is now");
        self.version += 1;
        self.updated_at = now.at;
    }
}
