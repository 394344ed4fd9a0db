//! Tokens for a development stack and for tests, signed with a key that was made for it. Never for production: who holds
//! the key is anybody.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow, ensure};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kit::identity::{Actor, Claims};
use kit::scopes::Scopes;
use serde_json::json;
use uuid::Uuid;

/// The `iss` of these tokens.
pub const ISSUER: &str = "prima-dev";
/// Their `aud`.
pub const AUDIENCE: &str = "prima";
/// How long a token may hold.
pub const LONGEST_LIFE: Duration = Duration::from_hours(12);

/// What a token says of its holder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// `sub`: the system or person.
    pub subject: String,
    /// What it allows, such as `staff.read`.
    pub scopes: Vec<String>,
    /// The units it is for, `units/{unit}`; each means its subtree.
    pub units: Vec<String>,
    /// The person that acts, `people/{person}`; none for systems.
    pub person: Option<String>,
    /// The system that calls for the person.
    pub actor: Option<String>,
}

/// All scopes that the contract names.
///
/// # Errors
/// The descriptor set is unreadable, or an RPC states no scope.
pub fn all_scopes() -> Result<Vec<String>> {
    Scopes::all(proto::DESCRIPTOR_SET)
}

/// A fresh Ed25519 key as PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` writes one.
///
/// # Errors
/// The system has no randomness.
pub fn signing_key_pem() -> Result<String> {
    let pair = Ed25519KeyPair::generate().map_err(|_| anyhow!("cannot make a signing key"))?;
    let document = pair.to_pkcs8v1().map_err(|_| anyhow!("cannot encode the signing key"))?;
    let body = STANDARD.encode(document.as_ref());
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"))
}

/// A signing key and what it signs.
pub struct Issuer {
    pkcs8: Vec<u8>,
    public_key: Vec<u8>,
    key_id: String,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Issuer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Issuer {
    /// An issuer with a fresh Ed25519 key.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn try_new() -> Result<Self> {
        let pair = Ed25519KeyPair::generate().map_err(|_| anyhow!("cannot make a signing key"))?;
        let document = pair.to_pkcs8().map_err(|_| anyhow!("cannot encode the signing key"))?;
        Self::from_pkcs8(document.as_ref())
    }

    /// The issuer whose `private_key` this is.
    ///
    /// # Errors
    /// It is none.
    pub fn from_private_key(text: &str) -> Result<Self> {
        Self::from_pkcs8(&STANDARD.decode(text).context("the private key is not base64")?)
    }

    /// The private key as text, for `from_private_key`.
    #[must_use]
    pub fn private_key(&self) -> String {
        STANDARD.encode(&self.pkcs8)
    }

    /// The JSON Web Key Set that services check these tokens with.
    #[must_use]
    pub fn key_set(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(&self.public_key);
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.key_id, "x": x });
        json!({ "keys": [key] }).to_string()
    }

    /// A token that holds for `life` from now on, at most 12 hours.
    ///
    /// # Errors
    /// `life` is longer.
    pub fn token(&self, identity: &Identity, life: Duration) -> Result<String> {
        ensure!(life <= LONGEST_LIFE, "a token holds for at most 12 hours");
        let now =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).context("the clock is before 1970")?;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: identity.subject.clone(),
            aud: AUDIENCE.to_owned(),
            exp: (now + life).as_secs(),
            scope: identity.scopes.join(" "),
            prima_person: identity.person.clone(),
            prima_units: identity.units.clone(),
            act: identity.actor.clone().map(|sub| Actor { sub }),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&self.pkcs8))
            .context("cannot sign a token")
    }

    fn from_pkcs8(pkcs8: &[u8]) -> Result<Self> {
        let pair =
            Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| anyhow!("this is no Ed25519 private key"))?;
        let public_key = pair.public_key().as_ref().to_vec();
        // The id follows from the key, so that whoever reads the key finds the same one.
        let key_id = Uuid::from_slice(&public_key[..16]).context("a public key of less than 16 bytes")?;
        Ok(Self { pkcs8: pkcs8.to_vec(), public_key, key_id: key_id.simple().to_string() })
    }
}

#[cfg(test)]
mod tests;
