//! How often something may be asked: token buckets in a table of fixed size, so that nobody can make it grow. Two keys may
//! share a bucket, which at worst lets one of them wait a little. By machine time; it knows nothing of what is asked.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// What a bucket holds, and how fast it fills again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) burst: u32,
    pub(crate) every: Duration,
}

/// The buckets.
#[derive(Debug)]
pub(crate) struct Limits {
    rate: Rate,
    /// Secret, so that nobody can choose keys that share a bucket.
    hasher: RandomState,
    /// When each bucket will be full again; in the past for a full one.
    full_at: Vec<Mutex<Option<Instant>>>,
}

impl Limits {
    /// So many buckets, all full.
    pub(crate) fn new(rate: Rate, buckets: usize) -> Self {
        let full_at = std::iter::repeat_with(Mutex::default).take(buckets.max(1)).collect();
        Self { rate, hasher: RandomState::new(), full_at }
    }

    /// Takes so much out of a key's bucket; false, and nothing taken, where there is not so much in it.
    pub(crate) fn take(&self, key: impl Hash, amount: u32) -> bool {
        let slot = usize::try_from(self.hasher.hash_one(key) % self.full_at.len() as u64).unwrap_or(0);
        let mut full_at = self.full_at[slot].lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let after = full_at.map_or(now, |at| at.max(now)) + self.rate.every * amount;
        let fits = after <= now + self.rate.every * self.rate.burst;
        if fits {
            *full_at = Some(after);
        }
        fits
    }

    /// Empties a key's bucket by so much, as far as there is something in it.
    pub(crate) fn punish(&self, key: impl Hash + Copy, amount: u32) {
        for _ in 0..amount {
            if !self.take(key, 1) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bucket_gives_its_burst_then_what_flows_in_and_others_are_let_be() {
        let limits = Limits::new(Rate { burst: 3, every: Duration::from_secs(2) }, 4_096);
        assert_eq!([0; 5].map(|_| limits.take("a", 1)), [true, true, true, false, false]);
        assert!(limits.take("b", 1));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!([0; 2].map(|_| limits.take("a", 1)), [true, false]);
        tokio::time::advance(Duration::from_secs(60)).await;
        limits.punish("a", 2);
        assert_eq!([0; 2].map(|_| limits.take("a", 1)), [true, false]);
    }
}
