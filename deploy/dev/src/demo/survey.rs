//! The satisfaction survey: a round for each quarter, with tokens handed out and answers sent in, and what it shows.

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use proto::evaluation::v1::{
    Aggregate, CloseRoundRequest, CreateSurveyRequest, Grade, Index, IssueTokensRequest, ListIndicesRequest,
    OpenRoundRequest, RoundUnit, SubmitResponseRequest, index_service_client::IndexServiceClient,
    response_service_client::ResponseServiceClient, survey_service_client::SurveyServiceClient,
};
use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic_types::StatusExt;

use super::{
    answers::{ANSWERS, Asked, TARGET, Truth},
    caller::{AT_ONCE, Caller, PAGE, Units, request_id},
    period::Quarter,
};
use crate::calls::{Failed, NOBODY, call};

/// A round that was held, and what came out.
pub(super) struct Held {
    quarter: Quarter,
    indices: Vec<Index>,
    aggregate: Aggregate,
}

/// What a round is about.
pub(super) struct Round<'a> {
    pub(super) survey: &'a str,
    pub(super) quarter: Quarter,
    /// Its number among the rounds.
    pub(super) number: u64,
    /// Whether the people of the unit at this place of the list were trained before.
    pub(super) trained: &'a (dyn Fn(usize) -> bool + Sync),
}

impl Caller {
    fn surveys(&self) -> SurveyServiceClient<Channel> {
        SurveyServiceClient::new(self.evaluation.clone())
    }

    pub(super) async fn make_survey(&self) -> Result<String> {
        let request = CreateSurveyRequest {
            request_id: request_id(0),
            norm: "norms/skm-2017".to_owned(),
            title: "Survei Kepuasan Masyarakat".to_owned(),
        };
        let answer = call(&self.officer, &request, |request| {
            let mut surveys = self.surveys();
            async move { surveys.create_survey(request).await }
        })
        .await?;
        Ok(answer.survey.context("a survey has no body")?.name)
    }

    /// Holds a round: opens it, has all answers sent in, closes it.
    pub(super) async fn hold(&self, round: Round<'_>, truth: &Truth, units: &Units) -> Result<Held> {
        let name = self.open_round(&round, units).await?;
        stream::iter(units.districts.iter().enumerate())
            .map(|(place, unit)| {
                let asked = Asked {
                    unit: place,
                    round: round.number,
                    respondent: 0,
                    trained: (round.trained)(place),
                };
                self.ask(&name, &unit.name, asked, truth)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        let request = CloseRoundRequest {
            request_id: request_id(round.number),
            name: name.clone(),
            ..Default::default()
        };
        call(&self.officer, &request, |request| {
            let mut surveys = self.surveys();
            async move { surveys.close_round(request).await }
        })
        .await?;
        self.indices(name, round.quarter).await
    }

    async fn open_round(&self, round: &Round<'_>, units: &Units) -> Result<String> {
        let covered = |unit: &proto::staff::v1::Unit| RoundUnit { unit: unit.name.clone(), population: 0 };
        let request = OpenRoundRequest {
            request_id: request_id(round.number),
            parent: round.survey.to_owned(),
            period: round.quarter.to_string(),
            units: units.districts.iter().map(covered).collect(),
            target_index: TARGET.to_owned(),
        };
        let answer = call(&self.officer, &request, |request| {
            let mut surveys = self.surveys();
            async move { surveys.open_round(request).await }
        })
        .await?;
        Ok(answer.round.context("a round has no body")?.name)
    }

    /// Hands out tokens for a unit, and has each answered.
    async fn ask(&self, round: &str, unit: &str, asked: Asked, truth: &Truth) -> Result<()> {
        let number = asked.round * 1_000 + asked.unit as u64;
        let tokens = self.tokens(round, unit, number).await?;
        for (respondent, token) in (0..).zip(tokens) {
            let scores = truth.answer(Asked { respondent, ..asked });
            let request = SubmitResponseRequest { token, scores };
            let taken = call(NOBODY, &request, |request| {
                let mut responses = ResponseServiceClient::new(self.evaluation.clone());
                async move { responses.submit_response(request).await }
            })
            .await;
            match taken {
                Err(failed) if was_taken(&failed) => {}
                taken => drop(taken?),
            }
        }
        Ok(())
    }

    /// Tokens are told once. Where the answer that told them was lost, others are made.
    async fn tokens(&self, round: &str, unit: &str, number: u64) -> Result<Vec<String>> {
        for attempt in 0..3 {
            let request = IssueTokensRequest {
                request_id: request_id(attempt * 1_000_000 + number),
                name: round.to_owned(),
                unit: unit.to_owned(),
                count: i32::try_from(ANSWERS)?,
            };
            let issued = call(&self.officer, &request, |request| {
                let mut surveys = self.surveys();
                async move { surveys.issue_tokens(request).await }
            })
            .await?;
            if !issued.tokens.is_empty() {
                return Ok(issued.tokens);
            }
        }
        anyhow::bail!("tokens were lost again and again")
    }

    async fn indices(&self, round: String, quarter: Quarter) -> Result<Held> {
        let request = ListIndicesRequest { round, page_size: PAGE, ..Default::default() };
        let answer = call(&self.reader, &request, |request| {
            let mut indices = IndexServiceClient::new(self.evaluation.clone());
            async move { indices.list_indices(request).await }
        })
        .await?;
        ensure!(answer.next_page_token.is_empty(), "a round has more than a page of indices");
        Ok(Held {
            quarter,
            indices: answer.indices,
            aggregate: answer.aggregate.context("the round has no aggregate")?,
        })
    }
}

/// Whether an answer that is refused now was taken before, when the caller could not hear of it: by then it is mixed with
/// others, and its token forgotten.
fn was_taken(failed: &Failed) -> bool {
    let reason = failed.status.get_details_error_info().map(|info| info.reason);
    failed.repeated && reason.as_deref() == Some("TOKEN_SPENT_OR_UNKNOWN")
}

impl Held {
    pub(super) fn to_json(&self) -> Value {
        let responses: i64 = self.indices.iter().map(|index| index.respondents).sum();
        json!({ "period": self.quarter.to_string(), "responses": responses, "units": self.indices.len() })
    }

    /// The province's index and the lowest of the units'; of equal ones the first by code.
    pub(super) fn index_to_json(&self, units: &Units) -> Value {
        let named = units.districts.iter().filter_map(|unit| {
            let index = self.indices.iter().find(|index| index.unit == unit.name && !index.ikm.is_empty())?;
            // All have two digits before the point, or are 100.00.
            Some(((index.ikm.len(), &index.ikm), unit, index))
        });
        let lowest = named.min_by_key(|(ikm, ..)| *ikm);
        json!({
            "province_unweighted": self.aggregate.unweighted_ikm,
            "province_weighted": self.aggregate.respondent_weighted_ikm,
            "lowest_unit": lowest.map(|(_, unit, index)| json!({
                "name": unit.display_name,
                "ikm": index.ikm,
                "grade": Grade::try_from(index.grade).map_or("", |grade| grade.as_str_name()).trim_start_matches("GRADE_"),
            })),
        })
    }
}
