//! FigureService.

use jiff::SignedDuration;
use kit::validate;
use proto::evaluation::v1::{self, figure_service_server::FigureService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    convert, named,
    status::{DOMAIN, of},
};
use crate::{
    app::{App, Callers},
    domain::{self, UnitId},
};

/// Service figures.
pub(crate) struct Figures {
    app: App,
}

impl Figures {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl FigureService for Figures {
    async fn get_figures(
        &self,
        request: Request<v1::GetFiguresRequest>,
    ) -> Result<Response<v1::GetFiguresResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let unit = named(&request.unit, UnitId::parse)?;
        let period = convert::period("period", &request.period)?;
        let figures =
            self.app.figures(&Callers::of(&caller), unit, period).await.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::GetFiguresResponse { figures: Some(shown(request, &figures)) }))
    }
}

fn shown(request: v1::GetFiguresRequest, figures: &domain::Figures) -> v1::Figures {
    let mean = figures.rating_mean_hundredths();
    v1::Figures {
        unit: request.unit,
        period: request.period,
        filed: figures.filed,
        accepted: figures.accepted,
        resolved: figures.resolved,
        reopened: figures.reopened,
        confirmed: figures.confirmed,
        closed: figures.closed,
        ratings: figures.ratings,
        rating_sum: figures.rating_sum,
        rating_mean: mean.map(convert::hundredths).unwrap_or_default(),
        median_to_accept: figures.median_to_accept.map(duration),
        median_to_resolve: figures.median_to_resolve.map(duration),
        p90_to_resolve: figures.p90_to_resolve.map(duration),
    }
}

fn duration(time: SignedDuration) -> prost_types::Duration {
    prost_types::Duration { seconds: time.as_secs(), nanos: time.subsec_nanos() }
}
