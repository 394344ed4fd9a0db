//! The clock over processes: each step once, told to the unit above, whatever happens to a process.

use std::time::{Duration, Instant};

use proto::complaints::v1::{ComplaintCommand, ComplaintState, Confirmation, DeadlineKind};
use sqlx::{Connection, PgConnection};

use super::*;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// Until something that the clock does must be seen; it looks twice a second.
const PATIENCE: Duration = Duration::from_secs(60);

async fn timeline(served: &Served, name: &str) -> Vec<v1::TimelineEntry> {
    let request = v1::ListTimelineRequest { name: name.to_owned(), ..Default::default() };
    let answer = served.client.clone().list_timeline(authorized(request, &served.validator())).await.unwrap();
    answer.into_inner().entries
}

/// The first entry of a command, once there is one.
async fn entry(served: &Served, name: &str, command: ComplaintCommand) -> v1::TimelineEntry {
    let until = Instant::now() + PATIENCE;
    loop {
        let entries = timeline(served, name).await;
        if let Some(entry) = entries.into_iter().find(|entry| entry.command() == command) {
            return entry;
        }
        assert!(Instant::now() < until, "{command:?} never came");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_nobody_takes_up_is_told_to_the_units_above_one_after_another() {
    let served = Served::start().await;
    let complaint = served.file().await.complaint.unwrap();
    let filed = complaint.create_time.unwrap().seconds;
    assert_eq!(complaint.due_time.unwrap().seconds, filed + i64::try_from(7 * DAY).unwrap());
    let down = call!(
        served,
        dispose_complaint,
        served.officer(),
        DisposeComplaintRequest {
            request_id: id(),
            name: complaint.name.clone(),
            unit: unit_name(served.section),
        }
    );
    down.unwrap();
    served.world.shift(5 * HOUR).await;
    let warned = entry(&served, &complaint.name, ComplaintCommand::Warn).await;
    assert_eq!((warned.deadline(), warned.escalated_to), (DeadlineKind::Accept, unit_name(served.kelurahan)));
    served.world.shift(2 * HOUR).await;
    let breached = entry(&served, &complaint.name, ComplaintCommand::Breach).await;
    assert_eq!(
        (breached.deadline(), breached.escalated_to),
        (DeadlineKind::Accept, unit_name(served.province))
    );
    served.world.shift(6 * DAY).await;
    entry(&served, &complaint.name, ComplaintCommand::RaiseRedFlag).await;
    let now = served.get(&complaint.name, &served.validator()).await.unwrap();
    assert!(now.red_flag_time.is_some() && now.breaches >= 2);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_reporter_is_not_waited_for_for_ever() {
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    served.accept(&name).await.unwrap();
    let asked = call!(
        served,
        request_information,
        served.officer(),
        RequestInformationRequest { request_id: id(), name: name.clone(), question: "Di mana?".to_owned() }
    );
    asked.unwrap();
    // Five working days are at most nine days; nothing else may happen meanwhile, but the statute's warning does not come.
    served.world.shift(9 * DAY).await;
    entry(&served, &name, ComplaintCommand::ExpireQuestion).await;
    let commands: Vec<ComplaintCommand> =
        timeline(&served, &name).await.iter().map(v1::TimelineEntry::command).take(4).collect();
    assert_eq!(commands[3], ComplaintCommand::ExpireQuestion);
    served.submit(&name).await.unwrap();
    served.approve(&name, &served.validator()).await.unwrap();
    served.world.shift(17 * DAY).await;
    entry(&served, &name, ComplaintCommand::AutoClose).await;
    let closed = served.get(&name, &served.validator()).await.unwrap();
    assert_eq!((closed.state(), closed.confirmation()), (ComplaintState::Closed, Confirmation::Unconfirmed));
    served.finish().await;
}

/// Copies of a report, as many reports of their own.
async fn copies(superuser: &mut PgConnection, of: &str, count: i32) {
    let id: Uuid = of.strip_prefix("complaints/").unwrap().parse().unwrap();
    sqlx::raw_sql("CREATE TEMPORARY TABLE copy AS SELECT * FROM complaints.complaint LIMIT 0")
        .execute(&mut *superuser)
        .await
        .unwrap();
    let statements = [
        "INSERT INTO copy SELECT complaint.* FROM complaints.complaint, generate_series(1, $2) WHERE id = $1",
        "UPDATE copy SET id = gen_random_uuid(), number = gen_random_uuid()::text WHERE id = $1 AND $2 > 0",
        "INSERT INTO complaints.complaint SELECT * FROM copy WHERE id <> $1 AND $2 > 0",
        "INSERT INTO complaints.timeline_entry (complaint, version, command, state, subject, responsible_unit, occurred_at,
             salt)
         SELECT id, 1, 'FILE', 'SUBMITTED', 'jaki', responsible_unit, filed_at, uuid_send(id) FROM copy WHERE id <> $1 AND $2 > 0",
    ];
    for statement in statements {
        sqlx::query(statement).bind(id).bind(count).execute(&mut *superuser).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_do_ten_thousand_steps_of_the_same_minute_each_once() {
    const COUNT: i64 = 10_000;
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    let second = Process::start(&served.world).await;
    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    copies(&mut superuser, &name, i32::try_from(COUNT).unwrap() - 1).await;

    served.world.shift(5 * HOUR).await;
    let begun = Instant::now();
    loop {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM complaints.complaint WHERE version = 1")
            .fetch_one(&mut superuser)
            .await
            .unwrap();
        if left == 0 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{left} are left after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    eprintln!("{COUNT} steps took {:?}", begun.elapsed());
    let (steps, reports, events): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM complaints.timeline_entry WHERE command = 'WARN'),
                (SELECT count(DISTINCT complaint) FROM complaints.timeline_entry WHERE command = 'WARN'),
                (SELECT count(*) FROM complaints.event_log WHERE subject LIKE '%.warned')",
    )
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    assert_eq!((steps, reports, events), (COUNT, COUNT, COUNT));
    superuser.close().await.unwrap();
    second.end().await;
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_had_begun_is_done_once_by_another() {
    let served = Served::start().await;
    let [held, free] = [served.file().await, served.file().await].map(|filed| filed.complaint.unwrap().name);
    // A process that took it and gets no further.
    let mut dying = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut dying).await.unwrap();
    let id: Uuid = held.strip_prefix("complaints/").unwrap().parse().unwrap();
    sqlx::query("UPDATE complaints.complaint SET next_due_at = NULL, version = version + 1 WHERE id = $1")
        .bind(id)
        .execute(&mut dying)
        .await
        .unwrap();
    served.world.shift(5 * HOUR).await;
    entry(&served, &free, ComplaintCommand::Warn).await;
    assert_eq!(timeline(&served, &held).await.len(), 1, "it is left to who took it");
    let process: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut dying).await.unwrap();
    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    sqlx::query("SELECT pg_terminate_backend($1)").bind(process).execute(&mut superuser).await.unwrap();
    superuser.close().await.unwrap();
    entry(&served, &held, ComplaintCommand::Warn).await;
    let warned = timeline(&served, &held).await;
    assert_eq!(warned.iter().filter(|entry| entry.command() == ComplaintCommand::Warn).count(), 1);
    served.finish().await;
}
