//! What happens in the demonstration, drawn from its seed before anything is done: which reports are filed where, and how
//! far each comes.

use anyhow::{Context, Result};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::caller::Units;

/// Reports filed in each quarter.
const REPORTS: usize = 120;
/// Of a hundred reports, how many are taken up, of these followed up and validated, of these confirmed.
const ACCEPTED: u32 = 95;
const RESOLVED: u32 = 90;
const CONFIRMED: u32 = 70;
/// Codes, names and Jakarta's shares of the categories.
const CATEGORIES: &str = include_str!("../../../../services/complaints/data/jakarta/categories.csv");

/// One quarter.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) reports: Vec<Report>,
}

/// One report.
#[derive(Debug)]
pub(super) struct Report {
    /// Seeds its request ids.
    pub(super) number: u64,
    pub(super) category: String,
    pub(super) kelurahan_code: String,
    pub(super) fate: Fate,
}

/// How far a report comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    Filed,
    Accepted,
    Resolved,
    /// With this rating.
    Confirmed(i32),
}

/// Draws the quarters.
pub(super) fn draw(seed: u64, periods: usize, units: &Units) -> Result<Vec<Plan>> {
    let mut random = StdRng::seed_from_u64(seed);
    let categories = categories()?;
    let mut numbers = 0..;
    Ok((0..periods)
        .map(|_| {
            let reports = (0..REPORTS)
                .map(|_| Report {
                    number: numbers.next().unwrap_or_default(),
                    category: weighted(&mut random, &categories),
                    kelurahan_code: units.kelurahan[random.random_range(0..units.kelurahan.len())].clone(),
                    fate: fate(&mut random),
                })
                .collect();
            Plan { reports }
        })
        .collect())
}

/// The categories and their shares, in hundredths of a percent.
fn categories() -> Result<Vec<(String, u32)>> {
    csv::Reader::from_reader(CATEGORIES.as_bytes())
        .records()
        .map(|row| {
            let row = row?;
            let share: f64 = row.get(4).context("a category has no share")?.parse()?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "shares are 0 to 100"
            )]
            Ok((row.get(0).context("a category has no code")?.to_owned(), (share * 100.0).round() as u32))
        })
        .collect()
}

fn weighted(random: &mut StdRng, categories: &[(String, u32)]) -> String {
    let total: u32 = categories.iter().map(|(_, share)| share).sum();
    let mut drawn = random.random_range(0..total);
    for (code, share) in categories {
        if drawn < *share {
            return code.clone();
        }
        drawn -= share;
    }
    unreachable!("the draw is below the sum of the shares")
}

fn fate(random: &mut StdRng) -> Fate {
    let mut chance = |percent: u32| random.random_range(0..100) < percent;
    let (accepted, resolved, confirmed) = (chance(ACCEPTED), chance(RESOLVED), chance(CONFIRMED));
    // Ratings lean towards good: two draws of 1 to 5, the better counts.
    let rating = random.random_range(1..=5).max(random.random_range(1..=5));
    match (accepted, resolved, confirmed) {
        (false, _, _) => Fate::Filed,
        (true, false, _) => Fate::Accepted,
        (true, true, false) => Fate::Resolved,
        (true, true, true) => Fate::Confirmed(rating),
    }
}
