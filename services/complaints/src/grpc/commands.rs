//! The commands' way in: authorised by scope before, validated here, run to their end even where the caller leaves.

use kit::{identity::Caller, request::RequestKey, run::to_the_end, status, validate};
use proto::complaints::v1;
use tonic::{Request, Response, Status};

use super::{
    asks::Asks,
    convert,
    service::Complaints,
    status::{DOMAIN, of},
    words,
};
use crate::{
    app::{Order, Run, ToFile},
    domain::ComplaintId,
};

impl Complaints {
    pub(super) async fn file(
        &self,
        request: Request<v1::FileComplaintRequest>,
    ) -> Result<Response<v1::FileComplaintResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, ("FileComplaint", &request.request_id), &request)?;
        let point = super::routing::point(request.point)?;
        let to_file = ToFile {
            kind: words::to_kind(request.kind()),
            category: request.category.trim_start_matches("categories/").to_owned(),
            text: request.text,
            kelurahan_code: request.kelurahan_code.clone(),
            point,
            asset: request.asset.clone(),
            channel_reference: request.channel_reference,
            unit_complained_of: (!request.unit_complained_of.is_empty())
                .then(|| convert::unit_id(&request.unit_complained_of)),
            reporter: convert::reporter(request.reporter),
        };
        let app = self.app.clone();
        let filed = to_the_end(async move { app.file((&caller, key, deadline), to_file).await }).await;
        let nobody = ComplaintId(uuid::Uuid::nil());
        let filed = filed.map_err(|failure| of(&failure, nobody))?;
        let duplicates = self.app.duplicates_for_receipt(&filed.complaint).await;
        let filed =
            super::routing::filed(convert::filed(&filed), request.kelurahan_code, (point, request.asset));
        let filed = super::duplicates::filed(filed, duplicates);
        Ok(Response::new(filed))
    }

    /// Gives a command.
    pub(super) async fn give<Asked: Asks>(
        &self,
        request: Request<Asked>,
    ) -> Result<Response<Asked::Answer>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let (request_id, name, etag) = request.head();
        let key = key(&caller, (Asked::RPC, request_id), &request)?;
        let (complaint, etag) = (convert::complaint_id(name), etag.to_owned());
        let asked = request.asked()?;
        let app = self.app.clone();
        let done = to_the_end(async move {
            let order = Order { caller: &caller, key, deadline, complaint, etag };
            app.command(order, asked, Run::Real).await
        });
        let done = done.await.map_err(|failure| of(&failure, complaint))?;
        Ok(Response::new(Asked::answer(convert::complaint(&done))))
    }

    pub(super) async fn support(
        &self,
        request: Request<v1::SupportComplaintRequest>,
    ) -> Result<Response<v1::SupportComplaintResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, ("SupportComplaint", &request.request_id), &request)?;
        let complaint = convert::complaint_id(&request.name);
        let app = self.app.clone();
        let supported = to_the_end(async move {
            let order = Order { caller: &caller, key, deadline, complaint, etag: request.etag };
            app.support(order, &request.channel_reference).await
        });
        let supported = supported.await.map_err(|failure| of(&failure, complaint))?;
        Ok(Response::new(v1::SupportComplaintResponse {
            name: supported.id.to_string(),
            state: words::state(supported.state()).into(),
            supporters: supported.counts.supporters,
        }))
    }
}

/// Validates a request, and makes the key that its answer is kept by.
pub(super) fn key<M: validate::Checked>(
    caller: &Caller,
    (rpc, request_id): (&'static str, &str),
    request: &M,
) -> Result<RequestKey, Status> {
    validate::request(request, DOMAIN)?;
    RequestKey::try_new(caller, rpc, request_id, request)
        .map_err(|_| status::invalid_field("request_id", "must be a UUID").status(DOMAIN))
}
