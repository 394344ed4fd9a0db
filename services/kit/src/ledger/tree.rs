//! The Merkle tree of RFC 6962: its root, and the path from a leaf to it.

use super::{Hash, sha256};

/// A tree, from its leaves up.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Hashes of leaves first, the root last; a node without a neighbour stands one level higher again.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree over leaves.
    #[must_use]
    pub fn new(leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while levels.last().is_some_and(|level| level.len() > 1) {
            let below = levels.last().map_or(&[][..], Vec::as_slice);
            let above = below.chunks(2).map(|pair| match pair {
                [left, right] => node(left, right),
                alone => alone[0],
            });
            levels.push(above.collect());
        }
        Self { levels }
    }

    /// The hash that stands for all leaves; of none, the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_else(|| sha256(&[]))
    }

    /// The hashes beside the way from a leaf up, lowest first; none of a leaf that is not there.
    #[must_use]
    pub fn path(&self, leaf: usize) -> Vec<Hash> {
        let levels = self.levels.iter().enumerate();
        levels.filter_map(|(height, level)| level.get((leaf >> height) ^ 1).copied()).collect()
    }
}

/// Whether a path leads from a leaf's hash, the `index`-th of `size`, to a root (RFC 9162, 2.1.3.2).
#[must_use]
pub fn leads_to(root: &Hash, (leaf, index, size): (Hash, u64, u64), path: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, leaf);
    for beside in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node(beside, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, beside);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// The hash of a leaf's content.
pub(super) fn leaf(content: &[u8]) -> Hash {
    sha256(&[&[0], content])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}
