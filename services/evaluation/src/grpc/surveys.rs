//! SurveyService.

use kit::{page, run::to_the_end, validate};
use proto::evaluation::v1::{self, survey_service_server::SurveyService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    after, convert, named, order,
    status::{DOMAIN, of},
};
use crate::{
    app::{App, Failure, ToOpen},
    domain::{
        RoundName, SurveyId, UnitId,
        survey::{Round, RoundUnit, Survey},
    },
};

/// Surveys, their rounds, and tokens.
pub(crate) struct Surveys {
    app: App,
}

impl Surveys {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl SurveyService for Surveys {
    async fn create_survey(
        &self,
        request: Request<v1::CreateSurveyRequest>,
    ) -> Result<Response<v1::CreateSurveyResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let order = order((&caller, deadline), "CreateSurvey", (&request.request_id, &request))?;
        let norm = request.norm.trim_start_matches("norms/").to_owned();
        let app = self.app.clone();
        let survey = to_the_end(async move { app.create_survey(order, norm, request.title).await }).await;
        let survey = survey.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::CreateSurveyResponse { survey: Some(convert::survey(&survey)) }))
    }

    async fn get_survey(
        &self,
        request: Request<v1::GetSurveyRequest>,
    ) -> Result<Response<v1::GetSurveyResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let id = named(&request.name, SurveyId::parse)?;
        let survey = self.app.survey(id).await.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::GetSurveyResponse { survey: Some(convert::survey(&survey)) }))
    }

    async fn list_surveys(
        &self,
        request: Request<v1::ListSurveysRequest>,
    ) -> Result<Response<v1::ListSurveysResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let list = format!("ListSurveys {}", request.norm);
        let after = after(&list, &request.page_token, convert::time_key)?;
        let size = page::size(request.page_size);
        let norm = request.norm.trim_start_matches("norms/");
        let found = self.app.surveys(norm, (after, size)).await.map_err(|failure| of(&failure))?;
        let key = |survey: &Survey| convert::to_time_key(survey.created_at, survey.id.0);
        let (found, next_page_token) = page::cut(&list, size, found, key);
        let surveys = found.iter().map(convert::survey).collect();
        Ok(Response::new(v1::ListSurveysResponse { surveys, next_page_token }))
    }

    async fn open_round(
        &self,
        request: Request<v1::OpenRoundRequest>,
    ) -> Result<Response<v1::OpenRoundResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let order = order((&caller, deadline), "OpenRound", (&request.request_id, &request))?;
        let to_open = ToOpen {
            survey: named(&request.parent, SurveyId::parse)?,
            period: convert::period("period", &request.period)?,
            units: units(&request.units)?,
            target_hundredths: convert::target(&request.target_index),
        };
        let app = self.app.clone();
        let round = to_the_end(async move { app.open_round(order, to_open).await }).await;
        let round = round.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::OpenRoundResponse { round: Some(convert::round(&round)) }))
    }

    async fn close_round(
        &self,
        request: Request<v1::CloseRoundRequest>,
    ) -> Result<Response<v1::CloseRoundResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let order = order((&caller, deadline), "CloseRound", (&request.request_id, &request))?;
        let name = named(&request.name, RoundName::parse)?;
        let app = self.app.clone();
        let round = to_the_end(async move { app.close_round(order, name, request.etag).await }).await;
        let round = round.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::CloseRoundResponse { round: Some(convert::round(&round)) }))
    }

    async fn get_round(
        &self,
        request: Request<v1::GetRoundRequest>,
    ) -> Result<Response<v1::GetRoundResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let name = named(&request.name, RoundName::parse)?;
        let round = self.app.round(name).await.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::GetRoundResponse { round: Some(convert::round(&round)) }))
    }

    async fn list_rounds(
        &self,
        request: Request<v1::ListRoundsRequest>,
    ) -> Result<Response<v1::ListRoundsResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let survey = named(&request.parent, SurveyId::parse)?;
        let list = format!("ListRounds {} {}", request.parent, request.state);
        let after = after(&list, &request.page_token, |key| {
            let (day, id) = key.split_once(' ')?;
            Some((day.parse().ok()?, id.parse().ok()?))
        })?;
        let size = page::size(request.page_size);
        let state = convert::state(request.state().as_str_name(), "ROUND_STATE_");
        let found = self.app.rounds((survey, &state), (after, size)).await.map_err(|failure| of(&failure))?;
        let key = |round: &Round| format!("{} {}", round.period.end(), round.name.round);
        let (found, next_page_token) = page::cut(&list, size, found, key);
        let rounds = found.iter().map(convert::round).collect();
        Ok(Response::new(v1::ListRoundsResponse { rounds, next_page_token }))
    }

    async fn issue_tokens(
        &self,
        request: Request<v1::IssueTokensRequest>,
    ) -> Result<Response<v1::IssueTokensResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let order = order((&caller, deadline), "IssueTokens", (&request.request_id, &request))?;
        let of_unit = (named(&request.name, RoundName::parse)?, named(&request.unit, UnitId::parse)?);
        let (app, count) = (self.app.clone(), usize::try_from(request.count).unwrap_or_default());
        let tokens = to_the_end(async move { app.issue_tokens(order, of_unit, count).await }).await;
        let tokens = tokens.map_err(|failure| of(&failure))?;
        let tokens = tokens.into_iter().map(|token| format!("{:032x}", u128::from_be_bytes(token)));
        Ok(Response::new(v1::IssueTokensResponse { count: request.count, tokens: tokens.collect() }))
    }
}

fn units(given: &[v1::RoundUnit]) -> Result<Vec<RoundUnit>, Status> {
    let one = |(at, given): (usize, &v1::RoundUnit)| {
        let unit = UnitId::parse(&given.unit)
            .ok_or_else(|| of(&Failure::UnitNotFound(format!("units[{at}].unit"))))?;
        Ok(RoundUnit { unit, population: given.population })
    };
    given.iter().enumerate().map(one).collect()
}
