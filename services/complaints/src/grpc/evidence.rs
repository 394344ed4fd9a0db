//! EvidenceService: which RPC is answered where.

mod convert;
mod export;
mod give;
mod refused;
mod upload;

use kit::{run::to_the_end, validate};
use proto::complaints::v1::{self, evidence_service_server::EvidenceService};
use tonic::{Request, Response, Status, Streaming, async_trait};

pub(super) use convert::evidence;
pub(super) use refused::trouble;

use super::{
    commands::key,
    convert::{complaint_id, proof},
    status::{DOMAIN, of},
};
use crate::app::{App, Order, ToAnswer};

/// Evidence, findings, and the ledger.
pub(crate) struct EvidenceRpcs {
    app: App,
}

impl EvidenceRpcs {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl EvidenceService for EvidenceRpcs {
    async fn upload_evidence(
        &self,
        request: Request<Streaming<v1::UploadEvidenceRequest>>,
    ) -> Result<Response<v1::UploadEvidenceResponse>, Status> {
        upload::upload(&self.app, request).await.map(Response::new)
    }

    type GetEvidenceStream = give::Pieces;

    async fn get_evidence(
        &self,
        request: Request<v1::GetEvidenceRequest>,
    ) -> Result<Response<give::Pieces>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        give::give(&self.app, &caller, request).await.map(Response::new)
    }

    async fn answer_finding(
        &self,
        request: Request<v1::AnswerFindingRequest>,
    ) -> Result<Response<v1::AnswerFindingResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, ("AnswerFinding", &request.request_id), &request)?;
        let (complaint, evidence, number) = convert::names(&request.name);
        let to_answer = ToAnswer { evidence, number, reason: request.reason };
        let (app, etag) = (self.app.clone(), request.etag);
        let answered = to_the_end(async move {
            let order = Order { caller: &caller, key, deadline, complaint, etag };
            app.answer_finding(order, to_answer).await
        });
        let answered = answered.await.map_err(|failure| of(&failure, complaint))?;
        Ok(Response::new(v1::AnswerFindingResponse { evidence: Some(convert::evidence(&answered)) }))
    }

    async fn verify_ledger(
        &self,
        request: Request<v1::VerifyLedgerRequest>,
    ) -> Result<Response<v1::VerifyLedgerResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let (complaint, proof) = (complaint_id(&request.name), proof(request.reporter));
        let checked = self.app.verify_ledger((&caller, &proof), complaint).await;
        let checked = checked.map_err(|failure| of(&failure, complaint))?;
        Ok(Response::new(convert::checked(&checked)))
    }

    type ExportLedgerStream = export::Exports;

    async fn export_ledger(
        &self,
        request: Request<v1::ExportLedgerRequest>,
    ) -> Result<Response<export::Exports>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        export::export(&self.app, &request).await.map(Response::new)
    }
}
