//! FindDuplicates, and the duplicates beside a receipt.

use kit::{status::Answer, validate};
use proto::complaints::v1::{self, ErrorReason};
use tonic::{Code, Request, Response, Status};

use super::{
    convert,
    routing::point,
    service::Complaints,
    status::{DOMAIN, of, own},
    words,
};
use crate::{app::ToCompare, domain::duplicates::Candidate};

impl Complaints {
    pub(super) async fn duplicates(
        &self,
        request: Request<v1::FindDuplicatesRequest>,
    ) -> Result<Response<v1::FindDuplicatesResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let id = convert::complaint_id(&request.name);
        let is_described = !request.category.is_empty()
            || !request.text.is_empty()
            || !request.kelurahan_code.is_empty()
            || request.point.is_some();
        let found = match (request.name.is_empty(), request.category.is_empty()) {
            (false, _) if !is_described => self.app.duplicates_of(&caller, id).await,
            (true, false) => {
                let to_compare = ToCompare {
                    kind: words::to_kind(request.kind()),
                    category: request.category.trim_start_matches("categories/").to_owned(),
                    point: point(request.point)?,
                    text: request.text,
                    kelurahan_code: request.kelurahan_code,
                };
                self.app.duplicates_before(to_compare).await
            }
            _ => return Err(of_what().status(DOMAIN)),
        };
        let candidates = found.map_err(|failure| of(&failure, id))?.into_iter().map(candidate).collect();
        Ok(Response::new(v1::FindDuplicatesResponse { candidates }))
    }
}

/// A receipt with what was found; none where it was not looked for in time.
pub(super) fn filed(
    receipt: v1::FileComplaintResponse,
    found: Option<Vec<Candidate>>,
) -> v1::FileComplaintResponse {
    v1::FileComplaintResponse {
        duplicates_searched: found.is_some(),
        duplicates: found.unwrap_or_default().into_iter().map(candidate).collect(),
        ..receipt
    }
}

fn of_what() -> Answer {
    let why = "either the name of a report is given, or a category with a place and a text";
    own(Code::InvalidArgument, ErrorReason::DuplicatesOfWhat, format!("name: {why}")).field("name", why)
}

fn candidate(found: Candidate) -> v1::DuplicateCandidate {
    v1::DuplicateCandidate {
        name: found.id.to_string(),
        score: found.score,
        distance_metres: found.distance_metres.unwrap_or_default(),
        age_hours: i32::try_from(found.age.as_hours()).unwrap_or(i32::MAX),
        state: words::state(found.state).into(),
        kelurahan_code: found.kelurahan_code,
        supporters: found.supporters,
    }
}
