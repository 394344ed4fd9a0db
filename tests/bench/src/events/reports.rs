//! Events as the producer tells them, made by the thousand: the lives of many reports, each event with the report's
//! cumulative snapshot.

use anyhow::Result;
use jiff::Timestamp;
use kit::events::Event;
use proto::complaints::events::v1::{
    ComplaintAccepted, ComplaintFiled, ComplaintFollowUpSubmitted, ComplaintSnapshot, Responsibility,
};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

/// Reports whose lives run side by side: an event's successor is this many events away.
const SIDE_BY_SIDE: usize = 5_000;
/// Events of a report.
const STEPS: i64 = 3;
/// Events of a transaction.
const AT_ONCE: usize = 1_000;
/// How often a report was handed on.
const HANDS: usize = 6;
/// How often it was resolved and reopened.
const REOPENED: usize = 3;

/// Business time, which nothing here depends on.
const FILED_AT: Timestamp = Timestamp::UNIX_EPOCH;

/// Writes so many events as the producer would, without a word to its relay.
pub(super) async fn tell(connection: &mut PgConnection, events: &[Event]) -> Result<()> {
    for events in events.chunks(AT_ONCE) {
        let mut transaction = connection.begin().await?;
        kit::events::append(&mut transaction, events).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// So many events of reports that `is_wanted`, by their ids.
pub(super) fn events(count: usize, is_wanted: impl Fn(Uuid) -> bool) -> Vec<Event> {
    let mut events = Vec::with_capacity(count);
    while events.len() < count {
        let reports: Vec<Uuid> =
            std::iter::repeat_with(Uuid::now_v7).filter(|id| is_wanted(*id)).take(SIDE_BY_SIDE).collect();
        for version in 1..=STEPS {
            events.extend(reports.iter().map(|report| event(*report, version)));
        }
    }
    events.truncate(count);
    events
}

/// The event of a report that was just filed.
pub(super) fn filed(report: Uuid) -> Event {
    let resource = format!("complaints/{report}");
    let mut complaint = snapshot(&resource, 1);
    complaint.responsibilities.truncate(1);
    (complaint.first_accept_time, complaint.resolve_times, complaint.reopen_times) =
        (None, Vec::new(), Vec::new());
    let message = ComplaintFiled { complaint: Some(complaint) };
    Event::new("complaints", ("complaint", "filed"), (report, 1), resource, FILED_AT, &message)
}

fn event(report: Uuid, version: i64) -> Event {
    let resource = format!("complaints/{report}");
    let complaint = Some(snapshot(&resource, version));
    let (at, of) = (FILED_AT, (report, version));
    let told = |verb| ("complaint", verb);
    match version {
        1 => Event::new("complaints", told("filed"), of, resource, at, &ComplaintFiled { complaint }),
        2 => Event::new("complaints", told("accepted"), of, resource, at, &ComplaintAccepted { complaint }),
        _ => {
            let message = ComplaintFollowUpSubmitted { complaint };
            Event::new("complaints", told("follow_up_submitted"), of, resource, at, &message)
        }
    }
}

/// A report that went through several hands: about 600 bytes.
fn snapshot(name: &str, version: i64) -> ComplaintSnapshot {
    let time = |second: i64| prost_types::Timestamp { seconds: 1_800_000_000 + second, nanos: 123_456_000 };
    ComplaintSnapshot {
        name: name.to_owned(),
        category: "categories/sampah".to_owned(),
        kind: 1,
        channel: "jaki".to_owned(),
        kelurahan_code: "31.74.01.1001".to_owned(),
        responsibilities: (0..HANDS)
            .map(|hand| Responsibility {
                unit: format!("units/{}", Uuid::from_u128(u128::MAX - hand as u128)),
                from_time: Some(time(0)),
            })
            .collect(),
        state: 1,
        file_time: Some(time(0)),
        first_accept_time: Some(time(version)),
        resolve_times: vec![time(60); REOPENED],
        reopen_times: vec![time(90); REOPENED],
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn a_snapshot_is_as_long_as_that_of_a_report_with_a_history() {
        let name = format!("complaints/{}", Uuid::now_v7());
        let length = snapshot(&name, 1).encoded_len();
        assert!((550..=650).contains(&length), "{length} bytes");
    }

    #[test]
    fn as_many_events_are_made_as_are_asked_for() {
        assert_eq!(events(20_000, |_| true).len(), 20_000);
    }
}
