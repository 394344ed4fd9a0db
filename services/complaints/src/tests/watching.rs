//! Watches: the state first, then each step once and in order, whichever replica it is done at; resumed without a gap, also
//! after a restart; ended when the process drains.

use std::time::{Duration, Instant};

use dev::client::channel;
use proto::complaints::v1::{ComplaintState, watch_complaint_response::Update};
use sqlx::{Connection, PgConnection};
use tonic::Code;

use super::*;

/// Watches of one report that many share.
const SHARED: usize = 50;
/// Reports with a watch of its own.
const ALONE: usize = 200;
/// Streams that one connection takes.
const STREAMS: usize = 100;
/// Long before a wake-up would be found to be missing.
const AT_ONCE: Duration = Duration::from_secs(10);

type Watch = tonic::Streaming<v1::WatchComplaintResponse>;
type Client = ComplaintServiceClient<Channel>;

async fn watch(served: &Served, name: &str, resume_token: &str) -> Watch {
    watch_by(&served.client, &served.officer(), (name, resume_token)).await
}

async fn watch_by(client: &Client, token: &str, (name, resume_token): (&str, &str)) -> Watch {
    let request = v1::WatchComplaintRequest {
        name: name.to_owned(),
        resume_token: resume_token.to_owned(),
        reporter: None,
    };
    client.clone().watch_complaint(authorized(request, token)).await.unwrap().into_inner()
}

/// The next step, and where to resume after it.
async fn step(watch: &mut Watch) -> (v1::TimelineEntry, String) {
    loop {
        let message = watch.message().await.unwrap().unwrap();
        if let Some(Update::Entry(entry)) = message.update {
            return (entry, message.resume_token);
        }
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn a_step_at_one_replica_reaches_the_watchers_of_another_at_once() {
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    let second = Process::start(&served.world).await;
    let mut watching = watch_by(&second.client, &served.officer(), (&name, "")).await;
    watching.message().await.unwrap().unwrap();
    let begun = Instant::now();
    served.accept(&name).await.unwrap();
    assert_eq!(step(&mut watching).await.0.version, 2);
    assert!(begun.elapsed() < AT_ONCE, "it took {:?}", begun.elapsed());
    second.end().await;
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_which_no_wake_up_tells_is_found() {
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    let mut watching = watch(&served, &name, "").await;
    let id: Uuid = name.strip_prefix("complaints/").unwrap().parse().unwrap();
    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    sqlx::query(
        "WITH changed AS (UPDATE complaints.complaint SET version = 2 WHERE id = $1)
         INSERT INTO complaints.timeline_entry (complaint, version, command, state, subject, responsible_unit, occurred_at, salt)
         SELECT complaint, 2, 'ADD_NOTE', state, subject, responsible_unit, occurred_at, salt
         FROM complaints.timeline_entry WHERE complaint = $1",
    )
    .bind(id)
    .execute(&mut superuser)
    .await
    .unwrap();
    superuser.close().await.unwrap();
    assert_eq!(step(&mut watching).await.0.version, 2);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_resumes_after_a_restart_and_misses_nothing() {
    let mut served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    let mut watching = watch(&served, &name, "").await;
    served.accept(&name).await.unwrap();
    let (_, token) = step(&mut watching).await;
    served.submit(&name).await.unwrap();
    served.restart().await;
    served.approve(&name, &served.validator()).await.unwrap();
    let mut resumed = watch(&served, &name, &token).await;
    let versions = [step(&mut resumed).await.0.version, step(&mut resumed).await.0.version];
    assert_eq!(versions, [3, 4]);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_watchers_of_one_report_and_of_many_each_see_every_step_in_order() {
    let served = Served::start().await;
    let address = served.world.grpc_address(SERVICE).await;
    let shared = served.file().await.complaint.unwrap().name;
    let mut names = vec![shared.clone(); SHARED];
    for _ in 0..ALONE {
        names.push(served.file().await.complaint.unwrap().name);
    }
    let token = served.officer();
    let mut watches = Vec::new();
    for names in names.chunks(STREAMS) {
        let client = ComplaintServiceClient::new(channel(&address).await.unwrap());
        for name in names {
            watches.push(watch_by(&client, &token, (name, "")).await);
        }
    }
    for name in &names[SHARED - 1..] {
        served.accept(name).await.unwrap();
        served.submit(name).await.unwrap();
    }
    for watching in &mut watches {
        let versions = [step(watching).await.0.version, step(watching).await.0.version];
        assert_eq!(versions, [2, 3]);
    }
    served.finish().await;
}
