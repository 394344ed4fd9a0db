//! LotteryService.

use kit::run::to_the_end;
use proto::training::v1::{self, lottery_service_server::LotteryService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    call::{self, Call},
    convert::{self, lottery::shown},
    status::of,
};
use crate::app::App;

/// Draws lots.
pub(crate) struct Lotteries {
    app: App,
}

impl Lotteries {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl LotteryService for Lotteries {
    async fn publish_lottery(
        &self,
        request: Request<v1::PublishLotteryRequest>,
    ) -> Result<Response<v1::PublishLotteryResponse>, Status> {
        let call = Call::try_new("PublishLottery", request, |request| &request.request_id)?;
        let publication = convert::lottery::publication(&call.request);
        let units = convert::lottery::units(&call.request);
        let app = self.app.clone();
        let done =
            to_the_end(async move { app.publish_lottery(call.order(""), publication, units).await }).await;
        let lottery = done.map_err(|failure| of(&failure, ""))?;
        Ok(Response::new(v1::PublishLotteryResponse { lottery: Some(shown(&lottery)) }))
    }

    async fn draw_lottery(
        &self,
        request: Request<v1::DrawLotteryRequest>,
    ) -> Result<Response<v1::DrawLotteryResponse>, Status> {
        let call = Call::try_new("DrawLottery", request, |request| &request.request_id)?;
        let name = call.request.name.clone();
        let (app, id) = (self.app.clone(), convert::lottery::id(&name));
        let done =
            to_the_end(async move { app.draw_lottery(call.order(&call.request.etag), id).await }).await;
        let lottery = done.map_err(|failure| of(&failure, &name))?;
        Ok(Response::new(v1::DrawLotteryResponse { lottery: Some(shown(&lottery)) }))
    }

    async fn get_lottery(
        &self,
        request: Request<v1::GetLotteryRequest>,
    ) -> Result<Response<v1::GetLotteryResponse>, Status> {
        let name = call::read(request)?.name;
        let found = self.app.lottery(convert::lottery::id(&name)).await;
        let lottery = found.map_err(|failure| of(&failure, &name))?;
        Ok(Response::new(v1::GetLotteryResponse { lottery: Some(shown(&lottery)) }))
    }
}
