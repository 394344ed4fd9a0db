//! Reports handled under another one, and their reporters; supporters.

use proto::complaints::v1::{ComplaintCommand, ComplaintOutcome, ComplaintState};
use tonic::Code;

use super::*;

async fn merge(served: &Served, name: &str, into: &str) -> Result<v1::Complaint, Status> {
    let merged = call!(
        served,
        merge_complaint,
        served.officer(),
        MergeComplaintRequest { request_id: id(), name: name.to_owned(), into: into.to_owned() }
    );
    merged.map(|merged| merged.complaint.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_closure_answers_all_and_any_of_the_reporters_may_confirm() {
    let served = Served::start().await;
    let [first, second, third] = [served.file().await, served.file().await, served.file().await];
    let name = |filed: &v1::FileComplaintResponse| filed.complaint.as_ref().unwrap().name.clone();
    let merged = merge(&served, &name(&first), &name(&second)).await.unwrap();
    assert_eq!((merged.state(), merged.merged_into), (ComplaintState::Merged, name(&second)));
    merge(&served, &name(&second), &name(&third)).await.unwrap();
    let moved = served.get(&name(&first), &served.officer()).await.unwrap();
    assert_eq!(moved.merged_into, name(&third), "no chains");

    served.accept(&name(&third)).await.unwrap();
    served.submit(&name(&third)).await.unwrap();
    served.approve(&name(&third), &served.validator()).await.unwrap();
    let closed = served.confirm(&name(&third), &first.access_code).await.unwrap();
    assert_eq!((closed.state(), closed.outcome()), (ComplaintState::Closed, ComplaintOutcome::Fixed));
    assert_eq!(closed.text, "", "another reporter's words are not for it");
    for filed in [&first, &second] {
        let member = served.get(&name(filed), &served.officer()).await.unwrap();
        assert_eq!((member.state(), member.outcome()), (ComplaintState::Closed, ComplaintOutcome::Duplicate));
    }
    let refused = call!(
        served,
        unmerge_complaint,
        served.officer(),
        UnmergeComplaintRequest { request_id: id(), name: name(&first) }
    );
    assert_eq!(why(refused), (Code::FailedPrecondition, "ILLEGAL_TRANSITION".to_owned()));
    let reopened = call!(
        served,
        reopen_complaint,
        served.channel_token(),
        ReopenComplaintRequest {
            request_id: id(),
            name: name(&third),
            reporter: shows(&second.access_code),
            reason: "Belum".to_owned(),
        }
    );
    assert_eq!(reopened.unwrap().complaint.unwrap().state(), ComplaintState::InProgress);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_worked_on_a_merged_report_does_not_validate_the_other() {
    let served = Served::start().await;
    let [member, target] = [(); 2].map(|()| served.file());
    let (member, target) = (member.await.complaint.unwrap().name, target.await.complaint.unwrap().name);
    let noted = call!(
        served,
        add_note,
        served.validator(),
        AddNoteRequest {
            request_id: id(),
            name: member.clone(),
            internal_note: "Sudah saya lihat".to_owned(),
        }
    );
    noted.unwrap();
    merge(&served, &member, &target).await.unwrap();
    served.accept(&target).await.unwrap();
    served.submit(&target).await.unwrap();
    assert_eq!(
        why(served.approve(&target, &served.validator()).await),
        (Code::FailedPrecondition, "VALIDATOR_WORKED_ON_REPORT".to_owned())
    );
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_refused_into_itself_into_nothing_into_what_is_not_open_and_elsewhere() {
    let served = Served::start().await;
    let [one, merged, withdrawn, elsewhere] =
        [served.file().await, served.file().await, served.file().await, served.file().await];
    let name = |filed: &v1::FileComplaintResponse| filed.complaint.as_ref().unwrap().name.clone();
    merge(&served, &name(&merged), &name(&one)).await.unwrap();
    let withdraw = call!(
        served,
        withdraw_complaint,
        served.channel_token(),
        WithdrawComplaintRequest {
            request_id: id(),
            name: name(&withdrawn),
            reporter: shows(&withdrawn.access_code),
        }
    );
    assert_eq!(withdraw.unwrap().complaint.unwrap().outcome(), ComplaintOutcome::Withdrawn);
    let transfer = call!(
        served,
        transfer_complaint,
        served.officer(),
        TransferComplaintRequest {
            request_id: id(),
            name: name(&elsewhere),
            unit: unit_name(served.agency),
            reason: v1::TransferReason::OtherArea.into(),
        }
    );
    transfer.unwrap();
    let nothing = format!("complaints/{}", Uuid::now_v7());
    for (into, code, reason) in [
        (name(&one), Code::InvalidArgument, "MERGE_INTO_ITSELF"),
        (nothing, Code::InvalidArgument, "MERGE_TARGET_NOT_FOUND"),
        (name(&merged), Code::FailedPrecondition, "MERGE_TARGET_NOT_OPEN"),
        (name(&withdrawn), Code::FailedPrecondition, "MERGE_TARGET_NOT_OPEN"),
        (name(&elsewhere), Code::FailedPrecondition, "MERGE_TARGET_ELSEWHERE"),
    ] {
        assert_eq!(why(merge(&served, &name(&one), &into).await), (code, reason.to_owned()));
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_merged_goes_on_by_itself_when_its_target_is_withdrawn() {
    let served = Served::start().await;
    let (member, target) = (served.file().await.complaint.unwrap().name, served.file().await);
    served.accept(&member).await.unwrap();
    let into = target.complaint.unwrap().name;
    merge(&served, &member, &into).await.unwrap();
    let withdraw = call!(
        served,
        withdraw_complaint,
        served.channel_token(),
        WithdrawComplaintRequest { request_id: id(), name: into, reporter: shows(&target.access_code) }
    );
    withdraw.unwrap();
    let member = served.get(&member, &served.officer()).await.unwrap();
    assert_eq!((member.state(), member.merged_into.as_str()), (ComplaintState::InProgress, ""));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supporter_counts_once_and_may_reopen() {
    let served = Served::start().await;
    let filed = served.file().await;
    let name = filed.complaint.unwrap().name;
    let support = |reference: &str| {
        let request = v1::SupportComplaintRequest {
            request_id: id(),
            name: name.clone(),
            channel_reference: reference.to_owned(),
            ..Default::default()
        };
        let (mut client, token) = (served.client.clone(), served.token("qlue", 0, &[]));
        async move { client.support_complaint(authorized(request, &token)).await }
    };
    for (reference, supporters) in [("a", 1), ("a", 1), ("b", 2)] {
        assert_eq!(support(reference).await.unwrap().into_inner().supporters, supporters);
    }
    assert_eq!(fields(&support("").await.unwrap_err()), ["channel_reference"]);
    // The reporter is no supporter of its own report.
    let own = call!(
        served,
        support_complaint,
        served.channel_token(),
        SupportComplaintRequest {
            request_id: id(),
            name: name.clone(),
            channel_reference: "wa-17".to_owned(),
        }
    );
    assert_eq!(own.unwrap().supporters, 2);
    served.accept(&name).await.unwrap();
    served.submit(&name).await.unwrap();
    served.approve(&name, &served.validator()).await.unwrap();
    let reopen = |reference: &str, channel: &str| {
        let reporter =
            Some(v1::ReporterProof { channel_reference: reference.to_owned(), ..Default::default() });
        let request = v1::ReopenComplaintRequest {
            request_id: id(),
            name: name.clone(),
            reporter,
            reason: "Belum".to_owned(),
            ..Default::default()
        };
        let (mut client, token) = (served.client.clone(), served.token(channel, 0, &[]));
        async move { client.reopen_complaint(authorized(request, &token)).await }
    };
    assert_eq!(why(reopen("c", "qlue").await), (Code::PermissionDenied, "NOT_THE_REPORTER".to_owned()));
    assert_eq!(why(reopen("a", "other").await), (Code::PermissionDenied, "NOT_THE_REPORTER".to_owned()));
    let reopened = reopen("a", "qlue").await.unwrap().into_inner().complaint.unwrap();
    assert_eq!((reopened.state(), reopened.text.as_str()), (ComplaintState::InProgress, ""));
    let timeline = call!(served, list_timeline, served.officer(), ListTimelineRequest { name: name.clone() });
    let commands: Vec<ComplaintCommand> =
        timeline.unwrap().entries.iter().map(v1::TimelineEntry::command).collect();
    assert_eq!(commands.iter().filter(|command| **command == ComplaintCommand::Support).count(), 2);
    served.finish().await;
}
