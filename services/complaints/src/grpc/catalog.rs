//! CatalogService.

use kit::{page, status, validate};
use proto::complaints::v1::{
    Category, ListCategoriesRequest, ListCategoriesResponse, catalog_service_server::CatalogService,
};
use tonic::{Request, Response, Status, async_trait};

use super::status::{DOMAIN, of};
use crate::{app::App, domain::ComplaintId};

const LIST: &str = "ListCategories";

/// What can be reported.
pub(crate) struct Catalog {
    app: App,
}

impl Catalog {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl CatalogService for Catalog {
    async fn list_categories(
        &self,
        request: Request<ListCategoriesRequest>,
    ) -> Result<Response<ListCategoriesResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let after =
            page::key(LIST, &request.page_token).map_err(|_| status::page_token_invalid().status(DOMAIN))?;
        let size = page::size(request.page_size);
        let found = self
            .app
            .categories(&after, size)
            .await
            .map_err(|failure| of(&failure, ComplaintId(uuid::Uuid::nil())))?;
        let (found, next_page_token) = page::cut(LIST, size, found, |category| category.id.clone());
        let categories = found
            .into_iter()
            .map(|category| Category {
                name: format!("categories/{}", category.id),
                display_name_id: category.name_id,
                display_name_en: category.name_en,
                about_officials: category.about_officials,
            })
            .collect();
        Ok(Response::new(ListCategoriesResponse { categories, next_page_token }))
    }
}
