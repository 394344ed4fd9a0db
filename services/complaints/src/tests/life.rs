//! A report's life, and who may do what in it.

use proto::complaints::v1::{ComplaintOutcome, ComplaintState, Confirmation};
use tonic::Code;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_report_goes_from_filed_to_confirmed_and_tells_each_step() {
    let served = Served::start().await;
    let filed = served.file().await;
    let name = filed.complaint.as_ref().unwrap().name.clone();
    assert_eq!(filed.complaint.as_ref().unwrap().responsible_unit, format!("units/{}", served.kelurahan));
    assert_eq!(served.get(&name, &served.officer()).await.unwrap().state(), ComplaintState::Submitted);

    assert_eq!(served.accept(&name).await.unwrap().state(), ComplaintState::InProgress);
    assert_eq!(served.submit(&name).await.unwrap().state(), ComplaintState::AwaitingValidation);
    assert_eq!(served.approve(&name, &served.validator()).await.unwrap().state(), ComplaintState::Resolved);
    let closed = served.confirm(&name, &filed.access_code).await.unwrap();
    assert_eq!((closed.state(), closed.outcome()), (ComplaintState::Closed, ComplaintOutcome::Fixed));
    assert_eq!((closed.confirmation(), closed.rating), (Confirmation::Confirmed, 4));

    let request = v1::ListTimelineRequest { name: name.clone(), page_size: 3, ..Default::default() };
    let mut client = served.client.clone();
    let first =
        client.list_timeline(authorized(request.clone(), &served.officer())).await.unwrap().into_inner();
    let request = v1::ListTimelineRequest { page_token: first.next_page_token.clone(), ..request };
    let rest = client.list_timeline(authorized(request, &served.officer())).await.unwrap().into_inner();
    let versions: Vec<i64> = first.entries.iter().chain(&rest.entries).map(|entry| entry.version).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5]);
    assert_eq!(rest.next_page_token, "");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_id_gives_the_same_report_and_another_content_is_refused() {
    let served = Served::start().await;
    let mut client = served.client.clone();
    let request = to_file();
    let first = client.file_complaint(authorized(request.clone(), &served.channel_token())).await.unwrap();
    let again = client.file_complaint(authorized(request.clone(), &served.channel_token())).await.unwrap();
    assert_eq!(first.into_inner(), again.into_inner());

    let other = v1::FileComplaintRequest { text: "Lain".to_owned(), ..request };
    let refused = client.file_complaint(authorized(other, &served.channel_token())).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    assert_eq!(fields(&refused), ["request_id"]);

    let request = v1::ListComplaintsRequest::default();
    let listed = client.list_complaints(authorized(request, &served.channel_token())).await.unwrap();
    assert_eq!(listed.into_inner().complaints.len(), 1, "the refused one is not stored");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_who_worked_on_the_report_or_sits_in_its_unit_is_refused() {
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    served.accept(&name).await.unwrap();
    served.submit(&name).await.unwrap();

    let worker = served.token("worker above", 1, &[served.province]);
    let refused = served.approve(&name, &worker).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "VALIDATOR_WORKED_ON_REPORT")
    );
    let colleague = served.token("colleague", 3, &[served.kelurahan]);
    let refused = served.approve(&name, &colleague).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "UNIT_UNKNOWN"));
    assert_eq!(
        served.get(&name, &served.officer()).await.unwrap().state(),
        ComplaintState::AwaitingValidation
    );
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_see_no_report_and_do_nothing_to_it() {
    let served = Served::start().await;
    let filed = served.file().await;
    let name = filed.complaint.unwrap().name;
    let stranger = served.token("another channel", 9, &[Uuid::now_v7()]);

    let refused = served.get(&name, &stranger).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "NOT_FOUND"));
    let mut client = served.client.clone();
    let listed =
        client.list_complaints(authorized(v1::ListComplaintsRequest::default(), &stranger)).await.unwrap();
    assert_eq!(listed.into_inner().complaints, []);
    let timeline = v1::ListTimelineRequest { name: name.clone(), ..Default::default() };
    let refused = client.list_timeline(authorized(timeline, &stranger)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let watch = v1::WatchComplaintRequest { name: name.clone(), ..Default::default() };
    let refused = client.watch_complaint(authorized(watch, &stranger)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let accept = v1::AcceptComplaintRequest { request_id: id(), name: name.clone(), ..Default::default() };
    let refused = client.accept_complaint(authorized(accept, &stranger)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "UNIT_UNKNOWN"));

    // The access code opens it to whoever shows it.
    let reporter = Some(v1::ReporterProof { access_code: filed.access_code, ..Default::default() });
    let request = v1::GetComplaintRequest { name, reporter };
    assert!(client.get_complaint(authorized(request, &stranger)).await.is_ok());
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_reporter_confirms_by_code_or_by_the_filing_channels_reference() {
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    served.accept(&name).await.unwrap();
    served.submit(&name).await.unwrap();
    served.approve(&name, &served.validator()).await.unwrap();

    let refused = served.confirm(&name, "0000000000000000").await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "NOT_THE_REPORTER"));
    let by_reference = |reference: &str| v1::ConfirmResolutionRequest {
        request_id: id(),
        name: name.clone(),
        reporter: Some(v1::ReporterProof { channel_reference: reference.to_owned(), ..Default::default() }),
        rating: 5,
        ..Default::default()
    };
    let mut client = served.client.clone();
    for (reference, token) in [("wa-18", served.channel_token()), ("wa-17", served.token("other", 0, &[]))] {
        let refused =
            client.confirm_resolution(authorized(by_reference(reference), &token)).await.unwrap_err();
        assert_eq!(reason(&refused), "NOT_THE_REPORTER");
    }
    let confirmed =
        client.confirm_resolution(authorized(by_reference("wa-17"), &served.channel_token())).await;
    assert_eq!(confirmed.unwrap().into_inner().complaint.unwrap().rating, 5);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_pages_through_all_reports_newest_first_and_filters() {
    let served = Served::start().await;
    let mut filed = Vec::new();
    for _ in 0..5 {
        filed.push(served.file().await.complaint.unwrap().name);
    }
    served.accept(&filed[2]).await.unwrap();
    filed.reverse();
    let (mut client, officer) = (served.client.clone(), served.officer());
    let mut request = v1::ListComplaintsRequest { page_size: 2, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page = client.list_complaints(authorized(request.clone(), &officer)).await.unwrap().into_inner();
        seen.extend(page.complaints.into_iter().map(|complaint| complaint.name));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, filed);

    let request =
        v1::ListComplaintsRequest { state: ComplaintState::InProgress.into(), ..Default::default() };
    let found = client.list_complaints(authorized(request, &officer)).await.unwrap().into_inner().complaints;
    assert_eq!(found.len(), 1);
    let unit = format!("units/{}", Uuid::now_v7());
    let request = v1::ListComplaintsRequest { unit, ..Default::default() };
    let found = client.list_complaints(authorized(request, &officer)).await.unwrap().into_inner().complaints;
    assert_eq!(found, []);
    served.finish().await;
}
