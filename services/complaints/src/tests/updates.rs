//! WatchUpdates: a channel is told every step of its own reports once, in each report's order, however often it is cut.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use proto::complaints::v1::{ComplaintCommand, watch_updates_response::Update};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tonic::Code;

use super::*;

const FILERS: usize = 4;
const REPORTS: usize = 15;
const PATIENCE: Duration = Duration::from_secs(60);

async fn watch(
    client: &ComplaintServiceClient<Channel>,
    token: &str,
    resume_token: &str,
) -> Result<tonic::Streaming<v1::WatchUpdatesResponse>, Status> {
    let request = v1::WatchUpdatesRequest { resume_token: resume_token.to_owned(), only_new: false };
    Ok(client.clone().watch_updates(authorized(request, token)).await?.into_inner())
}

/// Files reports, and has each accepted and withdrawn; calls that a restart cut are repeated.
async fn live(served: &Served) {
    for _ in 0..REPORTS {
        let request = to_file();
        let filed = repeat(async || {
            let request = authorized(request.clone(), &served.channel_token());
            served.client.clone().file_complaint(request).await
        })
        .await;
        let name = filed.complaint.unwrap().name;
        let accept =
            v1::AcceptComplaintRequest { request_id: id(), name: name.clone(), ..Default::default() };
        repeat(async || {
            served.client.clone().accept_complaint(authorized(accept.clone(), &served.officer())).await
        })
        .await;
        let withdraw = v1::WithdrawComplaintRequest {
            request_id: id(),
            name,
            reporter: shows(&filed.access_code),
            ..Default::default()
        };
        repeat(async || {
            served
                .client
                .clone()
                .withdraw_complaint(authorized(withdraw.clone(), &served.channel_token()))
                .await
        })
        .await;
    }
}

async fn repeat<T>(call: impl AsyncFn() -> Result<tonic::Response<T>, Status>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        match call().await {
            Ok(answer) => return answer.into_inner(),
            Err(status) => assert!(Instant::now() < until, "{status}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Follows, cut at random, until every report was told to its end.
async fn follow(
    served: &Served,
    random: &mut StdRng,
    told: &mut HashMap<String, Vec<ComplaintCommand>>,
    resume_token: &mut String,
    until: impl Fn(&HashMap<String, Vec<ComplaintCommand>>) -> bool,
) {
    let begun = Instant::now();
    while !until(told) {
        assert!(begun.elapsed() < PATIENCE, "{} reports were told after {PATIENCE:?}", told.len());
        let Ok(mut stream) = watch(&served.client, &served.channel_token(), resume_token).await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        for _ in 0..random.random_range(1..40) {
            let next = tokio::time::timeout(Duration::from_secs(1), stream.message()).await;
            let Ok(Ok(Some(message))) = next else { break };
            if let Some(Update::Change(change)) = &message.update {
                assert_eq!(change.channel_reference, "wa-17");
                assert!(!change.text_id.is_empty() && !change.text_en.is_empty());
                told.entry(change.name.clone()).or_default().push(change.command());
            }
            // Dealt with only now: what was sent and not dealt with is sent again.
            *resume_token = message.resume_token;
            if until(told) {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_cut_at_random_and_over_a_restart_is_told_each_step_once_and_in_order() {
    let mut served = Served::start().await;
    let mut random = StdRng::seed_from_u64(7);
    let (mut told, mut resume_token) = (HashMap::new(), String::new());
    for _ in 0..2 {
        let before = told.len();
        let done = AtomicBool::new(false);
        let lives = async {
            futures::future::join_all((0..FILERS).map(|_| live(&served))).await;
            done.store(true, Ordering::SeqCst);
        };
        let following = follow(&served, &mut random, &mut told, &mut resume_token, |told| {
            let all = told.len() == before + FILERS * REPORTS;
            done.load(Ordering::SeqCst) && all && told.values().all(|commands| commands.len() == 3)
        });
        tokio::join!(lives, following);
        served.restart().await;
    }
    assert_eq!(told.len(), 2 * FILERS * REPORTS);
    for (name, commands) in &told {
        let expected = [ComplaintCommand::File, ComplaintCommand::Accept, ComplaintCommand::Withdraw];
        assert_eq!(commands, &expected, "{name}");
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_committed_late_is_told_before_what_was_drawn_after_it() {
    use sqlx::{Connection, PgConnection};
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    let complaint: Uuid = name.strip_prefix("complaints/").unwrap().parse().unwrap();
    // Somebody has drawn a position, and is slow to commit.
    let mut slow = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    let mut transaction = slow.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO complaints.timeline_entry
             (complaint, version, command, state, subject, responsible_unit, occurred_at, public_channel, salt)
         SELECT complaint, 99, 'REOPEN', 'IN_PROGRESS', 'x', responsible_unit, occurred_at, public_channel, salt
         FROM complaints.timeline_entry WHERE complaint = $1",
    )
    .bind(complaint)
    .execute(&mut *transaction)
    .await
    .unwrap();
    let mut stream = watch(&served.client, &served.channel_token(), "").await.unwrap();
    let later = served.file().await.complaint.unwrap().name;
    tokio::time::sleep(Duration::from_millis(500)).await;
    transaction.commit().await.unwrap();
    let mut told = Vec::new();
    while told.len() < 3 {
        if let Some(Update::Change(change)) = stream.message().await.unwrap().unwrap().update {
            told.push((change.name, change.version));
        }
    }
    assert_eq!(told, [(name.clone(), 1), (name, 99), (later, 1)]);
    drop(stream);
    slow.close().await.unwrap();
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_sees_its_own_alone_and_a_person_none() {
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    let mut client = served.client.clone();
    let other = served.token("other channel", 0, &[]);
    let others = client.file_complaint(authorized(to_file(), &other)).await.unwrap().into_inner();
    let mut stream = watch(&served.client, &served.channel_token(), "").await.unwrap();
    let first = stream.message().await.unwrap().unwrap();
    let Some(Update::Change(change)) = first.update else { panic!("not a change: {first:?}") };
    assert_eq!(change.name, name);
    let mut stream = watch(&served.client, &other, "").await.unwrap();
    let second = stream.message().await.unwrap().unwrap();
    let Some(Update::Change(change)) = second.update else { panic!("not a change: {second:?}") };
    assert_eq!(change.name, others.complaint.unwrap().name);

    let refused = watch(&served.client, &served.officer(), "").await;
    assert_eq!(why(refused), (Code::PermissionDenied, "CHANNEL_ONLY".to_owned()));
    let refused = watch(&served.client, &served.channel_token(), &second.resume_token).await;
    assert_eq!(why(refused), (Code::InvalidArgument, "RESUME_TOKEN_INVALID".to_owned()), "another's token");
    drop(stream);
    served.finish().await;
}
