//! Inboxes: lists by true time left, filtered, counted and cut into pages; and watches of them.

use std::time::Duration;

use proto::complaints::v1::{
    ComplaintCommand, ComplaintState, InboxChangeKind, TransferReason, WatchInboxResponse,
    watch_inbox_response::Update,
};
use tonic::{Code, Streaming};

use super::*;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

async fn list(served: &Served, request: v1::ListComplaintsRequest) -> v1::ListComplaintsResponse {
    let token = served.officer();
    served.client.clone().list_complaints(authorized(request, &token)).await.unwrap().into_inner()
}

fn by_due() -> v1::ListComplaintsRequest {
    v1::ListComplaintsRequest { order_by: "due_time".to_owned(), ..Default::default() }
}

fn names(listed: &v1::ListComplaintsResponse) -> Vec<String> {
    listed.complaints.iter().map(|complaint| complaint.name.clone()).collect()
}

async fn ask(served: &Served, name: &str) {
    let asked = call!(
        served,
        request_information,
        served.officer(),
        RequestInformationRequest {
            request_id: id(),
            name: name.to_owned(),
            question: "Di mana?".to_owned()
        }
    );
    asked.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn time_left_stands_still_while_the_reporter_is_asked_and_pages_go_on_as_of_the_first() {
    let served = Served::start().await;
    let asked = served.file().await.complaint.unwrap().name;
    served.accept(&asked).await.unwrap();
    served.world.shift(3 * DAY).await;
    ask(&served, &asked).await;
    served.world.shift(2 * DAY).await;
    // Four days are left of the one that waits, seven of the next.
    let fresh = served.file().await.complaint.unwrap().name;
    served.world.shift(2 * DAY).await;
    let newest = served.file().await.complaint.unwrap().name;
    let order = [asked.clone(), fresh.clone(), newest.clone()];
    assert_eq!(names(&list(&served, by_due()).await), order);
    let mut paged = Vec::new();
    let mut request = v1::ListComplaintsRequest { page_size: 1, count: true, ..by_due() };
    loop {
        let page = list(&served, request.clone()).await;
        assert_eq!((page.total_size, page.total_size_exceeded), (3, false));
        paged.extend(names(&page));
        served.world.shift(HOUR).await;
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, order);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_filters_by_states_priority_unit_and_time_left() {
    let served = Served::start().await;
    let [late, below, other] = [(); 3].map(|()| served.file());
    let late = late.await.complaint.unwrap().name;
    served.world.shift(6 * DAY).await;
    let (below, other) = (below.await.complaint.unwrap().name, other.await.complaint.unwrap().name);
    let down = call!(
        served,
        dispose_complaint,
        served.officer(),
        DisposeComplaintRequest { request_id: id(), name: below.clone(), unit: unit_name(served.section) }
    );
    down.unwrap();
    let within = |seconds: u64| {
        let seconds = i64::try_from(seconds).unwrap();
        Some(prost_types::Duration { seconds, nanos: 0 })
    };
    let request = v1::ListComplaintsRequest { due_within: within(2 * DAY), count: true, ..by_due() };
    let soon = list(&served, request).await;
    assert_eq!((names(&soon), soon.total_size), (vec![late.clone()], 1));
    let overdue = v1::ListComplaintsRequest { overdue: true, ..by_due() };
    assert_eq!(names(&list(&served, overdue.clone()).await), Vec::<String>::new());
    served.world.shift(2 * DAY).await;
    assert_eq!(names(&list(&served, overdue.clone()).await), std::slice::from_ref(&late));
    let alone = v1::ListComplaintsRequest {
        unit: unit_name(served.kelurahan),
        unit_alone: true,
        count: true,
        ..Default::default()
    };
    let alone = list(&served, alone).await;
    assert_eq!((names(&alone), alone.total_size), (vec![other.clone(), late.clone()], 2));
    let states = vec![ComplaintState::Disposed.into(), ComplaintState::Closed.into()];
    let disposed = v1::ListComplaintsRequest { states, ..Default::default() };
    assert_eq!(names(&list(&served, disposed).await), [below]);
    let urgent =
        v1::ListComplaintsRequest { priority: v1::ComplaintPriority::High.into(), ..Default::default() };
    assert_eq!(names(&list(&served, urgent).await), Vec::<String>::new());
    let newest = v1::ListComplaintsRequest { order_by: String::new(), ..overdue };
    let refused = served.client.clone().list_complaints(authorized(newest, &served.officer())).await;
    assert_eq!(fields(&refused.unwrap_err()), ["overdue"]);
    let sorted = v1::ListComplaintsRequest { order_by: "text".to_owned(), ..Default::default() };
    let refused = served.client.clone().list_complaints(authorized(sorted, &served.officer())).await;
    assert_eq!(fields(&refused.unwrap_err()), ["order_by"]);
    served.finish().await;
}

async fn watch(served: &Served, token: &str, resume_token: &str) -> Streaming<WatchInboxResponse> {
    let request = v1::WatchInboxRequest { page_size: 2, resume_token: resume_token.to_owned() };
    served.client.clone().watch_inbox(authorized(request, token)).await.unwrap().into_inner()
}

/// The next change, and the token after it.
async fn change(stream: &mut Streaming<WatchInboxResponse>) -> (v1::InboxChange, String) {
    let next = tokio::time::timeout(Duration::from_secs(10), stream.message()).await;
    let message = next.expect("a change comes at once").unwrap().unwrap();
    let Some(Update::Change(change)) = message.update else { panic!("not a change: {message:?}") };
    (change, message.resume_token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watched_inbox_shows_what_is_open_then_what_comes_changes_and_leaves_and_resumes() {
    let served = Served::start().await;
    let first = served.file().await.complaint.unwrap().name;
    for _ in 0..2 {
        served.file().await;
    }
    let mut stream = watch(&served, &served.officer(), "").await;
    let message = stream.message().await.unwrap().unwrap();
    let Some(Update::Page(page)) = message.update else { panic!("not a page: {message:?}") };
    assert_eq!(
        (page.complaints[0].name.as_str(), page.complaints.len(), page.has_more),
        (first.as_str(), 2, true)
    );

    let new = served.file().await.complaint.unwrap().name;
    let mut entered = change(&mut stream).await.0;
    // What came just before the page, and is beyond it or in it, may be told of too.
    while entered.name != new {
        entered = change(&mut stream).await.0;
    }
    assert_eq!(
        (entered.kind(), entered.name.as_str(), entered.version),
        (InboxChangeKind::Entered, new.as_str(), 1)
    );
    served.accept(&first).await.unwrap();
    let (changed, token) = change(&mut stream).await;
    assert_eq!((changed.kind(), changed.command()), (InboxChangeKind::Changed, ComplaintCommand::Accept));
    assert_eq!(changed.complaint.unwrap().state(), ComplaintState::InProgress);
    drop(stream);

    let away = call!(
        served,
        transfer_complaint,
        served.officer(),
        TransferComplaintRequest {
            request_id: id(),
            name: new.clone(),
            unit: unit_name(served.agency),
            reason: TransferReason::OtherDuty.into(),
        }
    );
    away.unwrap();
    let agency = served.token("agency", 3, &[served.agency]);
    let mut other = watch(&served, &agency, "").await;
    other.message().await.unwrap().unwrap();
    let mut resumed = watch(&served, &served.officer(), &token).await;
    let (left, _) = change(&mut resumed).await;
    assert_eq!(
        (left.kind(), left.name.as_str(), left.complaint),
        (InboxChangeKind::Left, new.as_str(), None)
    );
    served.submit(&first).await.unwrap();
    assert_eq!(change(&mut resumed).await.0.command(), ComplaintCommand::SubmitFollowUp);
    let taken = call!(
        served,
        accept_complaint,
        agency,
        AcceptComplaintRequest { request_id: id(), name: new.clone() }
    );
    taken.unwrap();
    assert_eq!(change(&mut other).await.0.name, new, "what is others' is not told of");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn none_of_many_steps_at_once_is_missed_or_told_twice() {
    const REPORTS: usize = 40;
    let served = Served::start().await;
    let mut stream = watch(&served, &served.officer(), "").await;
    stream.message().await.unwrap().unwrap();
    let filed = futures::future::join_all((0..REPORTS).map(|_| served.file()));
    let told = async {
        let (mut told, mut token) = (Vec::new(), String::new());
        while told.len() < 2 * REPORTS {
            let (change, next) = change(&mut stream).await;
            told.push((change.name, change.version));
            token = next;
            // Cut in the middle, now and then.
            if told.len() % 13 == 0 {
                stream = watch(&served, &served.officer(), &token).await;
            }
        }
        assert!(!token.is_empty());
        told
    };
    let accepted = async {
        let filed = filed.await;
        let accept = filed.iter().map(|filed| served.accept(&filed.complaint.as_ref().unwrap().name));
        for accepted in futures::future::join_all(accept).await {
            accepted.unwrap();
        }
    };
    let (mut told, ()) = tokio::join!(told, accepted);
    for (name, _) in told.clone() {
        let versions: Vec<i64> =
            told.iter().filter(|(other, _)| *other == name).map(|(_, version)| *version).collect();
        assert_eq!(versions, [1, 2], "each once and in order");
    }
    told.dedup();
    assert_eq!(told.len(), 2 * REPORTS);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_is_a_persons_and_shows_nothing_about_its_own_unit() {
    let served = Served::start().await;
    let refuse = |token: String, resume_token: &str| {
        let request = v1::WatchInboxRequest { page_size: 0, resume_token: resume_token.to_owned() };
        let mut client = served.client.clone();
        async move { client.watch_inbox(authorized(request, &token)).await }
    };
    let system = refuse(served.channel_token(), "").await.unwrap_err();
    assert_eq!((system.code(), reason(&system).as_str()), (Code::PermissionDenied, "PERSON_REQUIRED"));
    let broken = refuse(served.officer(), "broken").await.unwrap_err();
    assert_eq!((broken.code(), reason(&broken).as_str()), (Code::InvalidArgument, "RESUME_TOKEN_INVALID"));

    let mut stream = watch(&served, &served.token("both", 5, &[served.province, served.kelurahan]), "").await;
    stream.message().await.unwrap().unwrap();
    let about = v1::FileComplaintRequest { category: "categories/pungli".to_owned(), ..to_file() };
    served.client.clone().file_complaint(authorized(about, &served.channel_token())).await.unwrap();
    let plain = served.file().await.complaint.unwrap().name;
    assert_eq!(change(&mut stream).await.0.name, plain);
    served.finish().await;
}
