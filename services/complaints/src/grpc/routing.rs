//! RoutingService: which RPC is answered where.

mod convert;
mod import;
mod refused;

use kit::{page, request::RequestKey, run::to_the_end, status, validate};
use proto::complaints::v1::{self, routing_service_server::RoutingService};
use tonic::{Request, Response, Status, Streaming, async_trait};

pub(super) use convert::{filed, point};
pub(super) use refused::unroutable;

use super::status::{DOMAIN, of};
use crate::{
    app::{
        App, Failure,
        routing::{ToReplace, ToResolve, ToSimulate},
    },
    domain::{ComplaintId, routing::Rules},
};

/// Past reports tried at most.
const MOST_PAST: i64 = 10_000;

/// Rules, boundaries, and which unit they lead to.
pub(crate) struct RoutingRpcs {
    app: App,
}

impl RoutingRpcs {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

/// The status for a failure that is about no report.
pub(super) fn status_of(failure: &Failure) -> Status {
    of(failure, ComplaintId(uuid::Uuid::nil()))
}

#[async_trait]
impl RoutingService for RoutingRpcs {
    async fn resolve_unit(
        &self,
        request: Request<v1::ResolveUnitRequest>,
    ) -> Result<Response<v1::ResolveUnitResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let to_resolve = ToResolve {
            point: convert::point(request.point)?,
            kelurahan_code: request.kelurahan_code,
            category: request.category.trim_start_matches("categories/").to_owned(),
            asset: request.asset,
            filed_at: convert::time("time", request.time)?,
        };
        let resolved = self.app.resolve(to_resolve).await.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(convert::resolved(resolved)))
    }

    async fn list_routing_rules(
        &self,
        request: Request<v1::ListRoutingRulesRequest>,
    ) -> Result<Response<v1::ListRoutingRulesResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let as_of = convert::time("as_of_time", request.as_of_time)?;
        let listed = self.app.listed_rules(as_of).await.map_err(|failure| status_of(&failure))?;
        let list = format!("ListRoutingRules {}", listed.version);
        let after = page::number(&list, &request.page_token)
            .ok()
            .and_then(|after| usize::try_from(after).ok())
            .ok_or_else(|| status::page_token_invalid().status(DOMAIN))?;
        let numbered = (1_usize..).zip(listed.rules).skip(after).collect();
        let (rules, next_page_token) =
            page::cut(&list, page::size(request.page_size), numbered, |(number, _)| number.to_string());
        Ok(Response::new(v1::ListRoutingRulesResponse {
            rules: rules.iter().map(|(_, rule)| convert::rule(rule)).collect(),
            next_page_token,
            etag: listed.version.to_string(),
            replace_time: listed.by.as_ref().map(|by| kit::clock::to_proto(by.at)),
            replaced_by: listed.by.map(|by| by.subject).unwrap_or_default(),
        }))
    }

    async fn replace_routing_rules(
        &self,
        request: Request<v1::ReplaceRoutingRulesRequest>,
    ) -> Result<Response<v1::ReplaceRoutingRulesResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let key = RequestKey::try_new(&caller, "ReplaceRoutingRules", &request.request_id, &request)
            .map_err(|_| status::invalid_field("request_id", "must be a UUID").status(DOMAIN))?;
        let to_replace = ToReplace { rules: Rules(convert::to_rules(&request.rules)?), etag: request.etag };
        let app = self.app.clone();
        let replaced =
            to_the_end(async move { app.replace_rules((&caller, key, deadline), to_replace).await }).await;
        let (version, rules) = replaced.map_err(|failure| status_of(&failure))?;
        let (etag, rules) = (version.to_string(), convert::count(rules));
        Ok(Response::new(v1::ReplaceRoutingRulesResponse { etag, rules }))
    }

    async fn simulate_routing_rules(
        &self,
        request: Request<v1::SimulateRoutingRulesRequest>,
    ) -> Result<Response<v1::SimulateRoutingRulesResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let to_simulate = ToSimulate {
            rules: Rules(convert::to_rules(&request.rules)?),
            from: convert::time("from_time", request.from_time)?,
            until: convert::time("until_time", request.until_time)?,
            limit: if request.limit == 0 { MOST_PAST } else { i64::from(request.limit) },
        };
        let simulated = self.app.simulate_rules(to_simulate).await.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(convert::simulated(simulated)))
    }

    async fn import_boundaries(
        &self,
        request: Request<Streaming<v1::ImportBoundariesRequest>>,
    ) -> Result<Response<v1::ImportBoundariesResponse>, Status> {
        import::import(&self.app, request).await.map(Response::new)
    }
}
