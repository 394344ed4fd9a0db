//! Studies as they are registered and concluded: what is compared is fixed before the outcome is known.

mod conclusion;
mod design;

use jiff::Timestamp;

use super::{Period, PersonId, ProgrammeId, StudyId};

pub(crate) use conclusion::{Conclusion, PValue, Placebo, Reason, Started, Verdict, conclude};
pub(crate) use design::{Design, DesignRefused};

/// A study.
#[derive(Clone, Debug)]
pub(crate) struct Study {
    pub(crate) id: StudyId,
    pub(crate) version: i64,
    pub(crate) title: String,
    /// The programme whose batches are the intervention; none where it is not one of training's.
    pub(crate) intervention: Option<ProgrammeId>,
    pub(crate) design: Design,
    /// The seed of sampled permutations, 0 or more.
    pub(crate) seed: i64,
    /// By unit, treated ones first, then by period; as written, empty where missing. Nothing until they are known.
    pub(crate) values: Vec<String>,
    pub(crate) registered_by: Option<PersonId>,
    pub(crate) state: StudyState,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What a study compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The units' published index.
    Ikm,
    /// Values given at registration.
    Given,
}

/// Whether it has run.
#[derive(Clone, Debug)]
pub(crate) enum StudyState {
    Registered,
    Concluded(Box<Conclusion>),
}

/// It has run already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the study is concluded")]
pub(crate) struct StudyConcluded;

impl Study {
    /// Whether it may still be run.
    pub(crate) fn may_run(&self) -> Result<(), StudyConcluded> {
        match self.state {
            StudyState::Registered => Ok(()),
            StudyState::Concluded(_) => Err(StudyConcluded),
        }
    }

    /// Takes what came out.
    pub(crate) fn take(&mut self, values: Vec<String>, conclusion: Conclusion, at: Timestamp) {
        self.values = values;
        self.state = StudyState::Concluded(Box::new(conclusion));
        self.version += 1;
        self.updated_at = at;
    }

    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }

    /// The values as lines `group,unit,period,value`, each ended by a line feed: what the data's hash is over.
    pub(crate) fn lines(&self, values: &[String]) -> String {
        let mut lines = String::new();
        for (at, (group, unit, period)) in self.design.cells().enumerate() {
            let value = values.get(at).map_or("", String::as_str);
            lines.push_str(&format!("{group},{unit},{period},{value}\n"));
        }
        lines
    }
}

impl Outcome {
    /// As it is stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ikm => "IKM",
            Self::Given => "GIVEN",
        }
    }

    /// Reads what is stored.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Ikm, Self::Given].into_iter().find(|outcome| outcome.word() == word)
    }
}

impl Design {
    /// Group, unit and period of each value, in the study's order.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (&'static str, &str, Period)> {
        let treated = self.treated.iter().map(|unit| ("treated", unit));
        let comparison = self.comparison.iter().map(|unit| ("comparison", unit));
        treated
            .chain(comparison)
            .flat_map(move |(group, unit)| self.periods().map(move |period| (group, unit.as_str(), period)))
    }
}

#[cfg(test)]
mod tests;
