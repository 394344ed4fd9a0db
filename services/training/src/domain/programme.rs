//! A training programme.

use jiff::Timestamp;

use super::{Refusal, names::ProgrammeId, words::words};

/// How a programme is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Klasikal: in a room.
    Classical,
    /// E-learning: alone, at a screen.
    ELearning,
    /// Coaching or mentoring at work.
    Coaching,
    /// Several of these.
    Blended,
}

words!(Form {
    Classical = "CLASSICAL",
    ELearning = "E_LEARNING",
    Coaching = "COACHING",
    Blended = "BLENDED",
});

/// What a programme offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Syllabus {
    pub(crate) title: String,
    /// Codes of the service elements it addresses, such as `U7`.
    pub(crate) elements: Vec<String>,
    /// How many JP it gives; 1 JP is 45 minutes (PerLAN 10/2018).
    pub(crate) hours_jp: i32,
    pub(crate) form: Form,
}

/// A programme.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Programme {
    pub(crate) id: ProgrammeId,
    pub(crate) version: i64,
    pub(crate) syllabus: Syllabus,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Programme {
    /// Makes a programme; its elements are put in the order of their numbers.
    pub(crate) fn new(id: ProgrammeId, mut syllabus: Syllabus, at: Timestamp) -> Self {
        syllabus.elements.sort_by_key(|element| (element.len(), element.clone()));
        Self { id, version: 1, syllabus, created_at: at, updated_at: at }
    }

    /// Ok where it addresses an element.
    pub(crate) fn addresses(&self, element: &str) -> Result<(), Refusal> {
        let found = self.syllabus.elements.iter().any(|addressed| addressed == element);
        found.then_some(()).ok_or(Refusal::ElementNotAddressed)
    }

    /// The JP to credit where `asked` are asked for; 0 is all.
    pub(crate) fn credit_jp(&self, asked: i32) -> Result<i32, Refusal> {
        let most = self.syllabus.hours_jp;
        match asked {
            0 => Ok(most),
            asked if asked <= most => Ok(asked),
            _ => Err(Refusal::HoursInvalid { most }),
        }
    }

    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }
}
