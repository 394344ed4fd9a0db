//! BatchService.

use jiff::civil::Date;
use kit::run::to_the_end;
use proto::training::v1::{self, batch_service_server::BatchService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    call::{self, Call, Page},
    convert,
    status::{not_a_date, of},
};
use crate::{app::App, domain::Days};

/// When programmes are held.
pub(crate) struct Batches {
    app: App,
}

impl Batches {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl BatchService for Batches {
    async fn create_batch(
        &self,
        request: Request<v1::CreateBatchRequest>,
    ) -> Result<Response<v1::CreateBatchResponse>, Status> {
        let call = Call::try_new("CreateBatch", request, |request| &request.request_id)?;
        let (parent, capacity) = (call.request.parent.clone(), call.request.capacity);
        let start = date("start_date", &call.request.start_date)?;
        let end = date("end_date", &call.request.end_date)?;
        let days = Days::try_new(start, end).map_err(|refusal| of(&refusal.into(), &parent))?;
        let (app, programme) = (self.app.clone(), convert::programme::id(&parent));
        let done =
            to_the_end(async move { app.create_batch(call.order(""), programme, (days, capacity)).await })
                .await;
        let batch = done.map_err(|failure| of(&failure, &parent))?;
        Ok(Response::new(v1::CreateBatchResponse { batch: Some(convert::batch::shown(&batch)) }))
    }

    async fn get_batch(
        &self,
        request: Request<v1::GetBatchRequest>,
    ) -> Result<Response<v1::GetBatchResponse>, Status> {
        let name = call::read(request)?.name;
        let found = self.app.batch(convert::batch::id(&name)).await;
        let batch = found.map_err(|failure| of(&failure, &name))?;
        Ok(Response::new(v1::GetBatchResponse { batch: Some(convert::batch::shown(&batch)) }))
    }

    async fn list_batches(
        &self,
        request: Request<v1::ListBatchesRequest>,
    ) -> Result<Response<v1::ListBatchesResponse>, Status> {
        let request = call::read(request)?;
        let list = format!("ListBatches {}", request.parent);
        let page = Page::try_new(list, &request.page_token, request.page_size)?;
        let after = page.after(|day, id| Some((day.parse::<Date>().ok()?, id.parse().ok()?)))?;
        let programme = convert::programme::id(&request.parent);
        let found = self.app.batches(programme, (after, page.limit())).await;
        let found = found.map_err(|failure| of(&failure, &request.parent))?;
        let (batches, next_page_token) =
            page.cut(found, |batch| format!("{} {}", batch.days.start, batch.id.0));
        let batches = batches.iter().map(convert::batch::shown).collect();
        Ok(Response::new(v1::ListBatchesResponse { batches, next_page_token }))
    }
}

fn date(field: &'static str, text: &str) -> Result<Date, Status> {
    text.parse().map_err(|_| not_a_date(field))
}
