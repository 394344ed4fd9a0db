//! The master keys: the current one wraps, the older ones only open what they wrapped before.

use std::collections::HashMap;

use anyhow::Context as _;
use aws_lc_rs::{
    aead::{AES_256_GCM, RandomizedNonceKey},
    rand,
};

use super::{DataKey, KEY_BYTES, SealBroken, open, seal};
use crate::{app::secret::hexadecimal, domain::ComplaintId};

/// Characters of a key's id at most; its length is one byte of what it wrapped.
const MOST_ID_CHARACTERS: usize = 32;

/// The master keys, by id.
pub(crate) struct MasterKeys {
    current: String,
    keys: HashMap<String, RandomizedNonceKey>,
}

/// A data key under a master key: the length of its id, the id, the data key sealed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Wrapped {
    pub(crate) key_id: String,
    pub(crate) bytes: Vec<u8>,
}

impl MasterKeys {
    /// Reads keys: one in each line, its id and 64 hexadecimal characters, the current one first; `#` begins a remark.
    pub(crate) fn try_new(text: &str) -> anyhow::Result<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (mut current, mut keys) = (None, HashMap::new());
        for line in lines {
            let (id, key) = line.split_once(char::is_whitespace).context("a line holds no id and key")?;
            let is_id = |id: &str| id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            anyhow::ensure!(
                id.len() <= MOST_ID_CHARACTERS && is_id(id),
                "a master key's id has at most 32 letters, digits and hyphens"
            );
            let bytes = hexadecimal(key.trim())
                .with_context(|| format!("the master key {id} must have 64 hexadecimal characters"))?;
            let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes)
                .map_err(|_| anyhow::anyhow!("the master key {id} is none"))?;
            anyhow::ensure!(keys.insert(id.to_owned(), key).is_none(), "the master key {id} is given twice");
            current.get_or_insert_with(|| id.to_owned());
        }
        Ok(Self { current: current.context("no master key is given")?, keys })
    }

    /// The id of the key that wraps now.
    pub(crate) fn current(&self) -> &str {
        &self.current
    }

    /// A new report's key.
    pub(crate) fn generate(&self, complaint: ComplaintId) -> (DataKey, Wrapped) {
        let mut bytes = [0; KEY_BYTES];
        rand::fill(&mut bytes).expect("the system has randomness");
        let key = DataKey::try_new(&bytes).expect("it has the length of a key");
        (key, self.wrap(complaint, &bytes))
    }

    /// A report's key.
    pub(crate) fn unwrap(&self, complaint: ComplaintId, wrapped: &[u8]) -> Result<DataKey, SealBroken> {
        DataKey::try_new(&self.bytes(complaint, wrapped)?)
    }

    /// A report's key under the current master key.
    pub(crate) fn rewrap(&self, complaint: ComplaintId, wrapped: &[u8]) -> Result<Wrapped, SealBroken> {
        Ok(self.wrap(complaint, &self.bytes(complaint, wrapped)?))
    }

    fn wrap(&self, complaint: ComplaintId, bytes: &[u8]) -> Wrapped {
        let id = &self.current;
        let sealed = seal(&self.keys[id], &context(complaint, id), bytes);
        let length = u8::try_from(id.len()).expect("an id is short");
        Wrapped { key_id: id.clone(), bytes: [&[length], id.as_bytes(), &sealed].concat() }
    }

    fn bytes(&self, complaint: ComplaintId, wrapped: &[u8]) -> Result<Vec<u8>, SealBroken> {
        let (length, rest) = wrapped.split_first().ok_or(SealBroken::Forged)?;
        let (id, sealed) = rest.split_at_checked(usize::from(*length)).ok_or(SealBroken::Forged)?;
        let id = std::str::from_utf8(id).map_err(|_| SealBroken::Forged)?;
        let key = self.keys.get(id).ok_or_else(|| SealBroken::KeyUnknown(id.to_owned()))?;
        open(key, &context(complaint, id), sealed)
    }
}

fn context(complaint: ComplaintId, id: &str) -> Vec<u8> {
    [b"data key\0", complaint.0.as_bytes().as_slice(), id.as_bytes()].concat()
}
