//! ReporterService: who reporters are, and what they may ask of what is kept of them.

use kit::{clock::to_proto, page, run::to_the_end, status, validate};
use proto::complaints::v1::{self, reporter_service_server::ReporterService};
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

use super::{
    asks::Asks,
    commands::key,
    convert,
    service::Complaints,
    status::{DOMAIN, of},
};
use crate::{
    app::{App, Order, Wish},
    domain::{Reporter, Texts},
    store::reveal::Reveal,
};

/// What an export holds of steps, and of reveals, at most.
const EXPORT_LIMIT: i64 = 1_000;

/// Reporters.
pub(crate) struct Reporters {
    complaints: Complaints,
}

impl Reporters {
    pub(crate) fn new(app: App) -> Self {
        Self { complaints: Complaints::new(app) }
    }

    fn app(&self) -> App {
        self.complaints.app.clone()
    }
}

#[async_trait]
impl ReporterService for Reporters {
    async fn reveal_reporter(
        &self,
        request: Request<v1::RevealReporterRequest>,
    ) -> Result<Response<v1::RevealReporterResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, ("RevealReporter", &request.request_id), &request)?;
        let (app, complaint) = (self.app(), convert::complaint_id(&request.name));
        let shown = to_the_end(async move {
            let order = Order { caller: &caller, key, deadline, complaint, etag: String::new() };
            app.reveal(order, request.purpose).await
        });
        let shown = shown.await.map_err(|failure| of(&failure, complaint))?;
        Ok(Response::new(v1::RevealReporterResponse { reporter: Some(said(shown)) }))
    }

    async fn list_reveals(
        &self,
        request: Request<v1::ListRevealsRequest>,
    ) -> Result<Response<v1::ListRevealsResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let list = format!("ListReveals {}", request.name);
        let after = page::key(&list, &request.page_token).ok();
        let after =
            after.and_then(|key| (key.is_empty()).then_some(None).or_else(|| key.parse().ok().map(Some)));
        let after: Option<Uuid> = after.ok_or_else(|| status::page_token_invalid().status(DOMAIN))?;
        let (id, size) = (convert::complaint_id(&request.name), page::size(request.page_size));
        let proof = convert::proof(request.proof);
        let found = self.app().reveals((&caller, &proof), id, (after, size + 1)).await;
        let found = found.map_err(|failure| of(&failure, id))?;
        let (found, next_page_token) = page::cut(&list, size, found, |reveal| reveal.id.to_string());
        let reveals = found.into_iter().map(told).collect();
        Ok(Response::new(v1::ListRevealsResponse { reveals, next_page_token }))
    }

    async fn update_reporter(
        &self,
        request: Request<v1::UpdateReporterRequest>,
    ) -> Result<Response<v1::UpdateReporterResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, ("UpdateReporter", &request.request_id), &request)?;
        let (app, complaint) = (self.app(), convert::complaint_id(&request.name));
        let fields = masked(request.update_mask.as_ref())?;
        let (proof, given) = (convert::proof(request.proof), convert::reporter(request.reporter));
        let updated = to_the_end(async move {
            let order = Order { caller: &caller, key, deadline, complaint, etag: String::new() };
            app.update_reporter(order, &proof, |known| changed(known, given, &fields)).await
        });
        let updated = updated.await.map_err(|failure| of(&failure, complaint))?;
        Ok(Response::new(v1::UpdateReporterResponse { reporter: Some(said(updated)) }))
    }

    async fn export_reporter(
        &self,
        request: Request<v1::ExportReporterRequest>,
    ) -> Result<Response<v1::ExportReporterResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let (id, proof) = (convert::complaint_id(&request.name), convert::proof(request.proof));
        let export = self.app().export_reporter((&caller, &proof), id, EXPORT_LIMIT).await;
        let export = export.map_err(|failure| of(&failure, id))?;
        Ok(Response::new(v1::ExportReporterResponse {
            complaint: Some(convert::placed(convert::complaint(&export.complaint), export.place)),
            reporter: Some(said(export.reporter)),
            channel_reference: export.channel_reference,
            entries: export.steps.iter().map(convert::entry).collect(),
            reveals: export.reveals.into_iter().map(told).collect(),
        }))
    }

    async fn erase_reporter(
        &self,
        request: Request<v1::EraseReporterRequest>,
    ) -> Result<Response<v1::EraseReporterResponse>, Status> {
        self.complaints.give(request).await
    }
}

impl Asks for v1::EraseReporterRequest {
    type Answer = v1::EraseReporterResponse;
    const RPC: &'static str = "EraseReporter";

    fn head(&self) -> (&str, &str, &str) {
        (&self.request_id, &self.name, &self.etag)
    }

    fn asked(self) -> Result<(Wish, Texts), Status> {
        if self.proof.is_none() && self.purpose.is_empty() {
            return Err(status::invalid_field("purpose", "an official has to say it").status(DOMAIN));
        }
        let texts = Texts { internal: self.purpose, ..Texts::default() };
        Ok((Wish::EraseReporter { proof: convert::proof(self.proof) }, texts))
    }

    fn answer(complaint: v1::Complaint) -> v1::EraseReporterResponse {
        let restriction = match complaint.reporter_restrict_time {
            Some(_) => v1::RestrictionReason::DisciplineCase,
            None => v1::RestrictionReason::Unspecified,
        };
        v1::EraseReporterResponse { complaint: Some(complaint), restriction: restriction.into() }
    }
}

/// The fields to replace; none for those that are given.
fn masked(mask: Option<&prost_types::FieldMask>) -> Result<Vec<String>, Status> {
    let paths = mask.map(|mask| mask.paths.clone()).unwrap_or_default();
    let is_known = |path: &String| ["*", "display_name", "phone", "email"].contains(&path.as_str());
    if paths.iter().all(is_known) {
        return Ok(paths);
    }
    let why = "may hold display_name, phone, email and *";
    Err(status::invalid_field("update_mask", why).status(DOMAIN))
}

fn changed(known: Reporter, given: Reporter, fields: &[String]) -> Reporter {
    let pick = |field: &str, known: String, given: String| {
        let replaces = if fields.is_empty() {
            !given.is_empty()
        } else {
            fields.iter().any(|path| path == field || path == "*")
        };
        if replaces { given } else { known }
    };
    Reporter {
        name: pick("display_name", known.name, given.name),
        phone: pick("phone", known.phone, given.phone),
        email: pick("email", known.email, given.email),
    }
}

fn said(reporter: Reporter) -> v1::Reporter {
    v1::Reporter { display_name: reporter.name, phone: reporter.phone, email: reporter.email }
}

fn told(reveal: Reveal) -> v1::Reveal {
    v1::Reveal { person: reveal.person.to_string(), purpose: reveal.purpose, time: Some(to_proto(reveal.at)) }
}
