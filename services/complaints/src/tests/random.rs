//! Random lives over the wire: whatever is called, timeline, events and counts agree, and who worked never validates.

use std::collections::HashSet;

use proto::complaints::v1::{ComplaintCommand, ComplaintOutcome, ComplaintState, TransferReason};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sqlx::{Connection, PgConnection};

use super::*;

const REPORTS: usize = 12;
const CALLS: usize = 24;
const PEOPLE: u128 = 3;

/// Calls something at random; whether it was done.
async fn call_something(served: &Served, random: &mut StdRng, filed: &v1::FileComplaintResponse) -> bool {
    let name = filed.complaint.as_ref().unwrap().name.clone();
    let person = random.random_range(1..=PEOPLE);
    let units = [served.province, served.kelurahan, served.agency];
    let unit = unit_name(units[random.random_range(0..units.len())]);
    let official = served.token("official", person, &[served.province]);
    let channel = served.channel_token();
    let (text, reporter) = ("Teks".to_owned(), shows(&filed.access_code));
    let proposed_outcome = ComplaintOutcome::Fixed.into();
    let request_id = id();
    match random.random_range(0..13) {
        0 | 1 => {
            call!(served, accept_complaint, official, AcceptComplaintRequest { request_id, name }).is_ok()
        }
        2 => {
            let reason = TransferReason::OtherDuty.into();
            call!(
                served,
                transfer_complaint,
                official,
                TransferComplaintRequest { request_id, name, unit, reason }
            )
            .is_ok()
        }
        3 => call!(served, dispose_complaint, official, DisposeComplaintRequest { request_id, name, unit })
            .is_ok(),
        4 | 5 => call!(
            served,
            submit_follow_up,
            official,
            SubmitFollowUpRequest { request_id, name, public_text: text, proposed_outcome }
        )
        .is_ok(),
        6..=8 => {
            call!(served, approve_follow_up, official, ApproveFollowUpRequest { request_id, name }).is_ok()
        }
        9 => call!(
            served,
            reject_follow_up,
            official,
            RejectFollowUpRequest { request_id, name, public_text: text }
        )
        .is_ok(),
        10 => call!(
            served,
            confirm_resolution,
            channel,
            ConfirmResolutionRequest { request_id, name, reporter, rating: 3 }
        )
        .is_ok(),
        11 => call!(
            served,
            reopen_complaint,
            channel,
            ReopenComplaintRequest { request_id, name, reporter, reason: text }
        )
        .is_ok(),
        _ => call!(served, add_note, official, AddNoteRequest { request_id, name, internal_note: text })
            .is_ok(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_called_timeline_events_and_counts_agree() {
    let served = Served::start().await;
    let mut random = StdRng::seed_from_u64(41);
    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    let mut validated = 0;
    for _ in 0..REPORTS {
        let filed = served.file().await;
        let mut done = 1;
        for _ in 0..CALLS {
            done += i64::from(call_something(&served, &mut random, &filed).await);
        }
        let name = filed.complaint.unwrap().name;
        let request = v1::ListTimelineRequest { name: name.clone(), ..Default::default() };
        let timeline = served.client.clone().list_timeline(authorized(request, &served.validator())).await;
        let timeline = timeline.unwrap().into_inner().entries;
        let versions: Vec<i64> = timeline.iter().map(|entry| entry.version).collect();
        assert_eq!(versions, (1..=done).collect::<Vec<_>>());
        let told: Vec<i64> = sqlx::query_scalar(
            "SELECT version FROM complaints.event_log WHERE headers->>'ce-subject' = $1 ORDER BY version",
        )
        .bind(&name)
        .fetch_all(&mut superuser)
        .await
        .unwrap();
        assert_eq!(told, versions, "each step is one event");
        let mut workers = HashSet::new();
        for entry in &timeline {
            if entry.command() == ComplaintCommand::ApproveFollowUp {
                assert!(!workers.contains(&entry.person), "a worker validated");
                validated += 1;
            }
            workers.insert(entry.person.clone());
        }
        let complaint = served.get(&name, &served.validator()).await.unwrap();
        let count = |command| timeline.iter().filter(|entry| entry.command() == command).count();
        assert_eq!(usize::try_from(complaint.hops).unwrap(), count(ComplaintCommand::Transfer));
        assert_eq!(complaint.reopen_times.len(), count(ComplaintCommand::Reopen));
        let is_closed = complaint.state() == ComplaintState::Closed;
        assert_eq!(complaint.outcome() != ComplaintOutcome::Unspecified, is_closed);
        assert_eq!(timeline.last().unwrap().state(), complaint.state());
    }
    assert!(validated > 0, "no life got that far");
    superuser.close().await.unwrap();
    served.finish().await;
}
