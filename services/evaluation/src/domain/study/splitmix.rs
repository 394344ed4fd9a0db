//! SplitMix64, the portable generator behind sampled assignments: the same draws on every machine
//! and in every version. It is not fit for secrets.

/// Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
pub(super) struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Even over 0 to `bound − 1`: draws x until x < 2^64 − (2^64 mod bound), gives x mod bound.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        let excess = (u64::MAX % bound + 1) % bound;
        loop {
            let x = self.draw();
            if x <= u64::MAX - excess {
                return (x % bound) as usize;
            }
        }
    }
}
