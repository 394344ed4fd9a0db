//! ImportBoundaries: a file in parts, of which never more than the largest file is held.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest::{Context, SHA256};
use kit::{database::Deadline, identity::Caller, request::RequestKey, run::to_the_end, status, validate};
use prost::Message;
use proto::complaints::v1::{self, ErrorReason};
use tonic::{Code, Request, Status, Streaming};

use super::{
    super::status::{DOMAIN, own},
    convert, status_of,
};
use crate::{
    app::{App, routing::ToImport},
    domain::place::MAX_BYTES,
};

/// How long the next message may take.
const IDLE: Duration = Duration::from_secs(30);

/// How long the whole file may take to be taken over, once it is there.
const WITHIN: Duration = Duration::from_secs(60);

/// What a message holds.
enum Part {
    Start(v1::ImportBoundariesStart),
    Chunk(Vec<u8>),
}

/// Imports what a caller sends.
pub(super) async fn import(
    app: &App,
    request: Request<Streaming<v1::ImportBoundariesRequest>>,
) -> Result<v1::ImportBoundariesResponse, Status> {
    let (caller, _): (Arc<Caller>, Deadline) = kit::identity::caller(&request)?;
    let mut parts = request.into_inner();
    let Some(Part::Start(start)) = next(&mut parts).await? else {
        return Err(malformed("the first message must be the start"));
    };
    let mut file = Vec::new();
    while let Some(part) = next(&mut parts).await? {
        let Part::Chunk(chunk) = part else {
            return Err(malformed("the start comes once"));
        };
        if file.len() + chunk.len() > MAX_BYTES {
            let message = "the file is larger than 32 MiB";
            return Err(own(Code::InvalidArgument, ErrorReason::ImportTooLarge, message).status(DOMAIN));
        }
        file.extend_from_slice(&chunk);
    }
    let request_id = uuid::Uuid::parse_str(&start.request_id)
        .map_err(|_| status::invalid_field("start.request_id", "must be a UUID").status(DOMAIN))?;
    let key = RequestKey {
        caller: caller.key(),
        rpc: "ImportBoundaries",
        request_id,
        content_hash: sha256(&[&start.encode_to_vec(), &file]),
    };
    let sha256 = sha256(&[&file]);
    let to_import = ToImport { etag: start.etag, dry_run: start.dry_run, file, sha256 };
    let (app, deadline) = (app.clone(), Deadline::after(WITHIN));
    let imported =
        to_the_end(async move { app.import_boundaries((&caller, key, deadline), to_import).await }).await;
    Ok(convert::imported(imported.map_err(|failure| status_of(&failure))?))
}

async fn next(parts: &mut Streaming<v1::ImportBoundariesRequest>) -> Result<Option<Part>, Status> {
    let message = tokio::time::timeout(IDLE, parts.message()).await.map_err(|_| {
        let message = "30 s passed without a message of the import";
        own(Code::DeadlineExceeded, ErrorReason::ImportIdle, message).status(DOMAIN)
    })??;
    let Some(message) = message else {
        return Ok(None);
    };
    validate::request(&message, DOMAIN)?;
    match (message.start, message.chunk) {
        (Some(start), chunk) if chunk.is_empty() => Ok(Some(Part::Start(start))),
        (None, chunk) if !chunk.is_empty() => Ok(Some(Part::Chunk(chunk))),
        _ => Err(malformed("a message holds either the start or a chunk")),
    }
}

fn malformed(message: &str) -> Status {
    own(Code::InvalidArgument, ErrorReason::ImportMalformed, message).status(DOMAIN)
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
}
