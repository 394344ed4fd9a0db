//! A report and its commands. Each command is one short method that takes the time and answers with a step for the
//! timeline, or a named refusal; a refused report is unchanged.

use jiff::Timestamp;

use super::{
    names::{ComplaintId, PersonId, UnitId},
    transitions::{Command, Kind, Outcome, State, allowed, target},
};

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Complaint {
    pub(crate) id: ComplaintId,
    pub(crate) version: i64,
    pub(crate) filing: Filing,
    pub(crate) responsible_unit: UnitId,
    pub(crate) phase: Phase,
    pub(crate) updated_at: Timestamp,
    pub(crate) first_accepted_at: Option<Timestamp>,
    pub(crate) resolved_times: Vec<Timestamp>,
    pub(crate) verified: bool,
}

/// What was filed; it never changes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filing {
    pub(crate) number: String,
    pub(crate) category: String,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) kelurahan_code: String,
    pub(crate) channel: String,
    /// A keyed hash of the channel's own reference.
    pub(crate) channel_reference: Option<Vec<u8>>,
    pub(crate) filed_at: Timestamp,
}

/// The state, with what is true in it alone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Phase {
    Submitted,
    InProgress,
    AwaitingValidation { proposed: Outcome },
    Resolved { outcome: Outcome },
    Closed { outcome: Outcome, rating: i16, comment: String, at: Timestamp },
}

/// Who did a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct By {
    /// The token's subject.
    pub(crate) subject: String,
    /// The official; none for the reporter.
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
    pub(crate) public_text: String,
}

/// Why a command is refused.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The state does not allow it.
    #[error("{} is not possible in the state {}", command.word(), state.word())]
    IllegalTransition { command: Command, state: State, allowed: Vec<Command> },
    /// The validator took part in the report before.
    #[error("the validator took part in this report")]
    ValidatorWorkedOnReport,
}

impl Complaint {
    /// Files a report for the unit that must act.
    pub(crate) fn file(id: ComplaintId, filing: Filing, unit: UnitId, by: By) -> (Self, Step) {
        let at = filing.filed_at;
        let mut complaint = Self {
            id,
            version: 0,
            filing,
            responsible_unit: unit,
            phase: Phase::Submitted,
            updated_at: at,
            first_accepted_at: None,
            resolved_times: Vec::new(),
            verified: false,
        };
        let step = complaint.step(Command::File, by, at, String::new());
        (complaint, step)
    }

    /// Takes it up.
    pub(crate) fn accept(&mut self, by: By, at: Timestamp) -> Result<Step, Refusal> {
        self.check(Command::Accept)?;
        self.phase = Phase::InProgress;
        self.first_accepted_at.get_or_insert(at);
        Ok(self.step(Command::Accept, by, at, String::new()))
    }

    /// Hands in what was done.
    pub(crate) fn submit_follow_up(
        &mut self,
        by: By,
        at: Timestamp,
        (proposed, public_text): (Outcome, String),
    ) -> Result<Step, Refusal> {
        self.check(Command::SubmitFollowUp)?;
        self.phase = Phase::AwaitingValidation { proposed };
        Ok(self.step(Command::SubmitFollowUp, by, at, public_text))
    }

    /// Finds the follow-up good. Four eyes: nobody in `workers`, the people in the timeline so far, may.
    pub(crate) fn approve_follow_up(
        &mut self,
        by: By,
        at: Timestamp,
        (workers, public_text): (&[PersonId], String),
    ) -> Result<Step, Refusal> {
        let Phase::AwaitingValidation { proposed: outcome } = self.phase else {
            return Err(self.illegal(Command::ApproveFollowUp));
        };
        if by.person.is_some_and(|person| workers.contains(&person)) {
            return Err(Refusal::ValidatorWorkedOnReport);
        }
        self.phase = Phase::Resolved { outcome };
        self.resolved_times.push(at);
        // The validator sits above the responsible unit, so outside it.
        self.verified = self.verified || outcome != Outcome::Invalid;
        Ok(self.step(Command::ApproveFollowUp, by, at, public_text))
    }

    /// Closes it with the reporter's word.
    pub(crate) fn confirm_resolution(
        &mut self,
        by: By,
        at: Timestamp,
        (rating, comment): (i16, String),
    ) -> Result<Step, Refusal> {
        let Phase::Resolved { outcome } = self.phase else {
            return Err(self.illegal(Command::ConfirmResolution));
        };
        self.phase = Phase::Closed { outcome, rating, comment, at };
        Ok(self.step(Command::ConfirmResolution, by, at, String::new()))
    }

    /// Where the work is.
    pub(crate) fn state(&self) -> State {
        match self.phase {
            Phase::Submitted => State::Submitted,
            Phase::InProgress => State::InProgress,
            Phase::AwaitingValidation { .. } => State::AwaitingValidation,
            Phase::Resolved { .. } => State::Resolved,
            Phase::Closed { .. } => State::Closed,
        }
    }

    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }

    /// The outcome, once it is closed.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self.phase {
            Phase::Closed { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    /// The outcome that the last follow-up proposes, once there is one.
    pub(crate) fn proposed_outcome(&self) -> Option<Outcome> {
        match self.phase {
            Phase::AwaitingValidation { proposed: outcome }
            | Phase::Resolved { outcome }
            | Phase::Closed { outcome, .. } => Some(outcome),
            Phase::Submitted | Phase::InProgress => None,
        }
    }

    /// The reporter's rating and comment, and when it was closed.
    pub(crate) fn closing(&self) -> Option<(i16, &str, Timestamp)> {
        match &self.phase {
            Phase::Closed { rating, comment, at, .. } => Some((*rating, comment, *at)),
            _ => None,
        }
    }

    fn check(&self, command: Command) -> Result<State, Refusal> {
        target(command, self.state()).ok_or_else(|| self.illegal(command))
    }

    fn illegal(&self, command: Command) -> Refusal {
        let state = self.state();
        Refusal::IllegalTransition { command, state, allowed: allowed(state) }
    }

    fn step(&mut self, command: Command, by: By, at: Timestamp, public_text: String) -> Step {
        self.version += 1;
        self.updated_at = at;
        Step {
            version: self.version,
            command,
            state: self.state(),
            by,
            responsible_unit: self.responsible_unit,
            at,
            public_text,
        }
    }
}
