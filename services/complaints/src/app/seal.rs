//! Sealing what reporters say of themselves and write: a data key for each report, wrapped by the city's master key. Who
//! destroys the wrapped key destroys all that it sealed, also in copies. Pure: it reads no file and no table.

mod keys;
#[cfg(test)]
mod tests;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

pub(crate) use keys::MasterKeys;

use crate::domain::ComplaintId;

/// A key of AES-256.
const KEY_BYTES: usize = 32;

/// Why something can't be opened.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealBroken {
    /// It was sealed otherwise, in another place or with another key, or it was changed.
    #[error("it was not sealed so")]
    Forged,
    /// The master key that wraps the report's key is not among those given.
    #[error("the master key {0} is not given")]
    KeyUnknown(String),
}

/// Where something sealed stands; what is moved elsewhere can't be opened there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) table: &'static str,
    pub(crate) complaint: ComplaintId,
    pub(crate) field: &'a str,
}

/// A report's own key.
pub(crate) struct DataKey(RandomizedNonceKey);

impl DataKey {
    fn try_new(bytes: &[u8]) -> Result<Self, SealBroken> {
        RandomizedNonceKey::new(&AES_256_GCM, bytes).map(Self).map_err(|_| SealBroken::Forged)
    }

    /// Seals bytes for a place.
    pub(crate) fn seal(&self, context: Context<'_>, bytes: &[u8]) -> Vec<u8> {
        seal(&self.0, &context.bytes(), bytes)
    }

    /// Opens what was sealed for this place.
    pub(crate) fn open(&self, context: Context<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealBroken> {
        open(&self.0, &context.bytes(), sealed)
    }

    /// Opens a text.
    pub(crate) fn open_text(&self, context: Context<'_>, sealed: &[u8]) -> Result<String, SealBroken> {
        String::from_utf8(self.open(context, sealed)?).map_err(|_| SealBroken::Forged)
    }
}

impl Context<'_> {
    fn bytes(&self) -> Vec<u8> {
        [self.table.as_bytes(), b"\0", self.complaint.0.as_bytes(), b"\0", self.field.as_bytes()].concat()
    }
}

/// The nonce, then the bytes sealed, then their tag.
fn seal(key: &RandomizedNonceKey, context: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut sealed = bytes.to_vec();
    let nonce = key
        .seal_in_place_append_tag(Aad::from(context), &mut sealed)
        .expect("a text is shorter than what AES-GCM seals, and the system has randomness");
    [nonce.as_ref().as_slice(), &sealed].concat()
}

fn open(key: &RandomizedNonceKey, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealBroken> {
    let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(SealBroken::Forged)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealBroken::Forged)?;
    let mut rest = rest.to_vec();
    let opened = key.open_in_place(nonce, Aad::from(context), &mut rest).map_err(|_| SealBroken::Forged)?;
    Ok(opened.to_vec())
}
