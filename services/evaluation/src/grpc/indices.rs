//! IndexService.

use kit::{page, validate};
use proto::evaluation::v1::{self, index_service_server::IndexService};
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

use super::{
    after, convert, named,
    status::{DOMAIN, of},
};
use crate::{
    app::{App, Callers},
    domain::{RoundName, SurveyId, UnitId, published::Published},
    store::unit_index::Selection,
};

/// Published indices.
pub(crate) struct Indices {
    app: App,
}

impl Indices {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl IndexService for Indices {
    async fn get_index(
        &self,
        request: Request<v1::GetIndexRequest>,
    ) -> Result<Response<v1::GetIndexResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let round = named(&request.round, RoundName::parse)?;
        let unit = named(&request.unit, UnitId::parse)?;
        let index = self.app.index(&Callers::of(&caller), (round, unit)).await;
        let index = index.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::GetIndexResponse { index: Some(convert::index(&index)) }))
    }

    async fn list_indices(
        &self,
        request: Request<v1::ListIndicesRequest>,
    ) -> Result<Response<v1::ListIndicesResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let list = format!("ListIndices {} {} {}", request.round, request.period, request.unit);
        let after = after(&list, &request.page_token, list_key)?;
        let size = page::size(request.page_size);
        let Some(selection) = selection(&request, &Callers::of(&caller))? else {
            return Ok(Response::new(v1::ListIndicesResponse::default()));
        };
        let found = self.app.indices(&selection, (after, size)).await.map_err(|failure| of(&failure))?;
        let (indices, next_page_token) = page::cut(&list, size, found.indices, to_list_key);
        Ok(Response::new(v1::ListIndicesResponse {
            indices: indices.iter().map(convert::index).collect(),
            next_page_token,
            aggregate: found.aggregate.as_ref().map(convert::aggregate),
        }))
    }
}

/// What to list; none where a name is no UUID, which names nothing.
fn selection(request: &v1::ListIndicesRequest, callers: &Callers) -> Result<Option<Selection>, Status> {
    let mut selection = Selection { callers: Some(callers.ids().to_vec()), ..Selection::default() };
    if !request.period.is_empty() {
        selection.period = Some(convert::period("period", &request.period)?);
    }
    if !request.round.is_empty() {
        let Some(round) = RoundName::parse(&request.round) else { return Ok(None) };
        selection.round = Some(round);
    }
    if !request.unit.is_empty() {
        let Some(unit) = UnitId::parse(&request.unit) else { return Ok(None) };
        selection.unit = Some(unit);
    }
    Ok(Some(selection))
}

fn to_list_key(index: &Published) -> String {
    let (round, unit) = (index.round, index.unit.0);
    format!("{} {} {} {unit}", index.period.end(), round.survey.0, round.round)
}

fn list_key(key: &str) -> Option<(jiff::civil::Date, RoundName, UnitId)> {
    let mut parts = key.split(' ');
    let day = parts.next()?.parse().ok()?;
    let mut id = || parts.next().and_then(|id| Uuid::parse_str(id).ok());
    let round = RoundName { survey: SurveyId(id()?), round: id()? };
    Some((day, round, UnitId(id()?)))
}
