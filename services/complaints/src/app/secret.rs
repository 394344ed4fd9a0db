//! Secrets that show who a reporter is: access codes, derived and never stored, and keyed hashes of the channels' own
//! references.

use anyhow::Context;
use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};

use crate::domain::{ComplaintId, number::crockford};

/// An access code is the first 80 bits of the HMAC.
const CODE_BYTES: usize = 10;

/// The keys.
pub(crate) struct Secrets {
    key: hmac::Key,
}

impl Secrets {
    /// Reads the key: 64 hexadecimal characters.
    pub(crate) fn try_new(hexadecimal: &str) -> anyhow::Result<Self> {
        anyhow::ensure!(hexadecimal.len() == 64, "PRIMA_ACCESS_CODE_KEY must have 64 hexadecimal characters");
        let bytes = (0..64)
            .step_by(2)
            .map(|at| hexadecimal.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
            .collect::<Option<Vec<u8>>>()
            .context("PRIMA_ACCESS_CODE_KEY must be hexadecimal")?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &bytes) })
    }

    /// A report's access code: the same each time, until its generation is raised.
    pub(crate) fn access_code(&self, complaint: ComplaintId, generation: i32) -> String {
        let message = [b"code", complaint.0.as_bytes().as_slice(), &generation.to_be_bytes()].concat();
        crockford(&hmac::sign(&self.key, &message).as_ref()[..CODE_BYTES])
    }

    /// Whether a code is a report's, in a time that does not depend on where it differs.
    pub(crate) fn is_access_code(&self, complaint: ComplaintId, generation: i32, code: &str) -> bool {
        verify_slices_are_equal(self.access_code(complaint, generation).as_bytes(), code.as_bytes()).is_ok()
    }

    /// What is kept of a channel's own reference.
    pub(crate) fn reference_hash(&self, channel: &str, reference: &str) -> Vec<u8> {
        let message = [b"reference", channel.as_bytes(), b"\0", reference.as_bytes()].concat();
        hmac::sign(&self.key, &message).as_ref().to_vec()
    }

    /// Whether a kept hash is of this reference.
    pub(crate) fn is_reference(&self, kept: &[u8], channel: &str, reference: &str) -> bool {
        verify_slices_are_equal(kept, &self.reference_hash(channel, reference)).is_ok()
    }
}
