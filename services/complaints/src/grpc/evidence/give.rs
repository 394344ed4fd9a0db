//! GetEvidence: what is known, then the bytes in pieces.

use std::pin::Pin;

use futures::{Stream, stream};
use kit::identity::Caller;
use proto::complaints::v1;
use tonic::Status;

use super::{
    super::{convert::proof, status::of},
    convert,
};
use crate::app::App;

/// So long is a piece.
const PIECE: usize = 64 * 1024;

/// The messages of one answer.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<v1::GetEvidenceResponse, Status>> + Send>>;

/// Gives what is asked for.
pub(super) async fn give(
    app: &App,
    caller: &Caller,
    request: v1::GetEvidenceRequest,
) -> Result<Pieces, Status> {
    let (complaint, evidence, _) = convert::names(&request.name);
    let proof = proof(request.reporter);
    let given = app.give_evidence((caller, &proof), (complaint, evidence), request.original).await;
    let given = given.map_err(|failure| of(&failure, complaint))?;
    let first = v1::GetEvidenceResponse {
        evidence: Some(convert::evidence(&given.shown)),
        content_type: given.content_type,
        chunk: Vec::new(),
    };
    let pieces = stream::unfold((Some(first), given.bytes, 0), |(first, bytes, at)| async move {
        if let Some(first) = first {
            return Some((Ok(first), (None, bytes, at)));
        }
        let piece = bytes.get(at..bytes.len().min(at + PIECE)).filter(|piece| !piece.is_empty())?.to_vec();
        let next = at + piece.len();
        Some((Ok(v1::GetEvidenceResponse { chunk: piece, ..Default::default() }), (None, bytes, next)))
    });
    Ok(Box::pin(pieces))
}
