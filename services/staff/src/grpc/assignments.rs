//! AssignmentService.

use kit::{page, run::to_the_end, status, validate};
use proto::staff::v1::{self, assignment_service_server::AssignmentService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    commands::{limit, take},
    convert::{assignment as convert, person, seat, unit},
    status::{DOMAIN, of},
};
use crate::{
    app::{App, AsOf, Failure},
    domain::Refusal,
    store::assignment::{Selection, Versions},
};

/// Who holds or acts in which seat.
pub(crate) struct Assignments {
    app: App,
}

impl Assignments {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl AssignmentService for Assignments {
    /// The caller's units must hold the seat's unit in their subtrees.
    async fn create_assignment(
        &self,
        request: Request<v1::CreateAssignmentRequest>,
    ) -> Result<Response<v1::CreateAssignmentResponse>, Status> {
        let (order, request) = take(request, "CreateAssignment", |request| &request.request_id)?;
        let asked = convert::to_create(request).map_err(refused)?;
        let app = self.app.clone();
        let created = to_the_end(async move { app.create_assignment(&order, asked).await })
            .await
            .map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::CreateAssignmentResponse { assignment: Some(convert::assignment(&created)) }))
    }

    /// The caller's units must hold the seat's unit in their subtrees.
    async fn end_assignment(
        &self,
        request: Request<v1::EndAssignmentRequest>,
    ) -> Result<Response<v1::EndAssignmentResponse>, Status> {
        let (order, request) = take(request, "EndAssignment", |request| &request.request_id)?;
        let asked = convert::to_end(request).map_err(refused)?;
        let app = self.app.clone();
        let ended = to_the_end(async move { app.end_assignment(&order, asked).await })
            .await
            .map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::EndAssignmentResponse { assignment: Some(convert::assignment(&ended)) }))
    }

    async fn list_assignments(
        &self,
        request: Request<v1::ListAssignmentsRequest>,
    ) -> Result<Response<v1::ListAssignmentsResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let known_at = as_of("", request.known_at.as_ref())?.known_at;
        let list = format!(
            "ListAssignments {} {} {known_at:?} {}",
            request.seat, request.person, request.include_superseded
        );
        let after = page::key(&list, &request.page_token)
            .ok()
            .and_then(|key| convert::list_key(&key))
            .ok_or_else(|| status::page_token_invalid().status(DOMAIN))?;
        let size = page::size(request.page_size);
        let selection = Selection {
            seat: (!request.seat.is_empty()).then(|| seat::id(&request.seat)),
            person: (!request.person.is_empty()).then(|| person::id(&request.person)),
            versions: if request.include_superseded { Versions::All } else { Versions::Newest },
            after,
            limit: limit(size),
        };
        let found = self.app.assignments(&caller, &selection, known_at).await;
        let found = found.map_err(|failure| of(&failure))?;
        let (found, next_page_token) = page::cut(&list, size, found, convert::to_list_key);
        let assignments = found.iter().map(convert::assignment).collect();
        Ok(Response::new(v1::ListAssignmentsResponse { assignments, next_page_token }))
    }

    async fn get_holder(
        &self,
        request: Request<v1::GetHolderRequest>,
    ) -> Result<Response<v1::GetHolderResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let as_of = as_of(&request.valid_at, request.known_at.as_ref())?;
        let found = self.app.holder(&caller, seat::id(&request.seat), as_of).await;
        let holder = found.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::GetHolderResponse { holder: Some(convert::holder(&holder)) }))
    }

    async fn get_directory(
        &self,
        request: Request<v1::GetDirectoryRequest>,
    ) -> Result<Response<v1::GetDirectoryResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let asked = as_of(&request.valid_at, request.known_at.as_ref())?;
        let list = format!("GetDirectory {} {asked:?}", request.unit);
        let invalid = || status::page_token_invalid().status(DOMAIN);
        let key = page::key(&list, &request.page_token).map_err(|_| invalid())?;
        let (as_of, after) = match key.as_str() {
            "" => (asked, None),
            key => {
                convert::directory_key(key).map(|(as_of, after)| (as_of, Some(after))).ok_or_else(invalid)?
            }
        };
        let size = page::size(request.page_size);
        let (day, known_at, found) = self
            .app
            .directory(&caller, (unit::id(&request.unit), as_of), (after, limit(size)))
            .await
            .map_err(|failure| of(&failure))?;
        let (found, next_page_token) =
            page::cut(&list, size, found, |entry| convert::to_directory_key((day, known_at), entry.seat.id));
        let entries = found.iter().map(convert::entry).collect();
        Ok(Response::new(v1::GetDirectoryResponse { entries, next_page_token }))
    }
}

fn as_of(valid_at: &str, known_at: Option<&prost_types::Timestamp>) -> Result<AsOf, Status> {
    convert::as_of(valid_at, known_at).map_err(refused)?.ok_or_else(|| {
        status::invalid_field("known_at", "must be a time of the years 1 to 9999").status(DOMAIN)
    })
}

fn refused(refusal: Refusal) -> Status {
    of(&Failure::Refused(refusal))
}
