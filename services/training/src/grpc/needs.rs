//! NeedService.

use kit::{run::to_the_end, status};
use proto::training::v1::{self, need_service_server::NeedService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    call::{self, Call, Page},
    convert,
    status::{DOMAIN, of},
};
use crate::app::App;

/// The needs that evaluation found.
pub(crate) struct Needs {
    app: App,
}

impl Needs {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl NeedService for Needs {
    async fn get_need(
        &self,
        request: Request<v1::GetNeedRequest>,
    ) -> Result<Response<v1::GetNeedResponse>, Status> {
        let (caller, v1::GetNeedRequest { name }) = call::read_by(request)?;
        let found = self.app.need(&caller, convert::need::id(&name)).await;
        let need = found.map_err(|failure| of(&failure, &name))?;
        Ok(Response::new(v1::GetNeedResponse { need: Some(convert::need::shown(&need)) }))
    }

    async fn list_needs(
        &self,
        request: Request<v1::ListNeedsRequest>,
    ) -> Result<Response<v1::ListNeedsResponse>, Status> {
        let (caller, request) = call::read_by(request)?;
        let list = format!("ListNeeds {} {} {}", request.unit, request.state, request.element);
        let page = Page::try_new(list, &request.page_token, request.page_size)?;
        let selection = convert::need::selection(&request, page.after_time()?, page.limit());
        let found = self.app.needs(&caller, &selection).await.map_err(|failure| of(&failure, ""))?;
        let (needs, next_page_token) = page.cut(found, |need| call::time_key(need.created_at, need.id.0));
        let needs = needs.iter().map(convert::need::shown).collect();
        Ok(Response::new(v1::ListNeedsResponse { needs, next_page_token }))
    }

    async fn answer_need(
        &self,
        request: Request<v1::AnswerNeedRequest>,
    ) -> Result<Response<v1::AnswerNeedResponse>, Status> {
        let call = Call::try_new("AnswerNeed", request, |request| &request.request_id)?;
        let (name, reason) = (call.request.name.clone(), call.request.reason.clone());
        let answer = convert::need::to_answer(call.request.answer())
            .ok_or_else(|| status::invalid_field("answer", "must be one").status(DOMAIN))?;
        let (app, id) = (self.app.clone(), convert::need::id(&name));
        let done =
            to_the_end(
                async move { app.answer_need(call.order(&call.request.etag), id, (answer, reason)).await },
            )
            .await;
        let need = done.map_err(|failure| of(&failure, &name))?;
        Ok(Response::new(v1::AnswerNeedResponse { need: Some(convert::need::shown(&need)) }))
    }
}
