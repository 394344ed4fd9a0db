//! How many respondents a survey needs (Krejcie & Morgan 1970, as PermenPANRB 14/2017 uses it).
//! Integer arithmetic only; it never draws a sample.

/// Sample size for a population: S = 3.841·N·¼ / (0.05²·(N − 1) + 3.841·¼), rounded half up to a
/// whole respondent (not always up: 100 → 79.51 → 80, 1000 → 277.7 → 278, 10 → 9.8 → 10).
///
/// Never above the population; 0 for an empty one. Both sides are scaled by 100,000, so the
/// arithmetic is exact.
pub fn krejcie_morgan(population: u64) -> u64 {
    if population == 0 {
        return 0;
    }
    let population = u128::from(population);
    let numerator = 96_025 * population;
    let denominator = 250 * (population - 1) + 96_025;
    let rounded = (2 * numerator + denominator) / (2 * denominator);
    u64::try_from(rounded).expect("the size never exceeds 385")
}
