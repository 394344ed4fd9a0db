//! Bad input: the right status, reason and field, and nothing stored.

use tonic::Code;

use super::*;

async fn refused(served: &Served, change: impl FnOnce(&mut v1::FileComplaintRequest)) -> Status {
    let mut request = to_file();
    change(&mut request);
    served.client.clone().file_complaint(authorized(request, &served.channel_token())).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_bad_field_is_named_and_nothing_is_stored() {
    let served = Served::start().await;
    let cases: Vec<(Status, &str, &str)> = vec![
        (refused(&served, |request| request.text = String::new()).await, "INVALID_FIELD", "text"),
        (refused(&served, |request| request.text = "x".repeat(4_001)).await, "INVALID_FIELD", "text"),
        (refused(&served, |request| request.text = "a\0b".to_owned()).await, "INVALID_FIELD", "text"),
        (
            refused(&served, |request| request.request_id = "1".to_owned()).await,
            "INVALID_FIELD",
            "request_id",
        ),
        (refused(&served, |request| request.kind = 99).await, "INVALID_FIELD", "kind"),
        (
            refused(&served, |request| request.kelurahan_code = "31".to_owned()).await,
            "INVALID_FIELD",
            "kelurahan_code",
        ),
        (
            refused(&served, |request| request.kelurahan_code = "99.99.99.9999".to_owned()).await,
            "KELURAHAN_UNKNOWN",
            "kelurahan_code",
        ),
        (
            refused(&served, |request| request.category = "categories/none".to_owned()).await,
            "CATEGORY_UNKNOWN",
            "category",
        ),
        (
            refused(&served, |request| request.unit_complained_of = unit_name(served.agency)).await,
            "CATEGORY_NOT_ABOUT_OFFICIALS",
            "unit_complained_of",
        ),
        (
            refused(&served, |request| {
                request.category = "categories/pungli".to_owned();
                request.unit_complained_of = unit_name(Uuid::nil());
            })
            .await,
            "UNIT_NOT_FOUND",
            "unit_complained_of",
        ),
        (
            refused(&served, |request| request.channel_reference = "x".repeat(129)).await,
            "INVALID_FIELD",
            "channel_reference",
        ),
    ];
    for (status, why, field) in cases {
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert_eq!((reason(&status).as_str(), fields(&status)), (why, vec![field.to_owned()]), "{status:?}");
        assert!(status.message().contains(field), "readable in a terminal: {}", status.message());
    }
    let huge = refused(&served, |request| request.text = "x".repeat(5 << 20)).await;
    assert_eq!((huge.code(), reason(&huge).as_str()), (Code::InvalidArgument, "MESSAGE_TOO_LARGE"));
    let request = authorized(v1::ListComplaintsRequest::default(), &served.channel_token());
    let listed = served.client.clone().list_complaints(request).await.unwrap().into_inner();
    assert_eq!(listed.complaints, []);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_absent_foreign_expired_or_too_weak_are_refused() {
    let served = Served::start().await;
    let mut client = served.client.clone();
    let missing = client.file_complaint(bare(to_file())).await.unwrap_err();
    assert_eq!((missing.code(), reason(&missing).as_str()), (Code::Unauthenticated, "TOKEN_MISSING"));

    let foreign = dev::token::Issuer::try_new().unwrap();
    let identity =
        Identity { subject: "jaki".to_owned(), scopes: all_scopes().unwrap(), ..Default::default() };
    let foreign = foreign.token(&identity, std::time::Duration::from_secs(60)).unwrap();
    let refused = client.file_complaint(authorized(to_file(), &foreign)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unauthenticated, "TOKEN_INVALID"));

    let weak = served.world.token(&Identity {
        subject: "jaki".to_owned(),
        scopes: vec!["complaints.read".to_owned()],
        ..Default::default()
    });
    let refused = client.file_complaint(authorized(to_file(), &weak)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "SCOPE_MISSING"));

    let name = served.file().await.complaint.unwrap().name;
    let system = served.token("system", 0, &[served.province]);
    let request = v1::AcceptComplaintRequest { request_id: id(), name, ..Default::default() };
    let refused = client.accept_complaint(authorized(request, &system)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "PERSON_REQUIRED"));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_illegal_command_lists_the_allowed_ones_and_an_old_etag_aborts() {
    let served = Served::start().await;
    let complaint = served.file().await.complaint.unwrap();
    let refused = served.submit(&complaint.name).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "ILLEGAL_TRANSITION"));
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(
        info.metadata["allowed"],
        "ACCEPT, TRANSFER, DISPOSE, RECATEGORIZE, REJECT, MERGE, SUPPORT, WITHDRAW, ERASE_REPORTER, ADD_NOTE, \
         ADD_REPORTER_EVIDENCE"
    );
    assert!(refused.get_details_precondition_failure().is_some());

    served.accept(&complaint.name).await.unwrap();
    let request = v1::SubmitFollowUpRequest {
        request_id: id(),
        name: complaint.name.clone(),
        etag: complaint.etag,
        public_text: "Sudah".to_owned(),
        proposed_outcome: ComplaintOutcome::Fixed.into(),
    };
    let refused =
        served.client.clone().submit_follow_up(authorized(request, &served.officer())).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn page_tokens_of_another_list_are_refused() {
    let served = Served::start().await;
    served.file().await;
    served.file().await;
    let mut client = served.client.clone();
    let request = v1::ListComplaintsRequest { page_size: 1, ..Default::default() };
    let page =
        client.list_complaints(authorized(request.clone(), &served.officer())).await.unwrap().into_inner();
    let request = v1::ListComplaintsRequest {
        page_token: page.next_page_token,
        category: "categories/sampah".to_owned(),
        ..request
    };
    let refused = client.list_complaints(authorized(request, &served.officer())).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "PAGE_TOKEN_INVALID"));
    served.finish().await;
}
