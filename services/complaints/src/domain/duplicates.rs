//! Which reports may be about the same matter: where to look, how alike two reports are, and whether one is the recurrence
//! of another that was found fixed.

use jiff::{SignedDuration, Timestamp};

use super::{
    names::ComplaintId,
    place::{Cell, Point},
    transitions::State,
};

/// A duplicate is at most so far away.
pub(crate) const WITHIN_METRES: f64 = 250.0;
/// A duplicate was filed at most this long ago: 12 weeks.
pub(crate) const WITHIN: SignedDuration = SignedDuration::from_hours(12 * 7 * 24);
/// So many are shown at most.
pub(crate) const CANDIDATES: usize = 5;
/// A recurrence is at most so far from what was found fixed.
pub(crate) const SAME_PLACE_METRES: f64 = 50.0;
/// A recurrence is filed at most this long after: 30 days.
pub(crate) const RECURS_WITHIN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Characters of the words that are compared.
const SEARCHED_CHARACTERS: usize = 500;
/// Who is less alike is no candidate, of 1,000.
const LEAST: i64 = 300;
/// Without points, only texts as alike as this are of one matter, of 1,000.
const SAME_TEXT: i64 = 400;
/// What the same kelurahan counts for, where it stands for the distance, of 1,000.
const SAME_KELURAHAN: i64 = 300;
/// Distances are told in steps of so many metres.
const DISTANCE_STEP: f64 = 50.0;
/// How much the likeness of each feature weighs; one that is not known is left out.
const PLACE_WEIGHT: i64 = 4;
const TEXT_WEIGHT: i64 = 4;
const AGE_WEIGHT: i64 = 1;

/// What is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Sought {
    /// The report itself, where there is one.
    pub(crate) of: Option<ComplaintId>,
    pub(crate) category: String,
    pub(crate) kind: super::Kind,
    pub(crate) kelurahan_code: String,
    pub(crate) point: Option<Point>,
    pub(crate) search_text: String,
}

/// A report found near by.
#[derive(Clone, Debug)]
pub(crate) struct Near {
    pub(crate) id: ComplaintId,
    pub(crate) kelurahan_code: String,
    pub(crate) point: Option<Point>,
    pub(crate) state: State,
    pub(crate) supporters: i32,
    /// When it was filed, or found fixed.
    pub(crate) at: Timestamp,
    /// How alike the words are, of 1,000.
    pub(crate) text_likeness: i64,
}

/// A report that may be about the same matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) id: ComplaintId,
    /// 1 to 100.
    pub(crate) score: i32,
    /// None where one of the two has no point.
    pub(crate) distance_metres: Option<i32>,
    pub(crate) age: SignedDuration,
    pub(crate) state: State,
    pub(crate) kelurahan_code: String,
    pub(crate) supporters: i32,
}

/// The words of a report as they are compared: lower case, one space between words, cut.
pub(crate) fn search_text(text: &str) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.extend(word.chars().flat_map(char::to_lowercase));
    }
    words.chars().take(SEARCHED_CHARACTERS).collect()
}

impl Sought {
    /// The cells of the grid in which reports within a distance can be; none without a point.
    pub(crate) fn cells(&self, metres: f64) -> Vec<i64> {
        self.point.map(|point| Cell::around(point, metres)).unwrap_or_default()
    }

    /// The likeliest of what was found near by, the likeliest first.
    pub(crate) fn likeliest(&self, near: Vec<Near>, now: Timestamp) -> Vec<Candidate> {
        let mut candidates: Vec<(i64, Candidate)> =
            near.into_iter().filter_map(|near| self.candidate(near, now)).collect();
        candidates.sort_by(|(one, a), (other, b)| other.cmp(one).then(b.id.0.cmp(&a.id.0)));
        candidates.truncate(CANDIDATES);
        candidates.into_iter().map(|(_, candidate)| candidate).collect()
    }

    fn candidate(&self, near: Near, now: Timestamp) -> Option<(i64, Candidate)> {
        let distance = self.distance(&near);
        let place = match distance {
            Some(metres) if metres > WITHIN_METRES => return None,
            Some(metres) => of_thousand(1.0 - metres / WITHIN_METRES),
            None if near.kelurahan_code == self.kelurahan_code => SAME_KELURAHAN,
            None => return None,
        };
        let age = now.duration_since(near.at).max(SignedDuration::ZERO);
        let youth = 1_000 - (age.as_secs().saturating_mul(1_000) / WITHIN.as_secs()).min(1_000);
        let weighed = [(PLACE_WEIGHT, place), (TEXT_WEIGHT, near.text_likeness), (AGE_WEIGHT, youth)];
        let weights: i64 = weighed.iter().map(|(weight, _)| weight).sum();
        let score = weighed.iter().map(|(weight, likeness)| weight * likeness).sum::<i64>() / weights;
        let candidate = Candidate {
            id: near.id,
            score: i32::try_from(score / 10).unwrap_or(100).clamp(1, 100),
            distance_metres: distance.map(told),
            age,
            state: near.state,
            kelurahan_code: near.kelurahan_code,
            supporters: near.supporters,
        };
        (score >= LEAST).then_some((score, candidate))
    }

    /// The report found fixed that this is the recurrence of: the nearest, where both have a point; else the one with the
    /// likest words.
    pub(crate) fn recurrence(&self, fixed: &[Near]) -> Option<ComplaintId> {
        let at_place = fixed
            .iter()
            .filter_map(|near| Some((self.distance(near)?, near.id)))
            .filter(|(metres, _)| *metres <= SAME_PLACE_METRES)
            .min_by(|(one, _), (other, _)| one.total_cmp(other));
        let by_words = || {
            fixed
                .iter()
                .filter(|near| self.distance(near).is_none())
                .filter(|near| near.kelurahan_code == self.kelurahan_code && near.text_likeness >= SAME_TEXT)
                .max_by_key(|near| near.text_likeness)
                .map(|near| near.id)
        };
        at_place.map(|(_, id)| id).or_else(by_words)
    }

    fn distance(&self, near: &Near) -> Option<f64> {
        self.point.zip(near.point).map(|(here, there)| here.metres_to(there))
    }
}

/// A part of one, of 1,000.
pub(crate) fn of_thousand(part: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "at most 1,000")]
    let thousandths = (part.clamp(0.0, 1.0) * 1_000.0).round() as i64;
    thousandths
}

/// A distance as it is told: rounded up, so that several of them don't say where something is.
fn told(metres: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "at most 250")]
    let metres = ((metres / DISTANCE_STEP).ceil().max(1.0) * DISTANCE_STEP) as i32;
    metres
}

#[cfg(test)]
mod tests;
