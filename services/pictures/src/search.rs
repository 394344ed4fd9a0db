//! Which of the pictures that an index found are the same: the closest by their hashes, then by their descriptors.

use crate::fingerprint::{Fingerprint, likeness};

/// Bits in which hashes of the same picture differ at most, of 64.
const MOST_BITS: u32 = 20;
/// Candidates whose descriptors are compared at most.
const COMPARED: usize = 32;
/// From this likeness on two pictures are the same. Of 1,000 drawn pictures that were encoded anew, scaled, made brighter or
/// darker, or cut, the least like its original had 0.88; of 500 different ones 2 were as like one of 10,000 as this.
const SAME: f32 = 0.8;

/// Of candidates, each with its hashes, those that are close enough to be compared by their descriptors, the closest first.
pub fn closest<Id: Ord, Hashes: AsRef<[i64]>>(
    fingerprint: &Fingerprint,
    candidates: impl IntoIterator<Item = (Id, Hashes)>,
) -> Vec<Id> {
    let apart = |hashes: &[i64]| {
        let pairs = hashes.iter().flat_map(|theirs| {
            fingerprint.hashes.iter().map(move |ours| (ours ^ theirs.cast_unsigned()).count_ones())
        });
        pairs.min()
    };
    let mut close: Vec<(u32, Id)> = candidates
        .into_iter()
        .filter_map(|(id, hashes)| Some((apart(hashes.as_ref()).filter(|bits| *bits <= MOST_BITS)?, id)))
        .collect();
    close.sort_unstable();
    close.dedup();
    close.truncate(COMPARED);
    close.into_iter().map(|(_, id)| id).collect()
}

/// Whether the picture of a fingerprint is the one of a descriptor, or a part of it, or it of that.
#[must_use]
pub fn is_same(fingerprint: &Fingerprint, descriptor: &[u8]) -> bool {
    likeness(&fingerprint.descriptor, descriptor) >= SAME
}
