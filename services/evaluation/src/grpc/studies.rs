//! StudyService.

use kit::{page, run::to_the_end, validate};
use proto::evaluation::v1::{self, study_service_server::StudyService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    after, convert, named, order,
    status::{DOMAIN, of},
};
use crate::{
    app::{App, Callers, Failure, ToRegister},
    domain::{
        Period, PersonId, ProgrammeId, StudyId,
        trial::{Design, DesignRefused, Outcome, Study},
    },
};

/// Studies of whether something helped.
pub(crate) struct Studies {
    app: App,
}

impl Studies {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl StudyService for Studies {
    async fn register_study(
        &self,
        request: Request<v1::RegisterStudyRequest>,
    ) -> Result<Response<v1::RegisterStudyResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let order = order((&caller, deadline), "RegisterStudy", (&request.request_id, &request))?;
        let new = to_register(request, caller.person.map(PersonId))?;
        let app = self.app.clone();
        let study = to_the_end(async move { app.register_study(order, new).await }).await;
        let study = study.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::RegisterStudyResponse { study: Some(convert::study(&study)) }))
    }

    async fn run_study(
        &self,
        request: Request<v1::RunStudyRequest>,
    ) -> Result<Response<v1::RunStudyResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let order = order((&caller, deadline), "RunStudy", (&request.request_id, &request))?;
        let id = named(&request.name, StudyId::parse)?;
        let app = self.app.clone();
        let study = to_the_end(async move { app.run_study(order, id, request.etag).await }).await;
        let study = study.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::RunStudyResponse { study: Some(convert::study(&study)) }))
    }

    async fn get_study(
        &self,
        request: Request<v1::GetStudyRequest>,
    ) -> Result<Response<v1::GetStudyResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let id = named(&request.name, StudyId::parse)?;
        let study = self.app.study(&Callers::of(&caller), id).await.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::GetStudyResponse { study: Some(convert::study(&study)) }))
    }

    async fn list_studies(
        &self,
        request: Request<v1::ListStudiesRequest>,
    ) -> Result<Response<v1::ListStudiesResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let list = format!("ListStudies {} {}", request.intervention, request.state);
        let after = after(&list, &request.page_token, convert::time_key)?;
        let size = page::size(request.page_size);
        let programme = ProgrammeId::parse(&request.intervention);
        if programme.is_none() && !request.intervention.is_empty() {
            return Ok(Response::new(v1::ListStudiesResponse::default()));
        }
        let state = convert::state(request.state().as_str_name(), "STUDY_STATE_");
        let found = self.app.studies(&Callers::of(&caller), (programme, &state), (after, size)).await;
        let found = found.map_err(|failure| of(&failure))?;
        let key = |study: &Study| convert::to_time_key(study.created_at, study.id.0);
        let (found, next_page_token) = page::cut(&list, size, found, key);
        let studies = found.iter().map(|study| v1::Study { data: None, ..convert::study(study) }).collect();
        Ok(Response::new(v1::ListStudiesResponse { studies, next_page_token }))
    }
}

fn to_register(
    request: v1::RegisterStudyRequest,
    registered_by: Option<PersonId>,
) -> Result<ToRegister, Status> {
    let outcome = match request.outcome() {
        v1::StudyOutcome::Given => Outcome::Given,
        // The contract's rules let no other pass.
        v1::StudyOutcome::Ikm | v1::StudyOutcome::Unspecified => Outcome::Ikm,
    };
    let intervention = match request.intervention.as_str() {
        "" => None,
        name => Some(named(name, ProgrammeId::parse)?),
    };
    let periods =
        (periods("pre_periods", &request.pre_periods)?, periods("post_periods", &request.post_periods)?);
    let refused = |refused| of(&Failure::Design(refused));
    let design = Design::try_new(outcome, (request.treated_units, request.comparison_units), periods)
        .map_err(refused)?;
    let data_invalid = |why| refused(DesignRefused::DataInvalid { why });
    let values = match (outcome, request.data) {
        (Outcome::Ikm, None) => Vec::new(),
        (Outcome::Ikm, Some(_)) => return Err(data_invalid("must be absent where the outcome is measured")),
        (Outcome::Given, None) => return Err(data_invalid("must be there where the outcome is given")),
        (Outcome::Given, Some(data)) => {
            let rows: Vec<(String, Vec<String>)> =
                data.series.into_iter().map(|series| (series.unit, series.values)).collect();
            design.values(&rows).map_err(refused)?
        }
    };
    Ok(ToRegister { title: request.title, intervention, design, seed: request.seed, values, registered_by })
}

fn periods(field: &str, texts: &[String]) -> Result<Vec<Period>, Status> {
    let one = |(at, text): (usize, &String)| convert::period(&format!("{field}[{at}]"), text);
    texts.iter().enumerate().map(one).collect()
}
