//! Reports: a channel files them, an officer follows up, a validator finds it good, the reporter confirms.

use anyhow::{Context, Result};
use proto::{
    complaints::v1::{
        AcceptComplaintRequest, ApproveFollowUpRequest, ComplaintOutcome, ConfirmResolutionRequest,
        FileComplaintRequest, ReporterProof, SubmitFollowUpRequest,
        complaint_service_client::ComplaintServiceClient,
    },
    evaluation::v1::{GetFiguresRequest, figure_service_client::FigureServiceClient},
};
use serde_json::{Value, json};
use tonic::transport::Channel;

use super::{
    caller::{Caller, request_id},
    period::Quarter,
    plan::{Fate, Report},
};
use crate::calls::call;

/// A filed report.
#[derive(Debug)]
pub(super) struct Filed {
    name: String,
    access_code: String,
}

impl Caller {
    fn complaints(&self) -> ComplaintServiceClient<Channel> {
        ComplaintServiceClient::new(self.complaints.clone())
    }

    pub(super) async fn file(&self, report: &Report) -> Result<Filed> {
        let request = FileComplaintRequest {
            request_id: request_id(report.number),
            category: format!("categories/{}", report.category),
            text: "Mohon ditindaklanjuti.".to_owned(),
            kelurahan_code: report.kelurahan_code.clone(),
            channel_reference: report.number.to_string(),
            ..Default::default()
        };
        let answer = call(&self.channel, &request, |request| {
            let mut complaints = self.complaints();
            async move { complaints.file_complaint(request).await }
        })
        .await?;
        let name = answer.complaint.context("a filed report has no body")?.name;
        Ok(Filed { name, access_code: answer.access_code })
    }

    pub(super) async fn accept(&self, report: &Report, filed: &Filed) -> Result<()> {
        let request = AcceptComplaintRequest {
            request_id: request_id(report.number),
            name: filed.name.clone(),
            ..Default::default()
        };
        call(&self.officer, &request, |request| {
            let mut complaints = self.complaints();
            async move { complaints.accept_complaint(request).await }
        })
        .await?;
        Ok(())
    }

    pub(super) async fn submit_follow_up(&self, report: &Report, filed: &Filed) -> Result<()> {
        let request = SubmitFollowUpRequest {
            request_id: request_id(report.number),
            name: filed.name.clone(),
            public_text: "Sudah ditindaklanjuti.".to_owned(),
            proposed_outcome: ComplaintOutcome::Fixed.into(),
            ..Default::default()
        };
        call(&self.officer, &request, |request| {
            let mut complaints = self.complaints();
            async move { complaints.submit_follow_up(request).await }
        })
        .await?;
        Ok(())
    }

    pub(super) async fn approve_follow_up(&self, report: &Report, filed: &Filed) -> Result<()> {
        let request = ApproveFollowUpRequest {
            request_id: request_id(report.number),
            name: filed.name.clone(),
            ..Default::default()
        };
        call(&self.validator, &request, |request| {
            let mut complaints = self.complaints();
            async move { complaints.approve_follow_up(request).await }
        })
        .await?;
        Ok(())
    }

    pub(super) async fn confirm(&self, report: &Report, filed: &Filed) -> Result<()> {
        let Fate::Confirmed(rating) = report.fate else { return Ok(()) };
        let request = ConfirmResolutionRequest {
            request_id: request_id(report.number),
            name: filed.name.clone(),
            reporter: Some(ReporterProof { access_code: filed.access_code.clone(), ..Default::default() }),
            rating,
            ..Default::default()
        };
        call(&self.channel, &request, |request| {
            let mut complaints = self.complaints();
            async move { complaints.confirm_resolution(request).await }
        })
        .await?;
        Ok(())
    }

    /// What became of the reports of these quarters, as evaluation counts them.
    pub(super) async fn figures(&self, unit: &str, quarters: &[Quarter]) -> Result<Value> {
        let (mut filed, mut resolved, mut confirmed, mut reopened) = (0, 0, 0, 0);
        for quarter in quarters {
            let request = GetFiguresRequest { unit: unit.to_owned(), period: quarter.to_string() };
            let answer = call(&self.reader, &request, |request| {
                let mut evaluation = FigureServiceClient::new(self.evaluation.clone());
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
