//! Request ids: a command that is sent again is answered again, not done again. The id is claimed first in the command's
//! own transaction, so a refused command leaves nothing behind, and of two at once the second waits for the first.

use sqlx::PgConnection;
use uuid::Uuid;

/// Who asks for what, under which id.
#[derive(Clone, Debug)]
pub struct RequestKey {
    /// The caller's `sub`, and `act.sub` where a system calls for a person.
    pub caller: String,
    /// The RPC's full path.
    pub rpc: &'static str,
    /// The caller's own id.
    pub request_id: Uuid,
    /// SHA-256 of the request.
    pub content_hash: [u8; 32],
}

/// What a claim found.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// The id is new: do the command.
    Fresh,
    /// The command was done: this resource is its outcome.
    Done {
        /// The resource's id, as it was claimed.
        resource: String,
    },
}

/// Why a claim failed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The id was used with other content.
    #[error("request_id was used before with other content")]
    Reused,
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl RequestKey {
    /// The key of a request as it came in. The hash is over its encoding, which is the same for the same content.
    ///
    /// # Errors
    /// The id is no UUID (which the proto's rules have refused before).
    pub fn try_new(
        caller: &crate::identity::Caller,
        rpc: &'static str,
        request_id: &str,
        request: &impl prost::Message,
    ) -> Result<Self, uuid::Error> {
        Self::of_anybody(Some(caller), rpc, request_id, request)
    }

    /// The same for a public RPC, where all who come without a token are one caller: what tells them apart is the content.
    ///
    /// # Errors
    /// As [`RequestKey::try_new`].
    pub fn of_anybody(
        caller: Option<&crate::identity::Caller>,
        rpc: &'static str,
        request_id: &str,
        request: &impl prost::Message,
    ) -> Result<Self, uuid::Error> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &request.encode_to_vec());
        Ok(Self {
            caller: caller.map_or_else(String::new, crate::identity::Caller::key),
            rpc,
            request_id: Uuid::parse_str(request_id)?,
            content_hash: digest.as_ref().try_into().expect("SHA-256 has 32 bytes"),
        })
    }
}

/// Claims a request id for an outcome that is named before the work begins.
///
/// # Errors
/// [`ClaimError::Reused`] where the id stands for other content.
pub async fn claim(
    connection: &mut PgConnection,
    key: &RequestKey,
    resource: &str,
) -> Result<Claim, ClaimError> {
    let inserted = sqlx::query(
        "INSERT INTO request_reply (caller, rpc, request_id, content_hash, resource) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
    )
    .bind(&key.caller)
    .bind(key.rpc)
    .bind(key.request_id)
    .bind(&key.content_hash[..])
    .bind(resource)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if inserted == 1 {
        return Ok(Claim::Fresh);
    }
    let (content_hash, resource): (Vec<u8>, String) = sqlx::query_as(
        "SELECT content_hash, resource FROM request_reply WHERE caller = $1 AND rpc = $2 AND request_id = $3",
    )
    .bind(&key.caller)
    .bind(key.rpc)
    .bind(key.request_id)
    .fetch_one(&mut *connection)
    .await?;
    if content_hash == key.content_hash { Ok(Claim::Done { resource }) } else { Err(ClaimError::Reused) }
}
