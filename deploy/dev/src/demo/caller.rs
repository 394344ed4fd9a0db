//! The people and systems of the demonstration: a channel that files, an officer, a validator, a reader of figures. Every
//! call is repeated with the same request id while its service does not answer, as a real client would.

use std::{future::Future, time::Duration};

use anyhow::{Context, Result};
use proto::{
    complaints::v1::{
        AcceptComplaintRequest, ApproveFollowUpRequest, ComplaintOutcome, ConfirmResolutionRequest,
        FileComplaintRequest, ReporterProof, SubmitFollowUpRequest,
        complaint_service_client::ComplaintServiceClient,
    },
    evaluation::v1::{GetFiguresRequest, figure_service_client::FigureServiceClient},
    staff::v1::{ListUnitsRequest, UnitKind, unit_service_client::UnitServiceClient},
};
use serde_json::{Value, json};
use tokio::time::Instant;
use tonic::{Code, Response, Status, transport::Channel};
use uuid::Uuid;

use super::{
    period::Quarter,
    plan::{Fate, Report},
};
use crate::{
    client::{authorized, channel},
    stack::Stack,
    token::{Identity, all_scopes},
};

/// How long a call is repeated while its service does not answer.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);
/// A call's own deadline.
const DEADLINE: Duration = Duration::from_secs(10);

/// Whoever calls.
pub(super) struct Caller {
    complaints: ComplaintServiceClient<Channel>,
    evaluation: FigureServiceClient<Channel>,
    staff: UnitServiceClient<Channel>,
    channel: String,
    officer: String,
    validator: String,
    reader: String,
}

/// The units that reports are about.
pub(super) struct Units {
    /// The root, `units/{unit}`.
    pub(super) province: String,
    /// The codes of all kelurahan, sorted.
    pub(super) kelurahan: Vec<String>,
}

/// A filed report.
#[derive(Debug)]
pub(super) struct Filed {
    name: String,
    access_code: String,
}

impl Caller {
    pub(super) async fn connect(stack: &Stack) -> Result<Self> {
        let staff = UnitServiceClient::new(channel(&stack.service("staff")?.url()).await?);
        let reading = stack.token(&Identity {
            subject: "demo-reader".to_owned(),
            scopes: vec!["staff.read".to_owned()],
            ..Identity::default()
        })?;
        let province = province(staff.clone(), &reading).await?;
        let token = |subject: &str, person: Option<u128>| {
            stack.token(&Identity {
                subject: subject.to_owned(),
                scopes: all_scopes()?,
                units: person.map(|_| province.clone()).into_iter().collect(),
                person: person.map(|id| format!("people/{}", Uuid::from_u128(id))),
                actor: None,
            })
        };
        Ok(Self {
            complaints: ComplaintServiceClient::new(channel(&stack.service("complaints")?.url()).await?),
            evaluation: FigureServiceClient::new(channel(&stack.service("evaluation")?.url()).await?),
            staff,
            channel: token("demo-channel", None)?,
            officer: token("demo-officer", Some(1))?,
            validator: token("demo-validator", Some(2))?,
            reader: token("demo-reader", Some(3))?,
        })
    }

    /// The tree's root and its kelurahan.
    pub(super) async fn units(&self) -> Result<Units> {
        let request =
            ListUnitsRequest { kind: UnitKind::Subdistrict.into(), page_size: 1_000, ..Default::default() };
        let listed = patiently(|| {
            let request = with_deadline(request.clone(), &self.reader);
            let mut staff = self.staff.clone();
            async move { staff.list_units(request).await }
        })
        .await?;
        let mut kelurahan: Vec<String> = listed.units.into_iter().map(|unit| unit.code).collect();
        kelurahan.sort();
        anyhow::ensure!(!kelurahan.is_empty(), "staff knows no kelurahan");
        Ok(Units { province: province(self.staff.clone(), &self.reader).await?, kelurahan })
    }

    pub(super) async fn file(&self, report: &Report) -> Result<Filed> {
        let request = FileComplaintRequest {
            request_id: request_id(report, 0),
            category: format!("categories/{}", report.category),
            text: "Mohon ditindaklanjuti.".to_owned(),
            kelurahan_code: report.kelurahan_code.clone(),
            channel_reference: report.number.to_string(),
            ..Default::default()
        };
        let answer = patiently(|| {
            let request = with_deadline(request.clone(), &self.channel);
            let mut complaints = self.complaints.clone();
            async move { complaints.file_complaint(request).await }
        })
        .await?;
        let name = answer.complaint.context("a filed report has no body")?.name;
        Ok(Filed { name, access_code: answer.access_code })
    }

    pub(super) async fn accept(&self, report: &Report, filed: &Filed) -> Result<()> {
        let request = AcceptComplaintRequest {
            request_id: request_id(report, 1),
            name: filed.name.clone(),
            ..Default::default()
        };
        patiently(|| {
            let request = with_deadline(request.clone(), &self.officer);
            let mut complaints = self.complaints.clone();
            async move { complaints.accept_complaint(request).await }
        })
        .await
        .map(drop)
    }

    pub(super) async fn submit_follow_up(&self, report: &Report, filed: &Filed) -> Result<()> {
        let request = SubmitFollowUpRequest {
            request_id: request_id(report, 2),
            name: filed.name.clone(),
            public_text: "Sudah ditindaklanjuti.".to_owned(),
            proposed_outcome: ComplaintOutcome::Fixed.into(),
            ..Default::default()
        };
        patiently(|| {
            let request = with_deadline(request.clone(), &self.officer);
            let mut complaints = self.complaints.clone();
            async move { complaints.submit_follow_up(request).await }
        })
        .await
        .map(drop)
    }

    pub(super) async fn approve_follow_up(&self, report: &Report, filed: &Filed) -> Result<()> {
        let request = ApproveFollowUpRequest {
            request_id: request_id(report, 3),
            name: filed.name.clone(),
            ..Default::default()
        };
        patiently(|| {
            let request = with_deadline(request.clone(), &self.validator);
            let mut complaints = self.complaints.clone();
            async move { complaints.approve_follow_up(request).await }
        })
        .await
        .map(drop)
    }

    pub(super) async fn confirm(&self, report: &Report, filed: &Filed) -> Result<()> {
        let Fate::Confirmed(rating) = report.fate else { return Ok(()) };
        let request = ConfirmResolutionRequest {
            request_id: request_id(report, 4),
            name: filed.name.clone(),
            reporter: Some(ReporterProof { access_code: filed.access_code.clone(), ..Default::default() }),
            rating,
            ..Default::default()
        };
        patiently(|| {
            let request = with_deadline(request.clone(), &self.channel);
            let mut complaints = self.complaints.clone();
            async move { complaints.confirm_resolution(request).await }
        })
        .await
        .map(drop)
    }

    /// What became of the reports of these quarters, as evaluation counts them.
    pub(super) async fn figures(&self, unit: &str, quarters: &[Quarter]) -> Result<Value> {
        let (mut filed, mut resolved, mut confirmed, mut reopened) = (0, 0, 0, 0);
        for quarter in quarters {
            let request = GetFiguresRequest { unit: unit.to_owned(), period: quarter.to_string() };
            let answer = patiently(|| {
                let request = with_deadline(request.clone(), &self.reader);
                let mut evaluation = self.evaluation.clone();
                async move { evaluation.get_figures(request).await }
            })
            .await?;
            let figures = answer.figures.context("no figures came")?;
            filed += figures.filed;
            resolved += figures.resolved;
            confirmed += figures.confirmed;
            reopened += figures.reopened;
        }
        Ok(json!({ "filed": filed, "resolved": resolved, "confirmed": confirmed, "reopened": reopened }))
    }
}

async fn province(staff: UnitServiceClient<Channel>, token: &str) -> Result<String> {
    let request = ListUnitsRequest { kind: UnitKind::Province.into(), ..Default::default() };
    let listed = patiently(|| {
        let request = with_deadline(request.clone(), token);
        let mut staff = staff.clone();
        async move { staff.list_units(request).await }
    })
    .await?;
    Ok(listed.units.into_iter().next().context("staff knows no province")?.name)
}

/// The same for the same step of the same report, so that a repeated call is answered again, not done again.
fn request_id(report: &Report, step: u64) -> String {
    Uuid::from_u64_pair(0x7000 | step, 0x8000_0000_0000_0000 | report.number).to_string()
}

fn with_deadline<T>(message: T, token: &str) -> tonic::Request<T> {
    let mut request = authorized(message, token);
    request.set_timeout(DEADLINE);
    request
}

/// Repeats a call while its service does not answer.
async fn patiently<T, Call, Answered>(call: Call) -> Result<T>
where
    Call: Fn() -> Answered,
    Answered: Future<Output = Result<Response<T>, Status>>,
{
    let until = Instant::now() + PATIENCE;
    loop {
        match call().await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if passes(&status) && Instant::now() < until => tokio::time::sleep(PAUSE).await,
            Err(status) => anyhow::bail!("{:?}: {}", status.code(), status.message()),
        }
    }
}

/// Whether a failure may pass by itself: the service is away, or went away in the middle of the call.
fn passes(status: &Status) -> bool {
    let broken = matches!(status.code(), Code::Unknown | Code::Internal | Code::Cancelled)
        && std::error::Error::source(status).is_some();
    broken || matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted)
}
