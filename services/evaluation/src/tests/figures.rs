//! Figures through the RPC: facts made by hand, and who may see them.

use jiff::{SignedDuration, Timestamp};
use tonic::Code;

use super::*;
use crate::store::fact::Fact;

async fn figures(served: &Served, unit: Uuid, token: &str) -> Result<v1::Figures, Status> {
    let request = v1::GetFiguresRequest { unit: format!("units/{unit}"), period: "2026-01".to_owned() };
    let mut client = FigureServiceClient::new(served.channel.clone());
    Ok(client.get_figures(authorized(request, token)).await?.into_inner().figures.unwrap())
}

fn fact(unit: Uuid, filed_at: &str) -> Fact {
    Fact {
        event_id: Uuid::now_v7(),
        complaint: Uuid::now_v7(),
        epoch: 1,
        version: 1,
        event_type: String::new(),
        unit,
        category: String::new(),
        filed_at: filed_at.parse().unwrap(),
        first_accepted_at: None,
        resolved_at: None,
        reopened_times: 0,
        reopened_at: None,
        closed_at: None,
        confirmed: false,
        rating: None,
        verified: false,
    }
}

/// A newer fact of the same report, after so many hours.
fn later(fact: &Fact, change: impl FnOnce(&mut Fact, &dyn Fn(i64) -> Option<Timestamp>)) -> Fact {
    let filed_at = fact.filed_at;
    let after = move |hours| filed_at.checked_add(SignedDuration::from_hours(hours)).ok();
    let mut newer = Fact {
        event_id: Uuid::now_v7(),
        version: fact.version + 1,
        ..self::fact(fact.unit, "2026-01-01T00:00:00Z")
    };
    (newer.complaint, newer.filed_at) = (fact.complaint, filed_at);
    change(&mut newer, &after);
    newer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_periods_figures_are_those_of_its_reports_newest_facts() {
    let served = Served::start(2).await;
    let (one, other) = (served.units[0], served.units[1]);
    let (first, last) = ("2025-12-31T17:00:00Z", "2026-01-31T16:59:59.999999Z");
    let filed = fact(one, first);
    let closed = later(&filed, |fact, after| {
        (fact.first_accepted_at, fact.resolved_at) = (after(2), after(10));
        (fact.closed_at, fact.confirmed, fact.rating) = (after(20), true, Some(4));
    });
    let moved = fact(one, last);
    let moved_on = later(&moved, |fact, after| {
        fact.unit = other;
        (fact.first_accepted_at, fact.resolved_at) = (after(4), after(30));
        (fact.reopened_times, fact.reopened_at) = (1, after(40));
    });
    let outside = [fact(one, "2025-12-31T16:59:59.999999Z"), fact(one, "2026-01-31T17:00:00Z")];
    let database = database(&served.world).await;
    let mut connection = database.acquire().await.unwrap();
    for fact in [&closed, &filed, &moved_on, &moved, &closed].into_iter().chain(&outside) {
        store::fact::insert(&mut connection, std::slice::from_ref(fact)).await.unwrap();
    }

    let hours = |hours: i64| Some(prost_types::Duration { seconds: hours * 3_600, nanos: 0 });
    let whole = figures(&served, served.province, &served.token).await.unwrap();
    let expected = v1::Figures {
        unit: format!("units/{}", served.province),
        period: "2026-01".to_owned(),
        filed: 2,
        accepted: 2,
        resolved: 1,
        reopened: 1,
        confirmed: 1,
        closed: 1,
        ratings: 1,
        rating_sum: 4,
        rating_mean: "4.00".to_owned(),
        median_to_accept: hours(2),
        median_to_resolve: hours(10),
        p90_to_resolve: hours(10),
    };
    assert_eq!(whole, expected);
    assert_eq!(figures(&served, one, &served.token).await.unwrap().filed, 1, "the other is moved");
    assert_eq!(figures(&served, other, &served.token).await.unwrap().reopened, 1);
    drop(connection);
    drop(database);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_caller_whose_units_hold_the_unit_sees_its_figures() {
    let served = Served::start(2).await;
    let token = |units: &[Uuid]| served.token_of(units);
    assert!(figures(&served, served.units[0], &token(&[served.units[0]])).await.is_ok());
    assert!(figures(&served, served.units[0], &token(&[served.province])).await.is_ok());
    for units in [&[served.units[1]][..], &[]] {
        let refused = figures(&served, served.units[0], &token(units)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "UNIT_UNKNOWN"));
    }
    let refused = figures(&served, served.province, &token(&[served.units[0]])).await.unwrap_err();
    assert_eq!(reason(&refused), "UNIT_UNKNOWN", "a part does not hold the whole");
    let refused = figures(&served, Uuid::now_v7(), &served.token).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "NOT_FOUND"));
    served.finish().await;
}
