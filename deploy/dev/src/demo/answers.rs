//! What respondents answer, drawn from the seed. The services are told none of this: that some kecamatan serve worse, in
//! which element, and how much better the trained ones become.

use std::collections::BTreeSet;

use proto::evaluation::v1::ElementScore;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// Answers about each unit in each round.
pub(super) const ANSWERS: u64 = 40;
/// What each unit should reach: where grade B begins.
pub(super) const TARGET: &str = "76.61";
/// The element that training addresses: Perilaku, the conduct of those who serve.
pub(super) const ELEMENT: &str = "U7";
/// By PermenPANRB 14/2017.
const ELEMENTS: [&str; 9] = ["U1", "U2", "U3", "U4", "U5", "U6", "U7", "U8", "U9"];
/// How many units serve worse.
const WEAK: usize = 16;
/// The mean score of a weak unit, in [`ELEMENT`] and in the others; an index of about 69.
const WEAK_MEANS: (f64, f64) = (2.1, 2.85);
/// The mean score of any other unit; an index of about 84.
const OTHER_MEAN: f64 = 3.35;
/// What training adds to the mean score in [`ELEMENT`] and in the eight others: (0.60 + 8 × 0.06) / 9 × 25 = 3 points of
/// the index.
const EFFECT: (f64, f64) = (0.60, 0.06);
/// How far a unit's mean wanders from round to round, at most, either way.
const DRIFT: f64 = 0.02;
/// How far a respondent's mood lifts or lowers all scores, at most.
const MOOD: f64 = 0.1;
/// How often a score comes out one lower, and as often one higher, than the mean has it.
const SPREAD: f64 = 0.15;
/// How often an element is left blank.
const BLANK: f64 = 0.02;

/// What is true of the units, by their place in the list of all.
#[derive(Debug)]
pub(super) struct Truth {
    seed: u64,
    weak: BTreeSet<usize>,
}

/// Whose answer in which round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// The unit's place in the list of all.
    pub(super) unit: usize,
    pub(super) round: u64,
    /// The respondent's number among the unit's of the round.
    pub(super) respondent: u64,
    /// Whether the unit's people were trained before.
    pub(super) trained: bool,
}

impl Truth {
    /// Draws which of so many units serve worse.
    pub(super) fn draw(seed: u64, units: usize) -> Self {
        let mut all: Vec<usize> = (0..units).collect();
        all.shuffle(&mut random(seed, [0, 0, 0]));
        Self { seed, weak: all.into_iter().take(WEAK).collect() }
    }

    /// What a respondent answers.
    pub(super) fn answer(&self, asked: Asked) -> Vec<ElementScore> {
        let unit = 1 + asked.unit as u64;
        let drift = random(self.seed, [unit, asked.round, 0]).random_range(-DRIFT..DRIFT);
        let mut random = random(self.seed, [unit, asked.round, 1 + asked.respondent]);
        let mood = random.random_range(-MOOD..MOOD);
        let mut scores: Vec<ElementScore> = Vec::with_capacity(ELEMENTS.len());
        for element in ELEMENTS {
            let score = score(self.mean(asked, element) + drift + mood, &mut random);
            // An answer holds at least one score.
            if !random.random_bool(BLANK) || (element == ELEMENTS[8] && scores.is_empty()) {
                scores.push(ElementScore { element: element.to_owned(), score });
            }
        }
        scores
    }

    fn mean(&self, asked: Asked, element: &str) -> f64 {
        let of =
            |(in_element, in_others): (f64, f64)| if element == ELEMENT { in_element } else { in_others };
        let mean = if self.weak.contains(&asked.unit) { of(WEAK_MEANS) } else { OTHER_MEAN };
        if asked.trained { mean + of(EFFECT) } else { mean }
    }
}

/// A whole score with this mean, from 2 to 3 for most.
fn score(mean: f64, random: &mut StdRng) -> i32 {
    let mut score = 1;
    while f64::from(score + 1) <= mean {
        score += 1;
    }
    score += i32::from(random.random_bool((mean - f64::from(score)).clamp(0.0, 1.0)));
    // Only where both ways are open, so that the mean stays.
    if (2..=3).contains(&score) {
        let drawn = random.random_range(0.0..1.0);
        score += i32::from(drawn < SPREAD) - i32::from(drawn > 1.0 - SPREAD);
    }
    score
}

/// Its own source for each purpose, so that answers don't depend on the order in which they are given.
fn random(seed: u64, purpose: [u64; 3]) -> StdRng {
    let mut bytes = [0; 32];
    for (chunk, word) in bytes.chunks_exact_mut(8).zip([seed, purpose[0], purpose[1], purpose[2]]) {
        chunk.copy_from_slice(&word.to_le_bytes());
    }
    StdRng::from_seed(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The index of many answers about a unit.
    fn index(truth: &Truth, unit: usize, trained: bool) -> f64 {
        let mut sums = [(0.0, 0.0); 9];
        for respondent in 0..4_000 {
            for scored in truth.answer(Asked { unit, round: 1, respondent, trained }) {
                assert!((1..=4).contains(&scored.score));
                let at = ELEMENTS.iter().position(|element| *element == scored.element).unwrap();
                sums[at].0 += f64::from(scored.score);
                sums[at].1 += 1.0;
            }
        }
        sums.iter().map(|(sum, n)| sum / n).sum::<f64>() / 9.0 * 25.0
    }

    #[test]
    fn a_trained_unit_is_three_points_better_and_weak_ones_are_below_the_target() {
        let truth = Truth::draw(7, 44);
        let weak = *truth.weak.iter().next().unwrap();
        let (before, after) = (index(&truth, weak, false), index(&truth, weak, true));
        assert!((after - before - 3.0).abs() < 0.3, "{before} became {after}");
        assert!((68.0..71.0).contains(&before));
        let other = (0..44).find(|unit| !truth.weak.contains(unit)).unwrap();
        assert!((82.5..85.5).contains(&index(&truth, other, false)));
        assert_eq!(truth.weak.len(), WEAK);
    }

    #[test]
    fn the_same_seed_gives_the_same_answers_and_another_gives_others() {
        let asked = |respondent| Asked { unit: 3, round: 2, respondent, trained: false };
        let all = |seed| -> Vec<_> {
            let truth = Truth::draw(seed, 44);
            (0..40).map(|respondent| truth.answer(asked(respondent))).collect()
        };
        assert_eq!(all(7), all(7));
        assert_ne!(all(7), all(8));
    }
}
