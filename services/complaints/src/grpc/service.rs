//! ComplaintService: which RPC is answered where.

use kit::{page, status, validate};
use proto::complaints::v1::{self, complaint_service_server::ComplaintService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    convert,
    inbox::{self, InboxWatch},
    status::{DOMAIN, of},
    updates::{self, Updates},
    watch::{self, Watch},
};
use crate::app::{App, Sight};

/// Citizens' reports.
pub(crate) struct Complaints {
    pub(super) app: App,
}

impl Complaints {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl ComplaintService for Complaints {
    async fn file_complaint(
        &self,
        request: Request<v1::FileComplaintRequest>,
    ) -> Result<Response<v1::FileComplaintResponse>, Status> {
        self.file(request).await
    }

    async fn accept_complaint(
        &self,
        request: Request<v1::AcceptComplaintRequest>,
    ) -> Result<Response<v1::AcceptComplaintResponse>, Status> {
        self.give(request).await
    }

    async fn transfer_complaint(
        &self,
        request: Request<v1::TransferComplaintRequest>,
    ) -> Result<Response<v1::TransferComplaintResponse>, Status> {
        self.give(request).await
    }

    async fn dispose_complaint(
        &self,
        request: Request<v1::DisposeComplaintRequest>,
    ) -> Result<Response<v1::DisposeComplaintResponse>, Status> {
        self.give(request).await
    }

    async fn recategorize_complaint(
        &self,
        request: Request<v1::RecategorizeComplaintRequest>,
    ) -> Result<Response<v1::RecategorizeComplaintResponse>, Status> {
        self.give(request).await
    }

    async fn set_estimate(
        &self,
        request: Request<v1::SetEstimateRequest>,
    ) -> Result<Response<v1::SetEstimateResponse>, Status> {
        self.give(request).await
    }

    async fn request_information(
        &self,
        request: Request<v1::RequestInformationRequest>,
    ) -> Result<Response<v1::RequestInformationResponse>, Status> {
        self.give(request).await
    }

    async fn provide_information(
        &self,
        request: Request<v1::ProvideInformationRequest>,
    ) -> Result<Response<v1::ProvideInformationResponse>, Status> {
        self.give(request).await
    }

    async fn submit_follow_up(
        &self,
        request: Request<v1::SubmitFollowUpRequest>,
    ) -> Result<Response<v1::SubmitFollowUpResponse>, Status> {
        self.give(request).await
    }

    async fn approve_follow_up(
        &self,
        request: Request<v1::ApproveFollowUpRequest>,
    ) -> Result<Response<v1::ApproveFollowUpResponse>, Status> {
        self.give(request).await
    }

    async fn reject_follow_up(
        &self,
        request: Request<v1::RejectFollowUpRequest>,
    ) -> Result<Response<v1::RejectFollowUpResponse>, Status> {
        self.give(request).await
    }

    async fn confirm_resolution(
        &self,
        request: Request<v1::ConfirmResolutionRequest>,
    ) -> Result<Response<v1::ConfirmResolutionResponse>, Status> {
        self.give(request).await
    }

    async fn reopen_complaint(
        &self,
        request: Request<v1::ReopenComplaintRequest>,
    ) -> Result<Response<v1::ReopenComplaintResponse>, Status> {
        self.give(request).await
    }

    async fn reject_complaint(
        &self,
        request: Request<v1::RejectComplaintRequest>,
    ) -> Result<Response<v1::RejectComplaintResponse>, Status> {
        self.give(request).await
    }

    async fn appeal_rejection(
        &self,
        request: Request<v1::AppealRejectionRequest>,
    ) -> Result<Response<v1::AppealRejectionResponse>, Status> {
        self.give(request).await
    }

    async fn merge_complaint(
        &self,
        request: Request<v1::MergeComplaintRequest>,
    ) -> Result<Response<v1::MergeComplaintResponse>, Status> {
        self.give(request).await
    }

    async fn unmerge_complaint(
        &self,
        request: Request<v1::UnmergeComplaintRequest>,
    ) -> Result<Response<v1::UnmergeComplaintResponse>, Status> {
        self.give(request).await
    }

    async fn support_complaint(
        &self,
        request: Request<v1::SupportComplaintRequest>,
    ) -> Result<Response<v1::SupportComplaintResponse>, Status> {
        self.support(request).await
    }

    async fn withdraw_complaint(
        &self,
        request: Request<v1::WithdrawComplaintRequest>,
    ) -> Result<Response<v1::WithdrawComplaintResponse>, Status> {
        self.give(request).await
    }

    async fn add_note(
        &self,
        request: Request<v1::AddNoteRequest>,
    ) -> Result<Response<v1::AddNoteResponse>, Status> {
        self.give(request).await
    }

    async fn batch_transition(
        &self,
        request: Request<v1::BatchTransitionRequest>,
    ) -> Result<Response<v1::BatchTransitionResponse>, Status> {
        self.batch(request).await
    }

    async fn get_workflow(
        &self,
        _: Request<v1::GetWorkflowRequest>,
    ) -> Result<Response<v1::GetWorkflowResponse>, Status> {
        Ok(Response::new(convert::workflow()))
    }

    async fn get_complaint(
        &self,
        request: Request<v1::GetComplaintRequest>,
    ) -> Result<Response<v1::GetComplaintResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let id = convert::complaint_id(&request.name);
        let proof = convert::proof(request.reporter);
        let (complaint, sight) =
            self.app.get(&caller, id, &proof).await.map_err(|failure| of(&failure, id))?;
        let mut shown = convert::complaint(&complaint);
        if sight != Sight::Other {
            let place = self.app.place_of(id).await.map_err(|failure| of(&failure, id))?;
            shown = convert::placed(shown, place);
        }
        let group = self.app.group_of(id).await.map_err(|failure| of(&failure, id))?;
        let evidence =
            self.app.evidence_of(&caller, (id, sight)).await.map_err(|failure| of(&failure, id))?;
        let mut complaint = convert::grouped(shown, group);
        complaint.evidence = evidence.iter().map(super::evidence::evidence).collect();
        Ok(Response::new(v1::GetComplaintResponse { complaint: Some(complaint) }))
    }

    async fn list_complaints(
        &self,
        request: Request<v1::ListComplaintsRequest>,
    ) -> Result<Response<v1::ListComplaintsResponse>, Status> {
        self.list(request).await
    }

    async fn list_timeline(
        &self,
        request: Request<v1::ListTimelineRequest>,
    ) -> Result<Response<v1::ListTimelineResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let list = format!("ListTimeline {}", request.name);
        let after = page::number(&list, &request.page_token)
            .map_err(|_| status::page_token_invalid().status(DOMAIN))?;
        let (id, size) = (convert::complaint_id(&request.name), page::size(request.page_size));
        let proof = convert::proof(request.reporter);
        let steps = self
            .app
            .timeline((&caller, &proof), id, (after, size + 1))
            .await
            .map_err(|failure| of(&failure, id))?;
        let (steps, next_page_token) = page::cut(&list, size, steps, |step| step.version.to_string());
        let entries = steps.iter().map(convert::entry).collect();
        Ok(Response::new(v1::ListTimelineResponse { entries, next_page_token }))
    }

    type WatchUpdatesStream = Updates;

    async fn watch_updates(
        &self,
        request: Request<v1::WatchUpdatesRequest>,
    ) -> Result<Response<Updates>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        updates::watch(&self.app, &caller, request).await.map(Response::new)
    }

    type WatchComplaintStream = Watch;

    async fn watch_complaint(
        &self,
        request: Request<v1::WatchComplaintRequest>,
    ) -> Result<Response<Watch>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        watch::watch(&self.app, &caller, request).await.map(Response::new)
    }
    async fn find_duplicates(
        &self,
        request: Request<v1::FindDuplicatesRequest>,
    ) -> Result<Response<v1::FindDuplicatesResponse>, Status> {
        self.duplicates(request).await
    }

    type WatchInboxStream = InboxWatch;

    async fn watch_inbox(
        &self,
        request: Request<v1::WatchInboxRequest>,
    ) -> Result<Response<InboxWatch>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        inbox::open(&self.app, caller, request).await.map(Response::new)
    }
}
