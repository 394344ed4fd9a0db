//! Secrets that show who a reporter is: access codes, derived and never stored, and keyed hashes of the channels' own
//! references. Each report keeps the id of the key that its secrets were made with.

use std::collections::HashMap;

use anyhow::Context;
use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};

use crate::{
    domain::{ComplaintId, number::crockford},
    store::complaint::Loaded,
};

/// An access code is the first 80 bits of the HMAC.
const CODE_BYTES: usize = 10;
/// The id of a key that is given without one.
const UNNAMED: &str = "1";

/// The keys, by id.
pub(crate) struct Secrets {
    current: String,
    keys: HashMap<String, hmac::Key>,
}

/// Which code is a report's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodeOf {
    pub(crate) complaint: ComplaintId,
    pub(crate) generation: i32,
    pub(crate) key_id: String,
}

impl CodeOf {
    /// The code of a report.
    pub(crate) fn of(loaded: &Loaded) -> Self {
        Self {
            complaint: loaded.complaint.id,
            generation: loaded.code_generation,
            key_id: loaded.code_key.clone(),
        }
    }
}

impl Secrets {
    /// Reads the keys: `id:key` with commas between, the current one first; a key has 64 hexadecimal characters.
    pub(crate) fn try_new(text: &str) -> anyhow::Result<Self> {
        let (mut current, mut keys) = (None, HashMap::new());
        for item in text.split(',') {
            let (id, key) = item.trim().split_once(':').unwrap_or((UNNAMED, item.trim()));
            let bytes = hexadecimal(key)
                .context("a key of PRIMA_ACCESS_CODE_KEY must have 64 hexadecimal characters")?;
            let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
            anyhow::ensure!(
                keys.insert(id.to_owned(), key).is_none(),
                "PRIMA_ACCESS_CODE_KEY gives a key id twice"
            );
            current.get_or_insert_with(|| id.to_owned());
        }
        Ok(Self { current: current.context("PRIMA_ACCESS_CODE_KEY is empty")?, keys })
    }

    /// The id of the key that new reports get.
    pub(crate) fn current(&self) -> &str {
        &self.current
    }

    /// A report's access code: the same each time, until its generation is raised; none where its key is not given any
    /// more.
    pub(crate) fn access_code(&self, of: &CodeOf) -> Option<String> {
        let message = [b"code", of.complaint.0.as_bytes().as_slice(), &of.generation.to_be_bytes()].concat();
        let key = self.keys.get(&of.key_id)?;
        Some(crockford(&hmac::sign(key, &message).as_ref()[..CODE_BYTES]))
    }

    /// Whether a code is a report's, in a time that does not depend on where it differs.
    pub(crate) fn is_access_code(&self, of: &CodeOf, code: &str) -> bool {
        self.access_code(of)
            .is_some_and(|own| verify_slices_are_equal(own.as_bytes(), code.as_bytes()).is_ok())
    }

    /// What is kept of a channel's own reference.
    pub(crate) fn reference_hash(&self, channel: &str, reference: &str) -> Vec<u8> {
        hash(&self.keys[&self.current], channel, reference)
    }

    /// What may be kept of a channel's own reference: under any key.
    pub(crate) fn reference_hashes(&self, channel: &str, reference: &str) -> Vec<Vec<u8>> {
        self.keys.values().map(|key| hash(key, channel, reference)).collect()
    }

    /// Whether a kept hash is of this reference.
    pub(crate) fn is_reference(&self, kept: &[u8], channel: &str, reference: &str) -> bool {
        let found = self.keys.values().map(|key| hash(key, channel, reference));
        // All are compared, so that the time says nothing.
        found.filter(|own| verify_slices_are_equal(kept, own).is_ok()).count() > 0
    }
}

fn hash(key: &hmac::Key, channel: &str, reference: &str) -> Vec<u8> {
    let message = [b"reference", channel.as_bytes(), b"\0", reference.as_bytes()].concat();
    hmac::sign(key, &message).as_ref().to_vec()
}

/// The bytes of 64 hexadecimal characters.
pub(super) fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 {
        return None;
    }
    (0..64)
        .step_by(2)
        .map(|at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_code_holds_under_its_own_key_also_when_another_is_current() {
        let (old, new) = ("5a".repeat(32), "5b".repeat(32));
        let before = Secrets::try_new(&old).unwrap();
        let of = CodeOf { complaint: ComplaintId(Uuid::from_u128(1)), generation: 1, key_id: "1".to_owned() };
        let code = before.access_code(&of).unwrap();
        let after = Secrets::try_new(&format!("2:{new},1:{old}")).unwrap();
        assert_eq!((before.current(), after.current()), ("1", "2"));
        assert!(after.is_access_code(&of, &code));
        for other in [
            CodeOf { generation: 2, ..of.clone() },
            CodeOf { key_id: "2".to_owned(), ..of.clone() },
            CodeOf { key_id: "3".to_owned(), ..of.clone() },
            CodeOf { complaint: ComplaintId(Uuid::from_u128(2)), ..of },
        ] {
            assert!(!after.is_access_code(&other, &code), "{other:?}");
        }
        let kept = before.reference_hash("jaki", "wa-17");
        assert!(after.is_reference(&kept, "jaki", "wa-17"));
        assert!(!after.is_reference(&kept, "jaki", "wa-18") && !after.is_reference(&kept, "web", "wa-17"));
    }
}
