//! One command on many reports.

use proto::complaints::v1::{BatchAccept, BatchItem, BatchNote, BatchTransitionRequest, ComplaintState};
use tonic::Code;

use super::*;

fn batch(names: &[&str], dry_run: bool) -> BatchTransitionRequest {
    let items = names.iter().map(|name| BatchItem { name: (*name).to_owned(), etag: String::new() });
    BatchTransitionRequest {
        request_id: id(),
        items: items.collect(),
        dry_run,
        accept: Some(BatchAccept {}),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_be_and_each_report_is_done_or_refused_for_itself() {
    let served = Served::start().await;
    let [one, two] = [served.file().await, served.file().await].map(|filed| filed.complaint.unwrap().name);
    served.accept(&two).await.unwrap();
    let nothing = format!("complaints/{}", Uuid::now_v7());
    let names = [one.as_str(), two.as_str(), nothing.as_str()];
    let mut client = served.client.clone();
    for (dry_run, after) in [(true, ComplaintState::Submitted), (false, ComplaintState::InProgress)] {
        let answer =
            client.batch_transition(authorized(batch(&names, dry_run), &served.officer())).await.unwrap();
        let results = answer.into_inner().results;
        assert_eq!(results[0].complaint.as_ref().unwrap().state(), ComplaintState::InProgress);
        let reasons: Vec<&str> = results.iter().map(|result| result.reason.as_str()).collect();
        assert_eq!(reasons, ["", "ILLEGAL_TRANSITION", "NOT_FOUND"]);
        assert_eq!(served.get(&one, &served.officer()).await.unwrap().state(), after);
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_sent_again_is_answered_again_and_one_too_large_or_empty_is_refused() {
    let served = Served::start().await;
    let one = served.file().await.complaint.unwrap().name;
    let mut client = served.client.clone();
    let request = batch(&[&one], false);
    let first = client.batch_transition(authorized(request.clone(), &served.officer())).await.unwrap();
    let again = client.batch_transition(authorized(request, &served.officer())).await.unwrap();
    assert_eq!(first.into_inner(), again.into_inner());
    for names in [Vec::new(), vec![one.as_str(); 101]] {
        let refused = client.batch_transition(authorized(batch(&names, false), &served.officer())).await;
        let refused = refused.unwrap_err();
        assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec!["items".to_owned()]));
    }
    let note = Some(BatchNote { internal_note: "Teks".to_owned() });
    for two_or_none in [
        BatchTransitionRequest { accept: None, ..batch(&[&one], false) },
        BatchTransitionRequest { note, ..batch(&[&one], false) },
    ] {
        let refused = client.batch_transition(authorized(two_or_none, &served.officer())).await.unwrap_err();
        assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec!["accept".to_owned()]));
    }
    served.finish().await;
}
