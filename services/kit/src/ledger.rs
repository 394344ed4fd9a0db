//! What shows later whether rows were changed: commitments, chains of hashes, trees of them, signed roots. It knows bytes,
//! and nothing of what they stand for.

mod root;
mod tree;

use aws_lc_rs::digest::{Context, SHA256};
use uuid::Uuid;

pub use root::{KeyRefused, PublicKey, Root, SignedRoot, SigningKey};
pub use tree::{Tree, leads_to};

/// SHA-256.
pub type Hash = [u8; 32];
/// What the first entry of a chain follows.
pub const BEGINNING: Hash = [0; 32];
/// So long is a salt.
pub const SALT_BYTES: usize = 16;

/// Keeps hashes of entries apart from those of leaves (0) and nodes (1).
const ENTRY: u8 = 2;

/// The hash of parts, one after the other.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// What commits to a content and says nothing of it to whoever has no salt.
#[must_use]
pub fn commitment(salt: &[u8], content: &[u8]) -> Hash {
    sha256(&[salt, content])
}

/// What an entry says, besides its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What of.
    pub kind: u8,
    /// Which.
    pub subject: String,
    /// When, in Unix microseconds.
    pub at: i64,
    /// To what stays.
    pub commitment: Hash,
    /// To what may be taken away.
    pub erasable: Option<Hash>,
}

impl Entry {
    /// The hash of it in a chain, wherever it stands there.
    ///
    /// # Panics
    /// The subject is longer than 4 GiB.
    #[must_use]
    pub fn digest(&self, chain: Uuid) -> Hash {
        let length = u32::try_from(self.subject.len()).expect("a subject is short").to_be_bytes();
        let at = self.at.to_be_bytes();
        let (said, erasable): (u8, &[u8]) = match &self.erasable {
            Some(hash) => (1, hash),
            None => (0, &[]),
        };
        sha256(&[
            chain.as_bytes(),
            &[self.kind],
            &length,
            self.subject.as_bytes(),
            &at,
            &self.commitment,
            &[said],
            erasable,
        ])
    }
}

/// The hash of an entry in its place. The database computes the same:
/// `sha256('\x02' || previous || int8send(sequence) || digest)`.
#[must_use]
pub fn chained(previous: &Hash, sequence: i64, digest: &Hash) -> Hash {
    sha256(&[&[ENTRY], previous, &sequence.to_be_bytes(), digest])
}

/// A chain as a leaf of a tree: its id, how many entries it has, and the hash of the last.
#[must_use]
pub fn leaf(chain: Uuid, sequence: i64, head: &Hash) -> Hash {
    tree::leaf(&[chain.as_bytes().as_slice(), &sequence.to_be_bytes(), head].concat())
}

#[cfg(test)]
mod tests;
