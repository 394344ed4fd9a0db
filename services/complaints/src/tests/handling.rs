//! Handing on, asking, rejecting, reopening: what the units and the reporter do besides the straight way.

use proto::complaints::v1::{
    ComplaintCommand, ComplaintOutcome, ComplaintState, RejectReason, TransferReason,
};
use tonic::Code;

use super::*;

fn state(complaint: Option<v1::Complaint>) -> ComplaintState {
    complaint.unwrap().state()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_handed_on_and_down_and_the_unit_before_can_do_no_more() {
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    let transferred = call!(
        served,
        transfer_complaint,
        served.officer(),
        TransferComplaintRequest {
            request_id: id(),
            name: name.clone(),
            unit: unit_name(served.agency),
            reason: TransferReason::OtherDuty.into(),
            internal_note: "Milik dinas".to_owned(),
        }
    );
    let transferred = transferred.unwrap().complaint.unwrap();
    assert_eq!((transferred.state(), transferred.hops), (ComplaintState::Coordinating, 1));
    assert_eq!(transferred.responsible_unit, unit_name(served.agency));
    assert_eq!(why(served.accept(&name).await), (Code::PermissionDenied, "UNIT_UNKNOWN".to_owned()));

    let agency = served.token("agency", 5, &[served.agency]);
    let sideways = call!(
        served,
        dispose_complaint,
        agency,
        DisposeComplaintRequest { request_id: id(), name: name.clone(), unit: unit_name(served.kelurahan) }
    );
    assert_eq!(why(sideways), (Code::FailedPrecondition, "TARGET_NOT_BELOW".to_owned()));
    let unknown = call!(
        served,
        dispose_complaint,
        agency,
        DisposeComplaintRequest { request_id: id(), name: name.clone(), unit: unit_name(Uuid::nil()) }
    );
    assert_eq!(why(unknown), (Code::InvalidArgument, "UNIT_NOT_FOUND".to_owned()));
    let back = call!(
        served,
        transfer_complaint,
        agency,
        TransferComplaintRequest {
            request_id: id(),
            name: name.clone(),
            unit: unit_name(served.kelurahan),
            reason: TransferReason::Returned.into(),
        }
    );
    assert!(back.unwrap().complaint.unwrap().ping_pong, "it came back");
    let down = call!(
        served,
        dispose_complaint,
        served.officer(),
        DisposeComplaintRequest { request_id: id(), name: name.clone(), unit: unit_name(served.section) }
    );
    assert_eq!(state(down.unwrap().complaint), ComplaintState::Disposed);

    // The filing channel sees why, and not what officials wrote to each other.
    for (token, note) in [(served.officer(), "Milik dinas"), (served.channel_token(), "")] {
        let timeline = call!(served, list_timeline, token, ListTimelineRequest { name: name.clone() });
        let entry = timeline.unwrap().entries.remove(1);
        assert_eq!(
            (entry.command(), entry.transfer_reason()),
            (ComplaintCommand::Transfer, TransferReason::OtherDuty)
        );
        assert_eq!(entry.internal_note, note);
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_waits_for_the_reporter_alone() {
    let served = Served::start().await;
    let filed = served.file().await;
    let name = filed.complaint.unwrap().name;
    served.accept(&name).await.unwrap();
    let asked = call!(
        served,
        request_information,
        served.officer(),
        RequestInformationRequest {
            request_id: id(),
            name: name.clone(),
            question: "Di depan nomor berapa?".to_owned(),
        }
    );
    let asked = asked.unwrap().complaint.unwrap();
    assert_eq!(
        (asked.state(), asked.question.as_str()),
        (ComplaintState::NeedsReporter, "Di depan nomor berapa?")
    );
    let answer = |code: &str| v1::ProvideInformationRequest {
        request_id: id(),
        name: name.clone(),
        reporter: shows(code),
        answer: "Nomor 12".to_owned(),
        ..Default::default()
    };
    let mut client = served.client.clone();
    let refused =
        client.provide_information(authorized(answer("0000000000000000"), &served.channel_token())).await;
    assert_eq!(why(refused), (Code::PermissionDenied, "NOT_THE_REPORTER".to_owned()));
    let answered =
        client.provide_information(authorized(answer(&filed.access_code), &served.channel_token())).await;
    let answered = answered.unwrap().into_inner().complaint.unwrap();
    assert_eq!((answered.state(), answered.question.as_str()), (ComplaintState::InProgress, ""));
    let timeline = call!(served, list_timeline, served.officer(), ListTimelineRequest { name: name.clone() });
    assert_eq!(timeline.unwrap().entries.last().unwrap().reporter_text, "Nomor 12");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_sent_back_is_counted_and_a_closed_report_is_reopened_with_its_history() {
    let served = Served::start().await;
    let filed = served.file().await;
    let name = filed.complaint.unwrap().name;
    served.accept(&name).await.unwrap();
    served.submit(&name).await.unwrap();
    let first_validator = served.token("first validator", 7, &[served.province]);
    let back = call!(
        served,
        reject_follow_up,
        first_validator,
        RejectFollowUpRequest {
            request_id: id(),
            name: name.clone(),
            public_text: "Foto tidak sesuai".to_owned(),
        }
    );
    assert_eq!(back.unwrap().complaint.unwrap().rejected_follow_ups, 1);
    served.submit(&name).await.unwrap();
    assert_eq!(
        why(served.approve(&name, &first_validator).await),
        (Code::FailedPrecondition, "VALIDATOR_WORKED_ON_REPORT".to_owned()),
        "who took part before does not validate"
    );
    served.approve(&name, &served.validator()).await.unwrap();
    served.confirm(&name, &filed.access_code).await.unwrap();

    let reopen = |token: String, reporter| {
        let request = v1::ReopenComplaintRequest {
            request_id: id(),
            name: name.clone(),
            reporter,
            reason: "Sampah kembali menumpuk".to_owned(),
            ..Default::default()
        };
        let mut client = served.client.clone();
        async move { client.reopen_complaint(authorized(request, &token)).await }
    };
    let refused = reopen(served.officer(), None).await;
    assert_eq!(why(refused), (Code::PermissionDenied, "NOT_THE_REPORTER".to_owned()));
    let reopened = reopen(served.channel_token(), shows(&filed.access_code))
        .await
        .unwrap()
        .into_inner()
        .complaint
        .unwrap();
    assert_eq!(
        (reopened.state(), reopened.outcome()),
        (ComplaintState::InProgress, ComplaintOutcome::Unspecified)
    );
    assert_eq!((reopened.reopen_times.len(), reopened.rejected_follow_ups, reopened.rating), (1, 1, 0));
    let timeline = call!(served, list_timeline, served.officer(), ListTimelineRequest { name: name.clone() });
    assert_eq!(timeline.unwrap().entries.len(), 8);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inspector_above_the_unit_reopens_and_nobody_does_after_ten_working_days() {
    let served = Served::start().await;
    let filed = served.file().await;
    let name = filed.complaint.unwrap().name;
    served.accept(&name).await.unwrap();
    served.submit(&name).await.unwrap();
    served.approve(&name, &served.validator()).await.unwrap();
    let inspector = served.world.token(&Identity {
        subject: "inspector".to_owned(),
        scopes: vec!["complaints.confirm".to_owned(), "complaints.inspect".to_owned()],
        units: vec![unit_name(served.province)],
        person: Some(format!("people/{}", Uuid::from_u128(11))),
        actor: None,
    });
    let reopen = || v1::ReopenComplaintRequest {
        request_id: id(),
        name: name.clone(),
        reason: "Belum selesai".to_owned(),
        ..Default::default()
    };
    let mut client = served.client.clone();
    let reopened = client.reopen_complaint(authorized(reopen(), &inspector)).await.unwrap().into_inner();
    assert_eq!(state(reopened.complaint), ComplaintState::InProgress);
    served.submit(&name).await.unwrap();
    let another = served.token("another validator", 12, &[served.province]);
    served.approve(&name, &another).await.unwrap();
    served.confirm(&name, &filed.access_code).await.unwrap();
    served.world.shift(17 * 24 * 3600).await;
    let late = client.reopen_complaint(authorized(reopen(), &inspector)).await;
    assert_eq!(why(late), (Code::FailedPrecondition, "REOPEN_TOO_LATE".to_owned()));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_report_goes_to_the_unit_above_by_an_appeal() {
    let served = Served::start().await;
    let filed = served.file().await;
    let name = filed.complaint.unwrap().name;
    let reject = |reason: RejectReason| v1::RejectComplaintRequest {
        request_id: id(),
        name: name.clone(),
        reason: reason.into(),
        public_text: "Tidak jelas".to_owned(),
        ..Default::default()
    };
    let mut client = served.client.clone();
    let unsaid =
        client.reject_complaint(authorized(reject(RejectReason::Unspecified), &served.officer())).await;
    assert_eq!(fields(&unsaid.unwrap_err()), ["reason"]);
    let rejected =
        client.reject_complaint(authorized(reject(RejectReason::TooVague), &served.officer())).await;
    let rejected = rejected.unwrap().into_inner().complaint.unwrap();
    assert_eq!(
        (rejected.state(), rejected.reject_reason()),
        (ComplaintState::Rejected, RejectReason::TooVague)
    );
    let appealed = call!(
        served,
        appeal_rejection,
        served.channel_token(),
        AppealRejectionRequest {
            request_id: id(),
            name: name.clone(),
            reporter: shows(&filed.access_code),
            reason: "Jelas: di depan pasar".to_owned(),
        }
    );
    let appealed = appealed.unwrap().complaint.unwrap();
    assert_eq!(appealed.state(), ComplaintState::Submitted);
    assert_eq!(appealed.responsible_unit, unit_name(served.province));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn estimates_categories_and_notes_change_what_they_say_and_no_state() {
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    let moved = call!(
        served,
        recategorize_complaint,
        served.officer(),
        RecategorizeComplaintRequest {
            request_id: id(),
            name: name.clone(),
            category: "categories/jalan".to_owned(),
            public_text: "Lubang, bukan sampah".to_owned(),
        }
    );
    let moved = moved.unwrap().complaint.unwrap();
    assert_eq!((moved.category.as_str(), moved.state()), ("categories/jalan", ComplaintState::Submitted));
    let side = call!(
        served,
        recategorize_complaint,
        served.officer(),
        RecategorizeComplaintRequest {
            request_id: id(),
            name: name.clone(),
            category: "categories/pungli".to_owned(),
            public_text: "Pungutan liar".to_owned(),
        }
    );
    assert_eq!(why(side), (Code::FailedPrecondition, "CATEGORY_SIDE".to_owned()));
    served.accept(&name).await.unwrap();
    let estimate = |finish_date: &str| v1::SetEstimateRequest {
        request_id: id(),
        name: name.clone(),
        finish_date: finish_date.to_owned(),
        public_text: "Menunggu alat".to_owned(),
        ..Default::default()
    };
    let mut client = served.client.clone();
    let set = client.set_estimate(authorized(estimate("2999-01-31"), &served.officer())).await.unwrap();
    assert_eq!(set.into_inner().complaint.unwrap().estimated_finish_date, "2999-01-31");
    for (day, reason) in [("2020-01-31", "ESTIMATE_PAST"), ("2999-02-31", "INVALID_FIELD")] {
        let refused = client.set_estimate(authorized(estimate(day), &served.officer())).await;
        assert_eq!(why(refused), (Code::InvalidArgument, reason.to_owned()));
    }
    let noted = call!(
        served,
        add_note,
        served.officer(),
        AddNoteRequest { request_id: id(), name: name.clone(), internal_note: "Sudah ditelepon".to_owned() }
    );
    assert_eq!(state(noted.unwrap().complaint), ComplaintState::InProgress);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workflow_is_the_table() {
    let served = Served::start().await;
    let request = authorized(v1::GetWorkflowRequest {}, &served.officer());
    let workflow = served.client.clone().get_workflow(request).await.unwrap().into_inner();
    assert_eq!(workflow.transitions.len(), crate::domain::TRANSITIONS.len());
    let accept = workflow.transitions.iter().find(|row| row.command() == ComplaintCommand::Accept).unwrap();
    assert_eq!(accept.from().count(), 3);
    assert_eq!(
        (accept.to(), accept.actor()),
        (ComplaintState::InProgress, v1::WorkflowActor::ResponsibleUnit)
    );
    served.finish().await;
}
