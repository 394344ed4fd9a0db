//! What is done about it: the needs that the figures show, a lottery for who is trained first, a study registered before
//! the outcome is known; later the training completed, the study run, the needs answered.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use proto::{
    evaluation::v1::{
        RegisterStudyRequest, RunStudyRequest, StudyOutcome, StudyResult,
        study_service_client::StudyServiceClient,
    },
    training::v1::{
        AnswerNeedRequest, ApproveEnrolmentRequest, CompleteEnrolmentRequest, CreateBatchRequest,
        CreateProgrammeRequest, DrawLotteryRequest, Enrolment, EnrolmentState, ListEnrolmentsRequest,
        ListNeedsRequest, Need, NeedAnswer, ProgrammeForm, PublishLotteryRequest,
        batch_service_client::BatchServiceClient, enrolment_service_client::EnrolmentServiceClient,
        lottery_service_client::LotteryServiceClient, need_service_client::NeedServiceClient,
        programme_service_client::ProgrammeServiceClient,
    },
};
use tokio::time::Instant;
use tonic::transport::Channel;

use super::{
    answers::ELEMENT,
    caller::{AT_ONCE, Caller, PAGE, request_id},
    period::Quarter,
    register::SEATS_IN_DISTRICT,
};
use crate::calls::call;

/// A study needs at least four units on each side.
const FEWEST_NEEDS: usize = 8;
/// How long the training service may take to nominate everybody.
const NOMINATED_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);
/// JP of the programme, and its days.
const HOURS_JP: i32 = 16;
const DAYS: i8 = 2;

/// The needs, in the order in which they were listed, and what is done about them.
pub(super) struct Improvement {
    needs: Vec<Need>,
    /// The units that are trained first.
    first: BTreeSet<String>,
    study: String,
    /// Approved, to take part.
    approved: Vec<Enrolment>,
    pub(super) nominated: usize,
}

impl Improvement {
    pub(super) fn needs(&self) -> usize {
        self.needs.len()
    }

    pub(super) fn approved(&self) -> usize {
        self.approved.len()
    }

    pub(super) fn is_trained(&self, unit: &str) -> bool {
        self.first.contains(unit)
    }
}

impl Caller {
    fn enrolments(&self) -> EnrolmentServiceClient<Channel> {
        EnrolmentServiceClient::new(self.training.clone())
    }

    fn studies(&self) -> StudyServiceClient<Channel> {
        StudyServiceClient::new(self.evaluation.clone())
    }

    pub(super) async fn make_programme(&self) -> Result<String> {
        let request = CreateProgrammeRequest {
            request_id: request_id(0),
            title: "Pelayanan dengan empati".to_owned(),
            elements: vec![ELEMENT.to_owned()],
            hours_jp: HOURS_JP,
            form: ProgrammeForm::Classical.into(),
        };
        let answer = call(&self.officer, &request, |request| {
            let mut programmes = ProgrammeServiceClient::new(self.training.clone());
            async move { programmes.create_programme(request).await }
        })
        .await?;
        Ok(answer.programme.context("a programme has no body")?.name)
    }

    /// Takes up the needs: draws half of their units by lot, registers the study, and approves the people of the units
    /// drawn for a batch at the beginning of `next`.
    pub(super) async fn improve(
        &self,
        programme: &str,
        seed: u64,
        (before, next): (&[Quarter], Quarter),
    ) -> Result<Improvement> {
        let needs = self.needs().await?;
        ensure!(needs.len() >= FEWEST_NEEDS, "only {} units have a need", needs.len());
        let nominations = self.nominations(needs.len() * SEATS_IN_DISTRICT).await?;
        let drawn = self.draw(programme, seed, &needs).await?;
        let (first, waiting) = drawn.split_at(drawn.len() / 2);
        let study = RegisterStudyRequest {
            request_id: request_id(0),
            title: "Pelayanan dengan empati".to_owned(),
            intervention: programme.to_owned(),
            outcome: StudyOutcome::Ikm.into(),
            treated_units: first.to_vec(),
            comparison_units: waiting.to_vec(),
            pre_periods: before.iter().map(Quarter::to_string).collect(),
            post_periods: vec![next.to_string()],
            seed: i64::try_from(seed).unwrap_or_default(),
            data: None,
        };
        let study = call(&self.officer, &study, |request| {
            let mut studies = self.studies();
            async move { studies.register_study(request).await }
        })
        .await?;
        let first: BTreeSet<String> = first.iter().cloned().collect();
        let to_approve: Vec<&Enrolment> =
            nominations.iter().filter(|nomination| first.contains(&nomination.unit)).collect();
        let batch = self.batch(programme, next, to_approve.len()).await?;
        let approved = stream::iter((0..).zip(to_approve))
            .map(|(number, enrolment)| self.approve(number, enrolment, &batch))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(Improvement {
            needs,
            first,
            study: study.study.context("a study has no body")?.name,
            approved,
            nominated: nominations.len(),
        })
    }

    /// The needs for the element, which evaluation's events made.
    async fn needs(&self) -> Result<Vec<Need>> {
        let request = ListNeedsRequest { page_size: PAGE, element: ELEMENT.to_owned(), ..Default::default() };
        let answer = call(&self.reader, &request, |request| {
            let mut needs = NeedServiceClient::new(self.training.clone());
            async move { needs.list_needs(request).await }
        })
        .await?;
        Ok(answer.needs)
    }

    /// The nominations that training makes by itself, once all are there.
    async fn nominations(&self, expected: usize) -> Result<Vec<Enrolment>> {
        let until = Instant::now() + NOMINATED_WITHIN;
        loop {
            let nominated = self.enrolments_in(EnrolmentState::Nominated).await?;
            if nominated.len() == expected {
                return Ok(nominated);
            }
            ensure!(Instant::now() < until, "{} of {expected} people were nominated", nominated.len());
            tokio::time::sleep(POLL).await;
        }
    }

    async fn enrolments_in(&self, state: EnrolmentState) -> Result<Vec<Enrolment>> {
        let request = ListEnrolmentsRequest { page_size: PAGE, state: state.into(), ..Default::default() };
        let answer = call(&self.reader, &request, |request| {
            let mut enrolments = self.enrolments();
            async move { enrolments.list_enrolments(request).await }
        })
        .await?;
        ensure!(answer.next_page_token.is_empty(), "there are more than a page of enrolments");
        Ok(answer.enrolments)
    }

    /// The units in the order drawn.
    async fn draw(&self, programme: &str, seed: u64, needs: &[Need]) -> Result<Vec<String>> {
        let mut units: Vec<String> = needs.iter().map(|need| need.unit.clone()).collect();
        units.sort();
        let request = PublishLotteryRequest {
            request_id: request_id(0),
            programme: programme.to_owned(),
            seed: format!("demonstration-{seed}"),
            first_wave: i32::try_from(units.len() / 2)?,
            units,
        };
        let published = call(&self.officer, &request, |request| {
            let mut lotteries = LotteryServiceClient::new(self.training.clone());
            async move { lotteries.publish_lottery(request).await }
        })
        .await?;
        let name = published.lottery.context("a lottery has no body")?.name;
        let request = DrawLotteryRequest { request_id: request_id(0), name, ..Default::default() };
        let drawn = call(&self.officer, &request, |request| {
            let mut lotteries = LotteryServiceClient::new(self.training.clone());
            async move { lotteries.draw_lottery(request).await }
        })
        .await?;
        Ok(drawn.lottery.context("a lottery has no body")?.drawn_units)
    }

    async fn batch(&self, programme: &str, quarter: Quarter, capacity: usize) -> Result<String> {
        let start = quarter.first_day()?;
        let request = CreateBatchRequest {
            request_id: request_id(0),
            parent: programme.to_owned(),
            start_date: start.to_string(),
            end_date: start.checked_add(jiff::Span::new().days(DAYS))?.to_string(),
            capacity: i32::try_from(capacity)?,
        };
        let answer = call(&self.officer, &request, |request| {
            let mut batches = BatchServiceClient::new(self.training.clone());
            async move { batches.create_batch(request).await }
        })
        .await?;
        Ok(answer.batch.context("a batch has no body")?.name)
    }

    async fn approve(&self, number: u64, nominated: &Enrolment, batch: &str) -> Result<Enrolment> {
        let request = ApproveEnrolmentRequest {
            request_id: request_id(number),
            name: nominated.name.clone(),
            batch: batch.to_owned(),
            ..Default::default()
        };
        let answer = call(&self.validator, &request, |request| {
            let mut enrolments = self.enrolments();
            async move { enrolments.approve_enrolment(request).await }
        })
        .await?;
        answer.enrolment.context("an enrolment has no body")
    }

    /// Records that all who were approved took part to the end.
    pub(super) async fn complete(&self, improvement: &Improvement) -> Result<()> {
        stream::iter((0..).zip(&improvement.approved))
            .map(|(number, enrolment)| async move {
                let request = CompleteEnrolmentRequest {
                    request_id: request_id(number),
                    name: enrolment.name.clone(),
                    ..Default::default()
                };
                call(&self.officer, &request, |request| {
                    let mut enrolments = self.enrolments();
                    async move { enrolments.complete_enrolment(request).await }
                })
                .await
                .map(drop)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(())
    }

    /// How many have completed the programme.
    pub(super) async fn completed(&self) -> Result<usize> {
        Ok(self.enrolments_in(EnrolmentState::Completed).await?.len())
    }

    /// Runs the study.
    pub(super) async fn conclude(&self, improvement: &Improvement) -> Result<StudyResult> {
        let request = RunStudyRequest {
            request_id: request_id(0),
            name: improvement.study.clone(),
            ..Default::default()
        };
        let answer = call(&self.officer, &request, |request| {
            let mut studies = self.studies();
            async move { studies.run_study(request).await }
        })
        .await?;
        answer.study.and_then(|study| study.result).context("the study has no result")
    }

    /// Says of the needs of the units that were trained that they are answered.
    pub(super) async fn answer_needs(&self, improvement: &Improvement) -> Result<()> {
        let trained = improvement.needs.iter().filter(|need| improvement.is_trained(&need.unit));
        for (number, need) in (0..).zip(trained) {
            let request = AnswerNeedRequest {
                request_id: request_id(number),
                name: need.name.clone(),
                answer: NeedAnswer::Trained.into(),
                reason: "Pelatihan selesai.".to_owned(),
                ..Default::default()
            };
            call(&self.validator, &request, |request| {
                let mut needs = NeedServiceClient::new(self.training.clone());
                async move { needs.answer_need(request).await }
            })
            .await?;
        }
        Ok(())
    }
}
