//! What may be written about a report, besides the straight way that the demonstration goes.

use dev::{calls::call, client::authorized};
use proto::complaints::v1::{
    AcceptComplaintRequest, AddNoteRequest, AnswerFindingRequest, AppealRejectionRequest,
    ApproveFollowUpRequest, CreateCategoryRequest, DisposeComplaintRequest, EraseReporterRequest,
    FileComplaintRequest, FileComplaintResponse, FindDuplicatesRequest, MergeComplaintRequest,
    ProvideInformationRequest, RecategorizeComplaintRequest, RejectComplaintRequest, RejectFollowUpRequest,
    RejectReason, ReopenComplaintRequest, ReporterProof, RequestInformationRequest, RevealReporterRequest,
    SetEstimateRequest, SubmitFollowUpRequest, SupportComplaintRequest, TransferComplaintRequest,
    TransferReason, UnmergeComplaintRequest, UpdateCategoryRequest, UpdateReporterRequest,
    UploadEvidenceRequest, UploadEvidenceStart, WithdrawComplaintRequest,
    catalog_service_client::CatalogServiceClient, complaint_service_client::ComplaintServiceClient,
    evidence_service_client::EvidenceServiceClient, reporter_service_client::ReporterServiceClient,
};
use tonic::transport::Channel;
use uuid::Uuid;

/// Who acts, and where.
pub(super) struct Actors {
    pub(super) complaints: Channel,
    /// A channel's system.
    pub(super) channel: String,
    /// A person of the province.
    pub(super) officer: String,
    /// Another one.
    pub(super) validator: String,
    pub(super) province: String,
}

macro_rules! tell {
    ($actors:expr, $token:ident, $rpc:ident, $request:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {{
        let request = $request { request_id: Uuid::now_v7().to_string(), $($field $(: $value)?,)* ..Default::default() };
        let told = call(&$actors.$token, &request, |request| {
            let mut complaints = ComplaintServiceClient::new($actors.complaints.clone());
            async move { complaints.$rpc(request).await }
        });
        told.await.unwrap()
    }};
}

async fn file(actors: &Actors) -> FileComplaintResponse {
    tell!(
        actors,
        channel,
        file_complaint,
        FileComplaintRequest {
            category: "categories/sampah".to_owned(),
            kelurahan_code: "31.74.01.1001".to_owned(),
        }
    )
}

async fn categories(actors: &Actors) {
    let request = CreateCategoryRequest {
        request_id: Uuid::now_v7().to_string(),
        category_id: "uji-kata".to_owned(),
        policy: "policies/jakarta".to_owned(),
        ..Default::default()
    };
    let made = call(&actors.officer, &request, |request| {
        let mut catalog = CatalogServiceClient::new(actors.complaints.clone());
        async move { catalog.create_category(request).await }
    });
    let request = UpdateCategoryRequest {
        request_id: Uuid::now_v7().to_string(),
        name: made.await.unwrap().category.unwrap().name,
        policy: "policies/lapor".to_owned(),
        ..Default::default()
    };
    let changed = call(&actors.officer, &request, |request| {
        let mut catalog = CatalogServiceClient::new(actors.complaints.clone());
        async move { catalog.update_category(request).await }
    });
    changed.await.unwrap();
}

/// Writes every text that a report can get.
pub(super) async fn write(actors: &Actors) {
    categories(actors).await;
    back_and_forth(actors).await;
    reporters(actors).await;
    let rejected = file(actors).await;
    let (complaint, reporter) = known(&rejected);
    let name = complaint.name;
    tell!(
        actors,
        officer,
        reject_complaint,
        RejectComplaintRequest { name: name.clone(), reason: RejectReason::TooVague.into() }
    );
    tell!(
        actors,
        channel,
        appeal_rejection,
        AppealRejectionRequest { name: name.clone(), reporter: reporter.clone() }
    );
    tell!(actors, officer, add_note, AddNoteRequest { name: name.clone() });
    find_duplicates(actors).await;
    tell!(actors, channel, support_complaint, SupportComplaintRequest { name: name.clone() });
    let into = known(&file(actors).await).0.name;
    // The appeal brought the one above the other.
    tell!(actors, officer, merge_complaint, MergeComplaintRequest { name: name.clone(), into });
    tell!(actors, officer, unmerge_complaint, UnmergeComplaintRequest { name: name.clone() });
    tell!(actors, channel, withdraw_complaint, WithdrawComplaintRequest { name, reporter });
}

/// What is asked of a reporter, and by one.
async fn reporters(actors: &Actors) {
    let (complaint, proof) = known(&file(actors).await);
    let name = complaint.name;
    let request_id = || Uuid::now_v7().to_string();
    let reporters = || ReporterServiceClient::new(actors.complaints.clone());
    let request =
        RevealReporterRequest { request_id: request_id(), name: name.clone(), ..Default::default() };
    let revealed = call(&actors.officer, &request, |request| {
        let mut reporters = reporters();
        async move { reporters.reveal_reporter(request).await }
    });
    revealed.await.unwrap();
    let request = UpdateReporterRequest {
        request_id: request_id(),
        name: name.clone(),
        proof: proof.clone(),
        ..Default::default()
    };
    let updated = call(&actors.channel, &request, |request| {
        let mut reporters = reporters();
        async move { reporters.update_reporter(request).await }
    });
    updated.await.unwrap();
    let request = EraseReporterRequest { request_id: request_id(), name, proof, ..Default::default() };
    let erased = call(&actors.channel, &request, |request| {
        let mut reporters = reporters();
        async move { reporters.erase_reporter(request).await }
    });
    erased.await.unwrap();
}

async fn find_duplicates(actors: &Actors) {
    let request = FindDuplicatesRequest {
        category: "categories/sampah".to_owned(),
        kelurahan_code: "31.74.01.1001".to_owned(),
        ..Default::default()
    };
    let found = call(&actors.channel, &request, |request| {
        let mut complaints = ComplaintServiceClient::new(actors.complaints.clone());
        async move { complaints.find_duplicates(request).await }
    });
    found.await.unwrap();
}

fn known(filed: &FileComplaintResponse) -> (proto::complaints::v1::Complaint, Option<ReporterProof>) {
    let access_code = filed.access_code.clone();
    (filed.complaint.clone().unwrap(), Some(ReporterProof { access_code, ..Default::default() }))
}

async fn back_and_forth(actors: &Actors) {
    let (complaint, reporter) = known(&file(actors).await);
    let name = complaint.name;
    tell!(
        actors,
        officer,
        transfer_complaint,
        TransferComplaintRequest {
            name: name.clone(),
            unit: actors.province.clone(),
            reason: TransferReason::Coordination.into(),
        }
    );
    tell!(
        actors,
        officer,
        dispose_complaint,
        DisposeComplaintRequest { name: name.clone(), unit: complaint.responsible_unit }
    );
    tell!(
        actors,
        officer,
        recategorize_complaint,
        RecategorizeComplaintRequest { name: name.clone(), category: "categories/jalan".to_owned() }
    );
    tell!(actors, officer, accept_complaint, AcceptComplaintRequest { name: name.clone() });
    tell!(
        actors,
        officer,
        set_estimate,
        SetEstimateRequest { name: name.clone(), finish_date: "2999-01-01".to_owned() }
    );
    tell!(actors, officer, request_information, RequestInformationRequest { name: name.clone() });
    tell!(
        actors,
        channel,
        provide_information,
        ProvideInformationRequest { name: name.clone(), reporter: reporter.clone() }
    );
    let findings = follow_up_evidence(actors, &name).await;
    for validated in [false, true] {
        tell!(
            actors,
            officer,
            submit_follow_up,
            SubmitFollowUpRequest { name: name.clone(), proposed_outcome: 1 }
        );
        if validated {
            for finding in &findings {
                answer(actors, finding).await;
            }
            tell!(actors, validator, approve_follow_up, ApproveFollowUpRequest { name: name.clone() });
        } else {
            tell!(actors, officer, reject_follow_up, RejectFollowUpRequest { name: name.clone() });
        }
    }
    tell!(actors, channel, reopen_complaint, ReopenComplaintRequest { name, reporter });
}

/// One grey pixel.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc\xa8\x07\0\0\x81\0\x80\xd3\x94SJ\0\0\0\0IEND\xaeB`\x82";

/// Uploads what shows nothing; the names of what speaks against it.
async fn follow_up_evidence(actors: &Actors, name: &str) -> Vec<String> {
    let start = UploadEvidenceStart {
        request_id: Uuid::now_v7().to_string(),
        complaint: name.to_owned(),
        role: 2,
        reporter: None,
    };
    let messages = [
        UploadEvidenceRequest { start: Some(start), chunk: Vec::new() },
        UploadEvidenceRequest { start: None, chunk: PICTURE.to_vec() },
    ];
    let mut evidence = EvidenceServiceClient::new(actors.complaints.clone());
    let uploaded =
        evidence.upload_evidence(authorized(futures::stream::iter(messages), &actors.officer)).await.unwrap();
    let findings = uploaded.into_inner().evidence.unwrap().findings;
    assert!(!findings.is_empty());
    findings.into_iter().map(|finding| finding.name).collect()
}

async fn answer(actors: &Actors, finding: &str) {
    let request = AnswerFindingRequest {
        request_id: Uuid::now_v7().to_string(),
        name: finding.to_owned(),
        ..Default::default()
    };
    let answered = call(&actors.validator, &request, |request| {
        let mut evidence = EvidenceServiceClient::new(actors.complaints.clone());
        async move { evidence.answer_finding(request).await }
    });
    answered.await.unwrap();
}
