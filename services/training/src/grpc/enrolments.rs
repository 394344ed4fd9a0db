//! EnrolmentService.

use kit::run::to_the_end;
use proto::training::v1::{self, enrolment_service_server::EnrolmentService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    call::{self, Call, Page},
    convert::{self, enrolment::shown},
    status::of,
};
use crate::{app::App, domain::BatchName};

/// Who takes part in what.
pub(crate) struct Enrolments {
    app: App,
}

impl Enrolments {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl EnrolmentService for Enrolments {
    async fn nominate_enrolment(
        &self,
        request: Request<v1::NominateEnrolmentRequest>,
    ) -> Result<Response<v1::NominateEnrolmentResponse>, Status> {
        let call = Call::try_new("NominateEnrolment", request, |request| &request.request_id)?;
        let proposal = convert::enrolment::proposal(&call.request);
        // A refusal is about the need where there is one, else about the person.
        let subject = if call.request.need.is_empty() { &call.request.person } else { &call.request.need };
        let (app, subject) = (self.app.clone(), subject.clone());
        let done = to_the_end(async move { app.nominate(call.order(""), proposal).await }).await;
        let loaded = done.map_err(|failure| of(&failure, &subject))?;
        Ok(Response::new(v1::NominateEnrolmentResponse { enrolment: Some(shown(&loaded)) }))
    }

    async fn approve_enrolment(
        &self,
        request: Request<v1::ApproveEnrolmentRequest>,
    ) -> Result<Response<v1::ApproveEnrolmentResponse>, Status> {
        let call = Call::try_new("ApproveEnrolment", request, |request| &request.request_id)?;
        let (name, batch) = (call.request.name.clone(), BatchName::parse(&call.request.batch));
        let (app, id) = (self.app.clone(), convert::enrolment::id(&name));
        let done =
            to_the_end(async move { app.approve(call.order(&call.request.etag), id, batch).await }).await;
        let loaded = done.map_err(|failure| of(&failure, &name))?;
        Ok(Response::new(v1::ApproveEnrolmentResponse { enrolment: Some(shown(&loaded)) }))
    }

    async fn decline_enrolment(
        &self,
        request: Request<v1::DeclineEnrolmentRequest>,
    ) -> Result<Response<v1::DeclineEnrolmentResponse>, Status> {
        let call = Call::try_new("DeclineEnrolment", request, |request| &request.request_id)?;
        let (name, reason) = (call.request.name.clone(), call.request.reason.clone());
        let (app, id) = (self.app.clone(), convert::enrolment::id(&name));
        let done =
            to_the_end(async move { app.decline(call.order(&call.request.etag), id, reason).await }).await;
        let loaded = done.map_err(|failure| of(&failure, &name))?;
        Ok(Response::new(v1::DeclineEnrolmentResponse { enrolment: Some(shown(&loaded)) }))
    }

    async fn complete_enrolment(
        &self,
        request: Request<v1::CompleteEnrolmentRequest>,
    ) -> Result<Response<v1::CompleteEnrolmentResponse>, Status> {
        let call = Call::try_new("CompleteEnrolment", request, |request| &request.request_id)?;
        let (name, hours_jp) = (call.request.name.clone(), call.request.hours_jp);
        let (app, id) = (self.app.clone(), convert::enrolment::id(&name));
        let done =
            to_the_end(async move { app.complete(call.order(&call.request.etag), id, hours_jp).await }).await;
        let loaded = done.map_err(|failure| of(&failure, &name))?;
        Ok(Response::new(v1::CompleteEnrolmentResponse { enrolment: Some(shown(&loaded)) }))
    }

    async fn get_enrolment(
        &self,
        request: Request<v1::GetEnrolmentRequest>,
    ) -> Result<Response<v1::GetEnrolmentResponse>, Status> {
        let (caller, v1::GetEnrolmentRequest { name }) = call::read_by(request)?;
        let found = self.app.enrolment(&caller, convert::enrolment::id(&name)).await;
        let loaded = found.map_err(|failure| of(&failure, &name))?;
        Ok(Response::new(v1::GetEnrolmentResponse { enrolment: Some(shown(&loaded)) }))
    }

    async fn list_enrolments(
        &self,
        request: Request<v1::ListEnrolmentsRequest>,
    ) -> Result<Response<v1::ListEnrolmentsResponse>, Status> {
        let (caller, request) = call::read_by(request)?;
        let v1::ListEnrolmentsRequest { need, unit, state, batch, .. } = &request;
        let list = format!("ListEnrolments {need} {unit} {state} {batch}");
        let page = Page::try_new(list, &request.page_token, request.page_size)?;
        let selection = convert::enrolment::selection(&request, page.after_time()?, page.limit());
        let found = self.app.enrolments(&caller, &selection).await.map_err(|failure| of(&failure, ""))?;
        let (found, next_page_token) =
            page.cut(found, |loaded| call::time_key(loaded.enrolment.nomination.at, loaded.enrolment.id.0));
        let enrolments = found.iter().map(shown).collect();
        Ok(Response::new(v1::ListEnrolmentsResponse { enrolments, next_page_token }))
    }
}
