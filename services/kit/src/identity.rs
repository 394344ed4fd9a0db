//! Who calls: bearer tokens (JWT, EdDSA) checked against a key set in a file, and what they say of the caller. What a
//! caller may do is decided elsewhere: by scope in the gate, by object in SQL.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind, jwk::JwkSet};
use proto::options::v1::ErrorReason;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::database::Deadline;

/// Clocks of issuer and service may differ by this much.
const LEEWAY_SECONDS: u64 = 30;
/// How soon the key file may be read again over a key id that is not in it.
const RELOAD_INTERVAL: Duration = Duration::from_secs(30);
/// How many verified tokens are remembered at most.
const REMEMBERED_TOKENS: usize = 4_096;

/// The claims of a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// The system or person that it was issued to.
    pub sub: String,
    /// For whom.
    pub aud: String,
    /// Until when, in Unix seconds.
    pub exp: u64,
    /// What it allows: scopes separated by spaces.
    pub scope: String,
    /// The person that acts, `people/{person}`; absent for systems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prima_person: Option<String>,
    /// The units it is for, `units/{unit}`; each means its subtree.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prima_units: Vec<String>,
    /// The system that calls for the person (RFC 8693).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
}

/// The system that calls for somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Actor {
    /// Its name.
    pub sub: String,
}

/// A caller whose token was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's `sub`.
    pub subject: String,
    /// The token's `act.sub`.
    pub actor: Option<String>,
    /// The person that acts.
    pub person: Option<Uuid>,
    /// The units it is for; each means its subtree.
    pub units: Vec<Uuid>,
    scopes: Vec<String>,
}

impl Caller {
    /// Whether the token allows this.
    #[must_use]
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }

    /// The system that is on the line: the one that calls for a person, else the token's own subject.
    #[must_use]
    pub fn system(&self) -> &str {
        self.actor.as_deref().unwrap_or(&self.subject)
    }

    /// What request ids are kept by: the same token holder behind another system is another caller.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.actor {
            Some(actor) => format!("{actor} for {}", self.subject),
            None => self.subject.clone(),
        }
    }
}

/// The caller of a request that passed the gate, and when it wants its answer.
///
/// # Errors
/// INTERNAL where the request did not pass the gate, which is a fault of the server's making.
pub fn caller<T>(request: &tonic::Request<T>) -> Result<(Arc<Caller>, Deadline), tonic::Status> {
    let caller = request.extensions().get::<Arc<Caller>>();
    let deadline = request.extensions().get::<Deadline>();
    match (caller, deadline) {
        (Some(caller), Some(deadline)) => Ok((Arc::clone(caller), *deadline)),
        _ => Err(tonic::Status::internal("the call did not pass the gate")),
    }
}

/// The caller of a request to a public RPC, where one came with a token, and when it wants its answer.
///
/// # Errors
/// INTERNAL where the request did not pass the gate, which is a fault of the server's making.
pub fn anybody<T>(request: &tonic::Request<T>) -> Result<(Option<Arc<Caller>>, Deadline), tonic::Status> {
    let deadline = request.extensions().get::<Deadline>();
    let deadline = deadline.ok_or_else(|| tonic::Status::internal("the call did not pass the gate"))?;
    Ok((request.extensions().get::<Arc<Caller>>().map(Arc::clone), *deadline))
}

/// Why a token was refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TokenRefused {
    /// None came, or not as `Bearer`.
    #[error("no bearer token came with the call")]
    Missing,
    /// Its time is over.
    #[error("the token's time is over")]
    Expired,
    /// It is not signed by a known key, not for this service, not of a known issuer, or malformed.
    #[error("the token is not valid here")]
    Invalid,
}

impl TokenRefused {
    /// The reason that the contract has for it.
    #[must_use]
    pub fn reason(self) -> ErrorReason {
        match self {
            Self::Missing => ErrorReason::TokenMissing,
            Self::Expired => ErrorReason::TokenExpired,
            Self::Invalid => ErrorReason::TokenInvalid,
        }
    }
}

/// Checks tokens.
#[derive(Debug)]
pub struct Verifier {
    file: PathBuf,
    validation: Validation,
    keys: Mutex<Keys>,
    remembered: Mutex<HashMap<String, (u64, Arc<Caller>)>>,
}

#[derive(Debug)]
struct Keys {
    by_id: HashMap<String, DecodingKey>,
    read_at: Instant,
}

impl Verifier {
    /// Reads the key set.
    ///
    /// # Errors
    /// The file is absent, or holds no JSON Web Key Set with a usable key.
    pub fn try_new(file: PathBuf, issuer: &str, audience: &str) -> anyhow::Result<Self> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        let keys = Keys { by_id: read_keys(&file)?, read_at: Instant::now() };
        Ok(Self { file, validation, keys: Mutex::new(keys), remembered: Mutex::default() })
    }

    /// The caller that a token speaks for.
    ///
    /// # Errors
    /// Why the token counts for nothing here.
    pub fn verify(&self, token: &str) -> Result<Arc<Caller>, TokenRefused> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if let Some((until, caller)) =
            self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
            && now < until.saturating_add(LEEWAY_SECONDS)
        {
            return Ok(caller);
        }
        let (claims, caller) = self.check(token)?;
        let caller = Arc::new(caller);
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_TOKENS {
            remembered.retain(|_, (until, _)| now < *until);
        }
        if remembered.len() < REMEMBERED_TOKENS {
            remembered.insert(token.to_owned(), (claims.exp, Arc::clone(&caller)));
        }
        Ok(caller)
    }

    fn check(&self, token: &str) -> Result<(Claims, Caller), TokenRefused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenRefused::Invalid)?;
        let key = self.key(header.kid.as_deref().unwrap_or_default()).ok_or(TokenRefused::Invalid)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.validation)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => TokenRefused::Expired,
                _ => TokenRefused::Invalid,
            })?
            .claims;
        let caller = Caller {
            subject: claims.sub.clone(),
            actor: claims.act.as_ref().map(|actor| actor.sub.clone()),
            person: claims.prima_person.as_deref().map(|name| id("people/", name)).transpose()?,
            units: claims.prima_units.iter().map(|name| id("units/", name)).collect::<Result<_, _>>()?,
            scopes: claims.scope.split_whitespace().map(str::to_owned).collect(),
        };
        Ok((claims, caller))
    }

    fn key(&self, id: &str) -> Option<DecodingKey> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.by_id.contains_key(id) && keys.read_at.elapsed() >= RELOAD_INTERVAL {
            keys.read_at = Instant::now();
            match read_keys(&self.file) {
                Ok(read) => keys.by_id = read,
                Err(error) => {
                    tracing::warn!(error = %error, "the key set can't be read; the last good one stays")
                }
            }
        }
        keys.by_id.get(id).cloned()
    }
}

fn id(collection: &str, name: &str) -> Result<Uuid, TokenRefused> {
    name.strip_prefix(collection).and_then(|id| Uuid::parse_str(id).ok()).ok_or(TokenRefused::Invalid)
}

fn read_keys(file: &std::path::Path) -> anyhow::Result<HashMap<String, DecodingKey>> {
    let set: JwkSet = serde_json::from_slice(&std::fs::read(file)?)?;
    let mut keys = HashMap::new();
    for jwk in &set.keys {
        let id = jwk.common.key_id.clone().unwrap_or_default();
        keys.insert(id, DecodingKey::from_jwk(jwk)?);
    }
    anyhow::ensure!(!keys.is_empty(), "{} holds no key", file.display());
    Ok(keys)
}

#[cfg(test)]
mod tests;
