//! Whether 95 % intervals cover the truth 95 % of the time.

use super::super::answer::Answer;
use super::super::interval::{Population, interval};
use super::super::norm::Norm;
use super::super::sums::RunningSums;
use super::CODES;

/// Even draws from 0 to 99; good enough for a simulation (Knuth's MMIX constants).
struct Percent(u64);

impl Percent {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % 100
    }
}

/// Percent of scores 1, 2, 3, 4 and of blanks, among contented and discontented respondents.
/// Blanks depend on contentment, so the ratio's denominator varies with the score.
const SCORES: [[u64; 4]; 2] = [[2, 8, 50, 40], [20, 35, 35, 10]];
const BLANK: [u64; 2] = [5, 20];
const CONTENTED: u64 = 60;

fn truth() -> f64 {
    let mut answered = [CONTENTED as f64, (100 - CONTENTED) as f64];
    let mut total = 0.0;
    for (kind, share) in answered.iter_mut().enumerate() {
        *share *= (100 - BLANK[kind]) as f64;
        let scores = SCORES[kind].iter().zip(1..);
        let mean = scores.map(|(percent, score)| (percent * score) as f64).sum::<f64>() / 100.0;
        total += *share * mean;
    }
    25.0 * total / answered.iter().sum::<f64>()
}

fn survey(norm: &Norm, respondents: usize, percent: &mut Percent) -> RunningSums {
    let mut sums = RunningSums::new(norm);
    while sums.respondents() < respondents as u64 {
        let kind = usize::from(percent.draw() >= CONTENTED);
        let items: Vec<_> = CODES
            .iter()
            .map(|code| {
                let (mut left, blank) = (percent.draw(), percent.draw() < BLANK[kind]);
                let mut score = 1;
                while left >= SCORES[kind][score - 1] {
                    left -= SCORES[kind][score - 1];
                    score += 1;
                }
                (*code, (!blank).then_some(score as u8))
            })
            .collect();
        sums.add(&Answer::try_new(norm, items).unwrap()).unwrap();
    }
    sums
}

#[test]
fn ninety_five_percent_intervals_cover_the_truth_93_to_97_times_in_100() {
    let norm = Norm::skm_2017();
    let mut percent = Percent(20_170_514);
    let (truth, surveys) = (truth(), 1000);
    let covered = (0..surveys)
        .map(|_| survey(&norm, 40, &mut percent))
        .map(|sums| interval(&norm, &sums, Population::Unknown).unwrap())
        .filter(|interval| interval.low <= truth && truth <= interval.high)
        .count();
    assert!((930..=970).contains(&covered), "{covered} of {surveys}");
}
