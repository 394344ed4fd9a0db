//! The short form of each fault, and what needs a stack of its own.

mod callers;
mod each;
mod full;
mod outage;
mod restored;

use std::time::Duration;

use dev::deliveries::SEED;

/// How long events may be under way once nobody makes new ones.
const QUIET_WITHIN: Duration = Duration::from_secs(60);
const WORKERS: usize = 12;

/// What a test draws from, printed; the environment's, where it says one (`PRIMA_TEST_SEED`).
fn seed() -> u64 {
    let given = std::env::var(SEED).ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(rand::random);
    println!("{SEED}={seed}");
    seed
}
