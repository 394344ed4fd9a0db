//! PersonService. NIPs and names leave by these answers only, and by no log.

use kit::{page, run::to_the_end, status, validate};
use proto::staff::v1::{self, person_service_server::PersonService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    commands::{limit, take},
    convert::person as convert,
    status::{DOMAIN, of},
};
use crate::{
    app::{App, Failure},
    domain::Profile,
    store::person::Selection,
};

/// The civil servants.
pub(crate) struct People {
    app: App,
}

impl People {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl PersonService for People {
    /// By scope only: a person that has no seat yet is in no unit.
    async fn create_person(
        &self,
        request: Request<v1::CreatePersonRequest>,
    ) -> Result<Response<v1::CreatePersonResponse>, Status> {
        let (order, request) = take(request, "CreatePerson", |request| &request.request_id)?;
        let unsaid = |field| move || status::invalid_field(field, "must be said").status(DOMAIN);
        let employment =
            convert::to_employment(request.employment_type()).ok_or_else(unsaid("employment_type"))?;
        let education =
            convert::to_education(request.education_level()).ok_or_else(unsaid("education_level"))?;
        let profile = Profile::try_new(
            (&request.nip, request.display_name),
            (employment, &request.rank_class),
            education,
            self.app.today(),
        )
        .map_err(|refusal| of(&Failure::Refused(refusal)))?;
        let app = self.app.clone();
        let person = to_the_end(async move { app.create_person(&order, profile).await })
            .await
            .map_err(|failure| of(&failure))?;
        Ok(Response::new(convert::created(&person)))
    }

    async fn get_person(
        &self,
        request: Request<v1::GetPersonRequest>,
    ) -> Result<Response<v1::GetPersonResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let found = self.app.person(&caller, convert::id(&request.name)).await;
        let person = found.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::GetPersonResponse { person: Some(convert::person(&person)) }))
    }

    async fn list_people(
        &self,
        request: Request<v1::ListPeopleRequest>,
    ) -> Result<Response<v1::ListPeopleResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let list = format!("ListPeople {} {}", request.nip, request.employment_type);
        let after = page::key(&list, &request.page_token)
            .ok()
            .and_then(|key| convert::list_key(&key))
            .ok_or_else(|| status::page_token_invalid().status(DOMAIN))?;
        let size = page::size(request.page_size);
        let employment = convert::to_employment(request.employment_type());
        let selection = Selection { employment, after, limit: limit(size) };
        let found = self.app.people(&caller, &request.nip, &selection).await;
        let found = found.map_err(|failure| of(&failure))?;
        let (found, next_page_token) = page::cut(&list, size, found, convert::to_list_key);
        let people = found.iter().map(convert::person).collect();
        Ok(Response::new(v1::ListPeopleResponse { people, next_page_token }))
    }
}
