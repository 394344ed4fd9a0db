//! Watches: the state first, then each step once and in order; resumed without a gap; ended when the process drains.

use proto::complaints::v1::{ComplaintState, watch_complaint_response::Update};
use tonic::Code;

use super::*;

async fn watch(
    served: &Served,
    name: &str,
    resume_token: &str,
) -> tonic::Streaming<v1::WatchComplaintResponse> {
    let request = v1::WatchComplaintRequest {
        name: name.to_owned(),
        resume_token: resume_token.to_owned(),
        reporter: None,
    };
    served.client.clone().watch_complaint(authorized(request, &served.officer())).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_shows_the_state_then_every_step_and_resumes_without_a_gap() {
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    let mut stream = watch(&served, &name, "").await;
    let first = stream.message().await.unwrap().unwrap();
    let Some(Update::Complaint(complaint)) = first.update else { panic!("not the state: {first:?}") };
    assert_eq!(complaint.state(), ComplaintState::Submitted);

    served.accept(&name).await.unwrap();
    let second = stream.message().await.unwrap().unwrap();
    let Some(Update::Entry(entry)) = &second.update else { panic!("not a step: {second:?}") };
    assert_eq!((entry.version, entry.state()), (2, ComplaintState::InProgress));
    drop(stream);

    served.submit(&name).await.unwrap();
    served.approve(&name, &served.validator()).await.unwrap();
    let mut resumed = watch(&served, &name, &second.resume_token).await;
    for version in [3, 4] {
        let message = resumed.message().await.unwrap().unwrap();
        let Some(Update::Entry(entry)) = &message.update else { panic!("not a step: {message:?}") };
        assert_eq!(entry.version, version);
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_watch_is_refused() {
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    let other = served.file().await.complaint.unwrap().name;
    let token = watch(&served, &other, "").await.message().await.unwrap().unwrap().resume_token;
    let request = v1::WatchComplaintRequest { name, resume_token: token, reporter: None };
    let refused =
        served.client.clone().watch_complaint(authorized(request, &served.officer())).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "RESUME_TOKEN_INVALID"));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_ends_an_open_watch_with_unavailable_and_the_process_does_not_wait_for_it() {
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    let mut stream = watch(&served, &name, "").await;
    stream.message().await.unwrap().unwrap();
    served.shutdown.cancel();
    let ended = stream.message().await.unwrap_err();
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unavailable, "DRAINING"));
    served.finish().await;
}
