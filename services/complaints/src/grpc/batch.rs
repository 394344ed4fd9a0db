//! BatchTransition: one command on many reports, each for itself.

use aws_lc_rs::digest::{SHA256, digest};
use kit::{database::Deadline, identity::Caller, run::to_the_end, status};
use proto::complaints::v1;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{
    asks::{officials, unsaid},
    commands::key,
    convert::{self, unit_id},
    service::Complaints,
    status::{DOMAIN, answer},
    words,
};
use crate::{
    app::{Failure, Order, Run, Wish},
    domain::{Complaint, Texts},
};

const RPC: &str = "BatchTransition";

impl Complaints {
    pub(super) async fn batch(
        &self,
        request: Request<v1::BatchTransitionRequest>,
    ) -> Result<Response<v1::BatchTransitionResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        // Each item has a key of its own; this one only validates.
        key(&caller, (RPC, &request.request_id), &request)?;
        let (wish, texts) = asked(&request)?;
        let run = if request.dry_run { Run::Dry } else { Run::Real };
        let mut results = Vec::with_capacity(request.items.len());
        for item in &request.items {
            let done =
                self.one((&caller, deadline), &request, item, (wish.clone(), texts.clone()), run).await?;
            results.push(result(item, done));
        }
        Ok(Response::new(v1::BatchTransitionResponse { results }))
    }

    async fn one(
        &self,
        (caller, deadline): (&std::sync::Arc<Caller>, Deadline),
        batch: &v1::BatchTransitionRequest,
        item: &v1::BatchItem,
        asked: (Wish, Texts),
        run: Run,
    ) -> Result<Result<Complaint, Failure>, Status> {
        let alone = v1::BatchTransitionRequest {
            request_id: id_of_item(&batch.request_id, &item.name).to_string(),
            items: vec![item.clone()],
            ..batch.clone()
        };
        let key = key(caller, (RPC, &alone.request_id), &alone)?;
        let (app, caller) = (self.app.clone(), std::sync::Arc::clone(caller));
        let (complaint, etag) = (convert::complaint_id(&item.name), item.etag.clone());
        Ok(to_the_end(async move {
            let order = Order { caller: &caller, key, deadline, complaint, etag };
            app.command(order, asked, run).await
        })
        .await)
    }
}

/// What is asked of each: exactly one thing.
fn asked(batch: &v1::BatchTransitionRequest) -> Result<(Wish, Texts), Status> {
    let mut asked = Vec::new();
    if batch.accept.is_some() {
        asked.push((Wish::Accept, Texts::default()));
    }
    if let Some(it) = batch.transfer.clone() {
        let reason = words::to_transfer_reason(it.reason()).ok_or_else(|| unsaid("transfer.reason"))?;
        let wish = Wish::Transfer { to: unit_id(&it.unit), reason };
        asked.push((wish, officials(it.public_text, it.internal_note)));
    }
    if let Some(it) = batch.dispose.clone() {
        let wish = Wish::Dispose { to: unit_id(&it.unit) };
        asked.push((wish, officials(it.public_text, it.internal_note)));
    }
    if let Some(it) = batch.recategorize.clone() {
        let category = it.category.trim_start_matches("categories/").to_owned();
        asked.push((Wish::Recategorize { category }, officials(it.public_text, it.internal_note)));
    }
    if let Some(it) = batch.note.clone() {
        asked.push((Wish::AddNote { releases_words: false }, officials(String::new(), it.internal_note)));
    }
    match asked.pop() {
        Some(only) if asked.is_empty() => Ok(only),
        _ => {
            let why = "exactly one of accept, transfer, dispose, recategorize and note is given";
            Err(status::invalid_field("accept", why).status(DOMAIN))
        }
    }
}

/// The request id of an item: the same for the same batch and report.
fn id_of_item(batch: &str, name: &str) -> Uuid {
    let hash = digest(&SHA256, format!("{batch} {name}").as_bytes());
    let bytes: [u8; 16] = hash.as_ref()[..16].try_into().expect("SHA-256 has 32 bytes");
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn result(item: &v1::BatchItem, done: Result<Complaint, Failure>) -> v1::BatchResult {
    let name = item.name.clone();
    match done {
        Ok(complaint) => {
            v1::BatchResult { name, complaint: Some(convert::complaint(&complaint)), ..Default::default() }
        }
        Err(failure) => {
            let answer = answer(&failure, convert::complaint_id(&item.name));
            let (reason, message) = answer.said();
            v1::BatchResult { name, complaint: None, reason: reason.to_owned(), message: message.to_owned() }
        }
    }
}
