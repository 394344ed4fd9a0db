//! A need and its commands. It comes from evaluation's figures of a unit, and is no mark on anybody.

use jiff::Timestamp;

use super::{
    names::{NeedId, PersonId, UnitId},
    transitions::{Answer, NEED, NeedCommand, NeedState, check},
    {Moment, Refusal},
};

/// A need.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Need {
    pub(crate) id: NeedId,
    pub(crate) version: i64,
    pub(crate) unit: UnitId,
    /// The code of the service element, such as `U7`.
    pub(crate) element: String,
    /// Evaluation's event as it came.
    pub(crate) identified: Vec<u8>,
    pub(crate) phase: NeedPhase,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// The state, with what is true in it alone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NeedPhase {
    Open,
    Nominated,
    Answered(Answered),
}

/// What became of a need.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    pub(crate) reason: String,
    pub(crate) by: PersonId,
    pub(crate) at: Timestamp,
}

impl Need {
    /// Takes note that somebody is nominated for it. Only the first time changes it.
    pub(crate) fn nominate(&mut self, now: Moment) -> Result<(), Refusal> {
        let targets = check(NEED, NeedCommand::Nominate, self.state()).map_err(|_| Refusal::NeedAnswered)?;
        if self.phase == NeedPhase::Open {
            self.change(NeedPhase::Nominated, (now, targets));
        }
        Ok(())
    }

    /// Answers it. `completed` is how many enrolments for it are completed.
    pub(crate) fn answer(
        &mut self,
        by: PersonId,
        now: Moment,
        (answer, reason, completed): (Answer, String, i64),
    ) -> Result<(), Refusal> {
        let targets = check(NEED, NeedCommand::Answer, self.state())?;
        if answer == Answer::Trained && completed == 0 {
            return Err(Refusal::NoCompletedEnrolment);
        }
        self.change(NeedPhase::Answered(Answered { answer, reason, by, at: now.at }), (now, targets));
        Ok(())
    }

    /// Where it stands.
    pub(crate) fn state(&self) -> NeedState {
        match self.phase {
            NeedPhase::Open => NeedState::Open,
            NeedPhase::Nominated => NeedState::Nominated,
            NeedPhase::Answered(_) => NeedState::Answered,
        }
    }

    /// What became of it, once it is answered.
    pub(crate) fn answered(&self) -> Option<&Answered> {
        match &self.phase {
            NeedPhase::Answered(answered) => Some(answered),
            NeedPhase::Open | NeedPhase::Nominated => None,
        }
    }

    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }

    fn change(&mut self, phase: NeedPhase, (now, targets): (Moment, &[NeedState])) {
        self.phase = phase;
        debug_assert!(targets.contains(&self.state()), "the table leads to where it is now");
        self.version += 1;
        self.updated_at = now.at;
    }
}
