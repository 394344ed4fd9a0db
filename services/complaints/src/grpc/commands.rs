//! The commands' way in: authorised by scope before, validated here, run to their end even where the caller leaves.

use kit::{database::Deadline, identity::Caller, request::RequestKey, run::to_the_end, status, validate};
use proto::complaints::v1;
use tonic::{Request, Status};

use super::{
    convert,
    service::Complaints,
    status::{DOMAIN, of},
};
use crate::{
    app::{Order, ToFile},
    domain::ComplaintId,
};

impl Complaints {
    pub(super) async fn file(
        &self,
        request: Request<v1::FileComplaintRequest>,
    ) -> Result<v1::FileComplaintResponse, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, "FileComplaint", &request.request_id.clone(), &request)?;
        let to_file = ToFile {
            kind: convert::to_kind(request.kind()),
            category: request.category.trim_start_matches("categories/").to_owned(),
            text: request.text,
            kelurahan_code: request.kelurahan_code,
            channel_reference: request.channel_reference,
        };
        let app = self.app.clone();
        let filed = to_the_end(async move { app.file((&caller, key, deadline), to_file).await }).await;
        let nobody = ComplaintId(uuid::Uuid::nil());
        filed.map(|filed| convert::filed(&filed)).map_err(|failure| of(&failure, nobody))
    }

    pub(super) async fn accept(
        &self,
        request: Request<v1::AcceptComplaintRequest>,
    ) -> Result<v1::AcceptComplaintResponse, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, "AcceptComplaint", &request.request_id.clone(), &request)?;
        let id = convert::complaint_id(&request.name);
        let app = self.app.clone();
        let done =
            to_the_end(async move { app.accept(order(&caller, (key, deadline), id, request.etag)).await })
                .await;
        let complaint = done.map_err(|failure| of(&failure, id))?;
        Ok(v1::AcceptComplaintResponse { complaint: Some(convert::complaint(&complaint)) })
    }

    pub(super) async fn submit(
        &self,
        request: Request<v1::SubmitFollowUpRequest>,
    ) -> Result<v1::SubmitFollowUpResponse, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, "SubmitFollowUp", &request.request_id.clone(), &request)?;
        let id = convert::complaint_id(&request.name);
        let outcome = convert::to_outcome(request.proposed_outcome()).ok_or_else(|| {
            status::invalid_field("proposed_outcome", "must be one that may be proposed").status(DOMAIN)
        })?;
        let app = self.app.clone();
        let done = to_the_end(async move {
            let order = order(&caller, (key, deadline), id, request.etag);
            app.submit_follow_up(order, (outcome, request.public_text)).await
        })
        .await;
        let complaint = done.map_err(|failure| of(&failure, id))?;
        Ok(v1::SubmitFollowUpResponse { complaint: Some(convert::complaint(&complaint)) })
    }

    pub(super) async fn approve(
        &self,
        request: Request<v1::ApproveFollowUpRequest>,
    ) -> Result<v1::ApproveFollowUpResponse, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, "ApproveFollowUp", &request.request_id.clone(), &request)?;
        let id = convert::complaint_id(&request.name);
        let app = self.app.clone();
        let done = to_the_end(async move {
            app.approve_follow_up(order(&caller, (key, deadline), id, request.etag), request.public_text)
                .await
        })
        .await;
        let complaint = done.map_err(|failure| of(&failure, id))?;
        Ok(v1::ApproveFollowUpResponse { complaint: Some(convert::complaint(&complaint)) })
    }

    pub(super) async fn confirm(
        &self,
        request: Request<v1::ConfirmResolutionRequest>,
    ) -> Result<v1::ConfirmResolutionResponse, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, "ConfirmResolution", &request.request_id.clone(), &request)?;
        let id = convert::complaint_id(&request.name);
        let rating = i16::try_from(request.rating)
            .map_err(|_| status::invalid_field("rating", "must be 1 to 5").status(DOMAIN))?;
        let app = self.app.clone();
        let done = to_the_end(async move {
            let proof = convert::proof(request.reporter);
            let order = order(&caller, (key, deadline), id, request.etag);
            app.confirm_resolution(order, &proof, (rating, request.comment)).await
        })
        .await;
        let complaint = done.map_err(|failure| of(&failure, id))?;
        Ok(v1::ConfirmResolutionResponse { complaint: Some(convert::complaint(&complaint)) })
    }
}

/// Validates a request, and makes the key that its answer is kept by.
fn key<M: validate::Checked>(
    caller: &Caller,
    rpc: &'static str,
    request_id: &str,
    request: &M,
) -> Result<RequestKey, Status> {
    validate::request(request, DOMAIN)?;
    RequestKey::try_new(caller, rpc, request_id, request)
        .map_err(|_| status::invalid_field("request_id", "must be a UUID").status(DOMAIN))
}

fn order(
    caller: &Caller,
    (key, deadline): (RequestKey, Deadline),
    complaint: ComplaintId,
    etag: String,
) -> Order<'_> {
    Order { caller, key, deadline, complaint, etag }
}
