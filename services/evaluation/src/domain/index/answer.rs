//! One respondent's answers, parsed once: which element got which scores.
//! An `Answer` never holds a score outside 1 to 4 and never says who gave it.

use super::norm::{Norm, NormId};

/// Most items of one element in one answer.
pub const MOST_ITEMS_PER_ELEMENT: u64 = 100;

/// What one respondent gave for one element: a blank item is in neither number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Given {
    /// Items answered, 0 if the element was left blank.
    pub(super) items: u64,
    /// Sum of their scores.
    pub(super) sum: u64,
}

/// One respondent's scores under one norm, with at least one item answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    norm: NormId,
    given: Vec<Given>,
}

/// Why an answer (a row of an import) is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// A score is not 1, 2, 3 or 4.
    #[error("element {code} has score {score}, outside 1 to 4")]
    ScoreOutOfRange {
        /// The element's code.
        code: String,
        /// The refused score.
        score: u8,
    },
    /// The norm has no such element.
    #[error("the norm has no element {code}")]
    UnknownElement {
        /// The code that was given.
        code: String,
    },
    /// More than [`MOST_ITEMS_PER_ELEMENT`] items of one element.
    #[error("element {code} has more than {MOST_ITEMS_PER_ELEMENT} items")]
    TooManyItems {
        /// The element's code.
        code: String,
    },
    /// Every item was left blank, so there is no respondent to count.
    #[error("every item is blank")]
    NothingAnswered,
}

impl Answer {
    /// Parses `(element code, score)` pairs; `None` is a blank item, an element may have several
    /// items or none, in any order. Scores are 1 to 4.
    ///
    /// # Errors
    /// See [`AnswerError`]; the first offending item is named.
    pub fn try_new<'a>(
        norm: &Norm,
        items: impl IntoIterator<Item = (&'a str, Option<u8>)>,
    ) -> Result<Self, AnswerError> {
        let mut given = vec![Given::default(); norm.elements().len()];
        for (code, score) in items {
            let code_owned = || code.to_owned();
            let position =
                norm.position(code).ok_or_else(|| AnswerError::UnknownElement { code: code_owned() })?;
            let Some(score) = score else { continue };
            if !(1..=4).contains(&score) {
                return Err(AnswerError::ScoreOutOfRange { code: code_owned(), score });
            }
            let element = &mut given[position];
            if element.items == MOST_ITEMS_PER_ELEMENT {
                return Err(AnswerError::TooManyItems { code: code_owned() });
            }
            element.items += 1;
            element.sum += u64::from(score);
        }
        if given.iter().all(|element| element.items == 0) {
            return Err(AnswerError::NothingAnswered);
        }
        Ok(Self { norm: norm.id().clone(), given })
    }

    /// The norm it was parsed under.
    pub fn norm(&self) -> &NormId {
        &self.norm
    }

    /// Items and sum per element, in the norm's order.
    pub(super) fn given(&self) -> &[Given] {
        &self.given
    }
}
