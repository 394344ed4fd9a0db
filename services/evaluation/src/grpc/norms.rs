//! NormService.

use kit::{page, validate};
use proto::evaluation::v1::{self, norm_service_server::NormService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    after, convert,
    status::{DOMAIN, of},
};
use crate::app::App;

const LIST: &str = "ListNorms";

/// The norms of surveys.
pub(crate) struct Norms {
    app: App,
}

impl Norms {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl NormService for Norms {
    async fn get_norm(
        &self,
        request: Request<v1::GetNormRequest>,
    ) -> Result<Response<v1::GetNormResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let id = request.name.trim_start_matches("norms/");
        let norm = self.app.norm(id).await.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::GetNormResponse { norm: Some(convert::norm(&norm)) }))
    }

    async fn list_norms(
        &self,
        request: Request<v1::ListNormsRequest>,
    ) -> Result<Response<v1::ListNormsResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let after = after(LIST, &request.page_token, |key| Some(key.to_owned()))?.unwrap_or_default();
        let size = page::size(request.page_size);
        let found = self.app.norms(&after, size).await.map_err(|failure| of(&failure))?;
        let (found, next_page_token) = page::cut(LIST, size, found, |record| record.norm.id().code.clone());
        let norms = found.iter().map(convert::norm).collect();
        Ok(Response::new(v1::ListNormsResponse { norms, next_page_token }))
    }
}
