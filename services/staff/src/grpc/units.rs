//! UnitService. Who may read units may read all of them: the tree is no secret.

use kit::{page, status, validate};
use proto::staff::v1::{self, unit_service_server::UnitService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    commands::limit,
    convert::unit as convert,
    status::{DOMAIN, of},
};
use crate::{app::App, store::unit::Selection};

/// The tree of units.
pub(crate) struct Units {
    app: App,
}

impl Units {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl UnitService for Units {
    async fn get_unit(
        &self,
        request: Request<v1::GetUnitRequest>,
    ) -> Result<Response<v1::GetUnitResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let unit = self.app.unit(convert::id(&request.name)).await.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::GetUnitResponse { unit: Some(convert::unit(&unit)) }))
    }

    async fn list_units(
        &self,
        request: Request<v1::ListUnitsRequest>,
    ) -> Result<Response<v1::ListUnitsResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let list = format!("ListUnits {} {}", request.kind, request.code);
        let after =
            page::key(&list, &request.page_token).map_err(|_| status::page_token_invalid().status(DOMAIN))?;
        let size = page::size(request.page_size);
        let selection = Selection {
            kind: convert::to_kind(request.kind()),
            code: request.code,
            after,
            limit: limit(size),
        };
        let found = self.app.units(&selection).await.map_err(|failure| of(&failure))?;
        let (found, next_page_token) = page::cut(&list, size, found, |unit| unit.code.clone());
        let units = found.iter().map(convert::unit).collect();
        Ok(Response::new(v1::ListUnitsResponse { units, next_page_token }))
    }
}
