//! ProgrammeService.

use kit::{run::to_the_end, status};
use proto::training::v1::{self, programme_service_server::ProgrammeService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    call::{self, Call, Page},
    convert,
    status::{DOMAIN, of},
};
use crate::app::App;

/// What can be learned.
pub(crate) struct Programmes {
    app: App,
}

impl Programmes {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl ProgrammeService for Programmes {
    async fn create_programme(
        &self,
        request: Request<v1::CreateProgrammeRequest>,
    ) -> Result<Response<v1::CreateProgrammeResponse>, Status> {
        let call = Call::try_new("CreateProgramme", request, |request| &request.request_id)?;
        let syllabus = convert::programme::syllabus(&call.request)
            .ok_or_else(|| status::invalid_field("form", "must be one").status(DOMAIN))?;
        let app = self.app.clone();
        let done = to_the_end(async move { app.create_programme(call.order(""), syllabus).await }).await;
        let programme = done.map_err(|failure| of(&failure, ""))?;
        Ok(Response::new(v1::CreateProgrammeResponse {
            programme: Some(convert::programme::shown(&programme)),
        }))
    }

    async fn get_programme(
        &self,
        request: Request<v1::GetProgrammeRequest>,
    ) -> Result<Response<v1::GetProgrammeResponse>, Status> {
        let name = call::read(request)?.name;
        let found = self.app.programme(convert::programme::id(&name)).await;
        let programme = found.map_err(|failure| of(&failure, &name))?;
        Ok(Response::new(v1::GetProgrammeResponse { programme: Some(convert::programme::shown(&programme)) }))
    }

    async fn list_programmes(
        &self,
        request: Request<v1::ListProgrammesRequest>,
    ) -> Result<Response<v1::ListProgrammesResponse>, Status> {
        let request = call::read(request)?;
        let list = format!("ListProgrammes {}", request.element);
        let page = Page::try_new(list, &request.page_token, request.page_size)?;
        let found = self.app.programmes(&request.element, (page.after_time()?, page.limit())).await;
        let found = found.map_err(|failure| of(&failure, ""))?;
        let (programmes, next_page_token) =
            page.cut(found, |programme| call::time_key(programme.created_at, programme.id.0));
        let programmes = programmes.iter().map(convert::programme::shown).collect();
        Ok(Response::new(v1::ListProgrammesResponse { programmes, next_page_token }))
    }
}
