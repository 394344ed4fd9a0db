//! A root, signed with Ed25519 so that whoever kept it can show later what stood below it. Keys are PEM files as OpenSSL
//! writes them: `openssl genpkey -algorithm ed25519`, `openssl pkey -pubout`.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Hash, sha256};

/// What an Ed25519 public key begins with as X.509 has it.
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A root over the heads of chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Whose: the service that signs.
    pub service: String,
    /// The day in Asia/Jakarta.
    pub day: Date,
    /// How many chains.
    pub size: u64,
    /// The tree's root.
    pub hash: Hash,
    /// The root before.
    pub previous: Option<Hash>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Root {
    /// What is signed.
    #[must_use]
    pub fn statement(&self) -> Vec<u8> {
        let previous = self.previous.map(|hash| STANDARD.encode(hash)).unwrap_or_default();
        let hash = STANDARD.encode(self.hash);
        let created = self.created_at.as_microsecond();
        format!(
            "prima ledger root 1\n{}\n{}\n{}\n{hash}\n{previous}\n{created}\n",
            self.service, self.day, self.size
        )
        .into_bytes()
    }
}

/// A root with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRoot {
    /// The root.
    pub root: Root,
    /// Which key signed it.
    pub key_id: String,
    /// 64 bytes.
    pub signature: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    service: String,
    day: Date,
    tree_size: u64,
    root_hash: String,
    previous_root_hash: String,
    create_time: Timestamp,
    key_id: String,
    signature: String,
}

impl SignedRoot {
    /// As it is kept: one JSON object, its bytes in base64.
    #[must_use]
    pub fn to_json(&self) -> String {
        let root = &self.root;
        let written = Written {
            service: root.service.clone(),
            day: root.day,
            tree_size: root.size,
            root_hash: STANDARD.encode(root.hash),
            previous_root_hash: root.previous.map(|hash| STANDARD.encode(hash)).unwrap_or_default(),
            create_time: root.created_at,
            key_id: self.key_id.clone(),
            signature: STANDARD.encode(&self.signature),
        };
        serde_json::to_string_pretty(&written).expect("strings and numbers can be written")
    }

    /// Reads what `to_json` wrote; `None` where it didn't.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        let written: Written = serde_json::from_str(text).ok()?;
        let hash = |text: &str| STANDARD.decode(text).ok().and_then(|bytes| Hash::try_from(bytes).ok());
        let previous = match written.previous_root_hash.as_str() {
            "" => None,
            text => Some(hash(text)?),
        };
        Some(Self {
            root: Root {
                service: written.service,
                day: written.day,
                size: written.tree_size,
                hash: hash(&written.root_hash)?,
                previous,
                created_at: written.create_time,
            },
            key_id: written.key_id,
            signature: STANDARD.decode(written.signature).ok()?,
        })
    }
}

/// Why a file holds no key.
#[derive(Debug, thiserror::Error)]
#[error("it is no Ed25519 {0} key as PEM")]
pub struct KeyRefused(&'static str);

/// What roots are signed with.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Reads a `PRIVATE KEY` (PKCS#8).
    ///
    /// # Errors
    /// It is none.
    pub fn from_pem(text: &str) -> Result<Self, KeyRefused> {
        let key = pem(text, "PRIVATE KEY").and_then(|bytes| Ed25519KeyPair::from_pkcs8(&bytes).ok());
        key.map(Self).ok_or(KeyRefused("private"))
    }

    /// What its signatures are checked with.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().to_vec())
    }

    /// Signs a root.
    #[must_use]
    pub fn sign(&self, root: Root) -> SignedRoot {
        let signature = self.0.sign(&root.statement()).as_ref().to_vec();
        SignedRoot { root, key_id: self.public_key().id(), signature }
    }
}

/// What signatures are checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// Reads a `PUBLIC KEY`.
    ///
    /// # Errors
    /// It is none.
    pub fn from_pem(text: &str) -> Result<Self, KeyRefused> {
        let bytes = pem(text, "PUBLIC KEY").ok_or(KeyRefused("public"))?;
        let key = bytes.strip_prefix(&SPKI).filter(|key| key.len() == 32);
        key.map(|key| Self(key.to_vec())).ok_or(KeyRefused("public"))
    }

    /// As a `PUBLIC KEY`.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let bytes = [SPKI.as_slice(), &self.0].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(bytes))
    }

    /// The first 8 bytes of its hash, in hexadecimal.
    #[must_use]
    pub fn id(&self) -> String {
        sha256(&[&self.0]).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether it signed a root.
    #[must_use]
    pub fn signed(&self, signed: &SignedRoot) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.0);
        signed.key_id == self.id() && key.verify(&signed.root.statement(), &signed.signature).is_ok()
    }
}

/// The bytes of the PEM block of this label.
fn pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
}
