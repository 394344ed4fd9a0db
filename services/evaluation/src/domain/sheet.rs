//! An answer as it came in: scores by element, in one order whatever the order they were given in.

use super::index::{answer::Answer, norm::Norm};

/// Most items of one element, by the contract.
const MOST_ITEMS: usize = 5;

/// One respondent's scores.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// Each score's element; sorted, and by score within an element.
    pub(crate) elements: Vec<String>,
    /// The scores, 1 to 4.
    pub(crate) scores: Vec<i16>,
    /// The same as what is counted.
    pub(crate) answer: Answer,
}

/// Why scores are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SheetRefused {
    /// The norm has no element such as that of the score at this place.
    ElementUnknown { at: usize },
    /// The score at this place is its element's sixth.
    ElementRepeated { at: usize },
    /// The score at this place is not 1 to 4.
    ScoreOutOfRange { at: usize },
    /// There is no score.
    Empty,
}

/// Sorts scores, so that the same answer is the same whatever the order it was given in.
pub(crate) fn sorted(scores: &[(String, i16)]) -> (Vec<String>, Vec<i16>) {
    let mut scores = scores.to_vec();
    scores.sort_unstable();
    scores.into_iter().unzip()
}

impl Sheet {
    /// Checks scores against a norm.
    pub(crate) fn try_new(norm: &Norm, scores: &[(String, i16)]) -> Result<Self, SheetRefused> {
        for (at, (element, score)) in scores.iter().enumerate() {
            if !norm.elements().iter().any(|known| known.code == *element) {
                return Err(SheetRefused::ElementUnknown { at });
            }
            if scores[..at].iter().filter(|(earlier, _)| earlier == element).count() >= MOST_ITEMS {
                return Err(SheetRefused::ElementRepeated { at });
            }
            if !(1..=4).contains(score) {
                return Err(SheetRefused::ScoreOutOfRange { at });
            }
        }
        let items = scores.iter().map(|(element, score)| (element.as_str(), u8::try_from(*score).ok()));
        // All that could be wrong with an item was found above.
        let answer = Answer::try_new(norm, items).map_err(|_| SheetRefused::Empty)?;
        let (elements, scores) = sorted(scores);
        Ok(Self { elements, scores, answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(scores: &[(&str, i16)]) -> Result<Sheet, SheetRefused> {
        let scores: Vec<_> = scores.iter().map(|(element, score)| ((*element).to_owned(), *score)).collect();
        Sheet::try_new(&Norm::skm_2017(), &scores)
    }

    #[test]
    fn the_same_scores_in_another_order_are_the_same_answer() {
        let one = sheet(&[("U2", 4), ("U1", 3), ("U1", 1)]).unwrap();
        let other = sheet(&[("U1", 1), ("U2", 4), ("U1", 3)]).unwrap();
        assert_eq!((&one.elements, &one.scores), (&other.elements, &other.scores));
        assert_eq!(one.answer, other.answer);
    }

    #[test]
    fn what_the_norm_has_not_is_refused_by_its_place() {
        assert_eq!(sheet(&[("U1", 3), ("U10", 3)]).unwrap_err(), SheetRefused::ElementUnknown { at: 1 });
        assert_eq!(sheet(&[("U1", 3); 6]).unwrap_err(), SheetRefused::ElementRepeated { at: 5 });
        assert!(sheet(&[("U1", 3); 5]).is_ok());
        assert_eq!(sheet(&[("U1", 5)]).unwrap_err(), SheetRefused::ScoreOutOfRange { at: 0 });
        assert_eq!(sheet(&[]).unwrap_err(), SheetRefused::Empty);
    }
}
