//! Surveys and their rounds: what a round covers, and when it takes answers.

use jiff::Timestamp;

use super::{Period, RoundName, SurveyId, UnitId};

/// A survey.
#[derive(Clone, Debug)]
pub(crate) struct Survey {
    pub(crate) id: SurveyId,
    pub(crate) version: i64,
    /// The id of its norm.
    pub(crate) norm: String,
    pub(crate) title: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A round of a survey.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) name: RoundName,
    pub(crate) version: i64,
    pub(crate) period: Period,
    /// In the order they were given.
    pub(crate) units: Vec<RoundUnit>,
    /// What each unit's index should reach, in hundredths, 2500 to 10000.
    pub(crate) target_hundredths: Option<i32>,
    pub(crate) state: RoundState,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A unit that a round covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoundUnit {
    pub(crate) unit: UnitId,
    /// How many were served in the period; 0 where not known.
    pub(crate) population: i64,
}

/// Whether a round takes answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoundState {
    Open,
    Closed { at: Timestamp },
}

/// The round does not take this command any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the round is closed")]
pub(crate) struct RoundClosed;

impl Survey {
    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }
}

impl Round {
    /// Closes it.
    pub(crate) fn close(&mut self, at: Timestamp) -> Result<(), RoundClosed> {
        self.state.takes_answers()?;
        self.state = RoundState::Closed { at };
        self.version += 1;
        self.updated_at = at;
        Ok(())
    }

    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }
}

impl RoundState {
    /// Whether answers, and tokens for them, are still taken and given.
    pub(crate) fn takes_answers(self) -> Result<(), RoundClosed> {
        match self {
            Self::Open => Ok(()),
            Self::Closed { .. } => Err(RoundClosed),
        }
    }

    /// As it is stored and shown.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Closed { .. } => "CLOSED",
        }
    }
}

/// The first unit that is given a second time.
pub(crate) fn repeated(units: &[UnitId]) -> Option<usize> {
    let mut seen = std::collections::HashSet::new();
    units.iter().position(|unit| !seen.insert(*unit))
}
