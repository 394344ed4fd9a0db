//! UploadEvidence: a file in parts, of which never more than the largest file is held. The caller is asked who it is before
//! any part is waited for.

use std::time::Duration;

use kit::{ledger::sha256, request::RequestKey, run::to_the_end, status, validate};
use prost::Message;
use proto::complaints::v1::{self, ErrorReason};
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Request, Status, Streaming};

use super::{
    super::{
        asks::unsaid,
        convert::{complaint_id, proof},
        status::{DOMAIN, of, own},
        words,
    },
    convert,
};
use crate::app::{App, ToUpload};

/// How long the next message may take.
const IDLE: Duration = Duration::from_secs(30);
/// How long all of it may take.
const WITHIN: Duration = Duration::from_secs(600);
/// The largest file.
const MOST_BYTES: usize = 20 * 1024 * 1024;

/// What a message holds.
enum Part {
    Start(v1::UploadEvidenceStart),
    Chunk(Vec<u8>),
}

/// Takes what a caller sends.
pub(super) async fn upload(
    app: &App,
    request: Request<Streaming<v1::UploadEvidenceRequest>>,
) -> Result<v1::UploadEvidenceResponse, Status> {
    let (caller, _) = kit::identity::caller(&request)?;
    let ends_at = Instant::now() + WITHIN;
    let mut parts = request.into_inner();
    let Some(Part::Start(start)) = next(&mut parts, ends_at).await? else {
        return Err(malformed("start", "the first message must be the start"));
    };
    let request_id = uuid::Uuid::parse_str(&start.request_id)
        .map_err(|_| status::invalid_field("start.request_id", "must be a UUID").status(DOMAIN))?;
    let complaint = complaint_id(&start.complaint);
    let role = words::to_role(start.role()).ok_or_else(|| unsaid("start.role"))?;
    let to_upload = ToUpload { complaint, role, proof: proof(start.reporter.clone()) };
    let place = app.may_upload(&caller, &to_upload).await.map_err(|failure| of(&failure, complaint))?;
    let mut file = Vec::new();
    while let Some(part) = next(&mut parts, ends_at).await? {
        let Part::Chunk(chunk) = part else {
            return Err(malformed("start", "the start comes once"));
        };
        if file.len() + chunk.len() > MOST_BYTES {
            let why = "the file is larger than 20 MiB";
            return Err(own(Code::InvalidArgument, ErrorReason::UploadTooLarge, format!("chunk: {why}"))
                .field("chunk", why)
                .indonesian("Ukuran berkas melebihi 20 MiB.")
                .status(DOMAIN));
        }
        file.extend_from_slice(&chunk);
    }
    let key = RequestKey {
        caller: caller.key(),
        rpc: "UploadEvidence",
        request_id,
        content_hash: sha256(&[&start.encode_to_vec(), &file]),
    };
    let app = app.clone();
    let uploaded = to_the_end(async move {
        let outcome = app.upload((&caller, key), &to_upload, file).await;
        drop(place);
        outcome
    });
    let uploaded = uploaded.await.map_err(|failure| of(&failure, complaint))?;
    Ok(v1::UploadEvidenceResponse { evidence: Some(convert::evidence(&uploaded)) })
}

async fn next(
    parts: &mut Streaming<v1::UploadEvidenceRequest>,
    ends_at: Instant,
) -> Result<Option<Part>, Status> {
    let message = timeout_at(ends_at.min(Instant::now() + IDLE), parts.message()).await.map_err(|_| {
        let message = "30 s passed without a message of the upload, or 10 minutes without its end";
        own(Code::DeadlineExceeded, ErrorReason::UploadIdle, message).field("chunk", message).status(DOMAIN)
    })??;
    let Some(message) = message else {
        return Ok(None);
    };
    validate::request(&message, DOMAIN)?;
    match (message.start, message.chunk) {
        (Some(start), chunk) if chunk.is_empty() => Ok(Some(Part::Start(start))),
        (None, chunk) if !chunk.is_empty() => Ok(Some(Part::Chunk(chunk))),
        _ => Err(malformed("chunk", "a message holds either the start or a chunk")),
    }
}

fn malformed(field: &str, why: &str) -> Status {
    own(Code::InvalidArgument, ErrorReason::UploadMalformed, format!("{field}: {why}"))
        .field(field, why)
        .status(DOMAIN)
}
