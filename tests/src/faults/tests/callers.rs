//! Callers who hang up, and callers whose answer is lost: what they asked for is done whole or not at all, and who asks again
//! gets the answer.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use dev::{
    calls::call,
    client::{authorized, channel},
    proxy::Weather,
    stack::{Stack, Way},
};
use proto::complaints::v1::{
    FileComplaintRequest, FileComplaintResponse, complaint_service_client::ComplaintServiceClient,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sqlx::PgPool;
use tokio::time::Instant;
use tonic::{Status, transport::Channel};
use tonic_types::StatusExt;

use crate::faults::{
    checker::Checker,
    load::{Tokens, to_file},
    options, start,
};

use super::{QUIET_WITHIN, seed};

/// How many calls are broken off, where the environment says nothing else (`PRIMA_TEST_CALLS`); a long run takes 100,000.
const CALLS: usize = 2_000;
const CALLERS: usize = 32;
/// The longest that a caller waits before it hangs up: about as long as a call takes.
const PATIENCE_MICROS: u64 = 20_000;
/// Answers whose loss must have been seen after their commit.
const STORED: usize = 5;
const AT_MOST: usize = 2_000;

#[derive(Clone)]
struct Caller {
    complaints: ComplaintServiceClient<Channel>,
    token: String,
}

impl Caller {
    async fn connect(stack: &Stack) -> Self {
        let complaints = channel(&stack.service("complaints").unwrap().url()).await.unwrap();
        let token = Tokens::of(stack).await.unwrap().officer;
        Self { complaints: ComplaintServiceClient::new(complaints), token }
    }

    /// Calls until there is an answer.
    async fn filed(&self, request: &FileComplaintRequest) -> FileComplaintResponse {
        let filed = call(&self.token, request, |request| {
            let mut complaints = self.complaints.clone();
            async move { complaints.file_complaint(request).await }
        });
        filed.await.unwrap()
    }

    /// Calls once.
    async fn file(&self, request: &FileComplaintRequest) -> Result<FileComplaintResponse, Status> {
        let request = authorized(request.clone(), &self.token);
        Ok(self.complaints.clone().file_complaint(request).await?.into_inner())
    }
}

async fn count(database: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(database).await.unwrap()
}

/// Waits until no connection of a service is in a transaction, and looks whether each reply has its report and event.
async fn nothing_is_half_done(checker: &Checker) {
    let deadline = Instant::now() + QUIET_WITHIN;
    let open = "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE '%\\_app' AND state LIKE '%in transaction%'";
    while count(checker.database(), open).await > 0 {
        assert!(Instant::now() < deadline, "a transaction stays open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // In one statement, so that a call which goes on all the same is seen everywhere or nowhere.
    let counts: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM complaints.complaint),
                (SELECT count(*) FROM complaints.event_log WHERE aggregate_type = 'complaint'),
                (SELECT count(*) FROM complaints.request_reply)",
    )
    .fetch_one(checker.database())
    .await
    .unwrap();
    assert!(counts.0 == counts.1 && counts.1 == counts.2, "reports, their events and replies: {counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_broken_off_at_any_instant_are_done_whole_or_not_at_all_and_answered_when_made_again() {
    let stack = start(options().unwrap(), &[]).await.unwrap();
    let checker = Checker::connect(&stack).await.unwrap();
    let caller = Caller::connect(&stack).await;
    let calls = std::env::var("PRIMA_TEST_CALLS").ok().and_then(|text| text.parse().ok()).unwrap_or(CALLS);
    let seed = seed();
    let mut callers = Vec::new();
    for number in 0..CALLERS {
        let (caller, mut random) = (caller.clone(), StdRng::seed_from_u64(seed ^ number as u64));
        callers.push(tokio::spawn(async move {
            let mut broken_off = Vec::new();
            while broken_off.len() < calls / CALLERS {
                let request = to_file();
                let patience = Duration::from_micros(random.random_range(0..PATIENCE_MICROS));
                if tokio::time::timeout(patience, caller.file(&request)).await.is_err() {
                    broken_off.push(request);
                } else {
                    // Whether it was answered or its connection was lost: made again, it is always answered alike.
                    let (once, again) = (caller.filed(&request).await, caller.filed(&request).await);
                    assert_eq!(once.complaint, again.complaint);
                }
            }
            broken_off
        }));
    }
    let mut broken_off = Vec::new();
    for caller in callers {
        broken_off.extend(caller.await.unwrap());
    }
    nothing_is_half_done(&checker).await;
    let done = count(checker.database(), "SELECT count(*) FROM complaints.complaint").await;
    let mut reports = HashSet::new();
    for request in &broken_off {
        reports.insert(caller.filed(request).await.complaint.unwrap().name);
    }
    assert_eq!(reports.len(), broken_off.len());
    nothing_is_half_done(&checker).await;
    let after = count(checker.database(), "SELECT count(*) FROM complaints.complaint").await;
    println!(
        "{} calls broken off, {} of them done all the same",
        broken_off.len(),
        reports.len() as i64 - (after - done)
    );
    assert_eq!(checker.quiet(QUIET_WITHIN).await.unwrap().wrong(), Vec::<String>::new());
    drop(checker);
    stack.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_commit_was_done_and_the_answer_lost_gets_the_stored_reply() {
    let stack = Arc::new(start(options().unwrap(), &[]).await.unwrap());
    let checker = Checker::connect(&stack).await.unwrap();
    let caller = Caller::connect(&stack).await;
    let proxy = stack.proxy("complaints", Way::Postgres).unwrap();
    let (mut stored, mut undone) = (0, 0);
    for _ in 0..AT_MOST {
        if stored >= STORED && undone > 0 {
            break;
        }
        let request = to_file();
        proxy.set(Weather::LosesAnswers(6));
        let first = caller.file(&request).await;
        proxy.set(Weather::Fair);
        if let Err(status) = first {
            assert_eq!(status.code(), tonic::Code::Unavailable, "{status:?}");
            assert!(status.get_details_retry_info().is_some(), "it says when to call again");
            let id: uuid::Uuid = request.request_id.parse().unwrap();
            let is_stored: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM complaints.request_reply WHERE request_id = $1)",
            )
            .bind(id)
            .fetch_one(checker.database())
            .await
            .unwrap();
            if is_stored {
                stored += 1
            } else {
                undone += 1
            }
            let answered = caller.filed(&request).await.complaint.unwrap();
            assert_eq!(caller.filed(&request).await.complaint.unwrap().name, answered.name);
        }
    }
    assert!(stored >= STORED && undone > 0, "{stored} were done, {undone} were not");
    nothing_is_half_done(&checker).await;
    drop((checker, caller));
    let stack = Arc::into_inner(stack).expect("nobody else holds the stack any more");
    stack.stop().await.unwrap();
}
