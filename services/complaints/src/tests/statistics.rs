//! Figures: counted again from the events alone, as CSV, and with what is few hidden from the public.

use std::collections::HashMap;

use prost::Message;
use proto::complaints::{
    events::v1::{ComplaintFiled, ComplaintSnapshot},
    v1::{
        ComplaintState, StatisticsArea, StatisticsCell, StatisticsPeriod, StatisticsQuery, StatisticsView,
        statistics_service_client::StatisticsServiceClient,
    },
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sqlx::{Connection, PgConnection};
use tonic::Code;

use super::*;

const DAY: u64 = 24 * 3_600;

async fn client(served: &Served) -> StatisticsServiceClient<Channel> {
    StatisticsServiceClient::new(channel(&served.world.grpc_address(SERVICE).await).await.unwrap())
}

async fn cells(served: &Served, query: StatisticsQuery) -> Result<Vec<StatisticsCell>, Status> {
    let request = v1::GetStatisticsRequest { query: Some(query) };
    let answer = client(served).await.get_statistics(authorized(request, &served.validator())).await?;
    Ok(answer.into_inner().cells)
}

/// Everything from last year until after the next.
fn all() -> StatisticsQuery {
    let year = kit::clock::jakarta_day(kit::clock::Clock::default().now()).year();
    StatisticsQuery {
        from_date: format!("{}-01-01", year - 1),
        until_date: format!("{}-01-01", year + 2),
        ..Default::default()
    }
}

/// Leads some reports through some of their lives.
async fn lives(served: &Served, count: usize) {
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..count {
        let filed = served.file().await;
        let name = filed.complaint.unwrap().name;
        served.world.shift(random.random_range(60..3 * DAY)).await;
        let fate = random.random_range(0..6);
        if fate == 0 {
            let rejected = call!(
                served,
                reject_complaint,
                served.officer(),
                RejectComplaintRequest {
                    request_id: id(),
                    name: name.clone(),
                    reason: 1,
                    public_text: "Bukan".to_owned(),
                }
            );
            rejected.unwrap();
            continue;
        }
        served.accept(&name).await.unwrap();
        if fate == 1 {
            continue;
        }
        served.world.shift(random.random_range(60..4 * DAY)).await;
        served.submit(&name).await.unwrap();
        served.approve(&name, &served.validator()).await.unwrap();
        if fate == 2 || fate == 3 {
            let reopened = call!(
                served,
                reopen_complaint,
                served.channel_token(),
                ReopenComplaintRequest {
                    request_id: id(),
                    name: name.clone(),
                    reporter: shows(&filed.access_code),
                    reason: "Belum".to_owned(),
                }
            );
            reopened.unwrap();
        }
        if fate == 3 {
            served.submit(&name).await.unwrap();
            served.approve(&name, &served.token("second", 9, &[served.province])).await.unwrap();
        }
        if fate == 4 {
            served.confirm(&name, &filed.access_code).await.unwrap();
        }
    }
}

/// The newest snapshot of each report: every event's message has it as its only field.
async fn snapshots(served: &Served) -> Vec<ComplaintSnapshot> {
    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    let payloads: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT payload FROM complaints.event_log WHERE aggregate_type = 'complaint' ORDER BY epoch, version",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    superuser.close().await.unwrap();
    let mut newest = HashMap::new();
    for payload in payloads {
        let snapshot = ComplaintFiled::decode(payload.as_slice()).unwrap().complaint.unwrap();
        newest.insert(snapshot.name.clone(), snapshot);
    }
    newest.into_values().collect()
}

fn micros(time: &prost_types::Timestamp) -> i64 {
    time.seconds * 1_000_000 + i64::from(time.nanos) / 1_000
}

/// The value of the nearest rank; 0 of none.
fn percentile(mut values: Vec<i64>, percent: usize) -> i64 {
    values.sort_unstable();
    (values.len() * percent).div_ceil(100).checked_sub(1).map_or(0, |rank| values[rank])
}

/// The figures of some reports, counted anew.
fn count(reports: &[&ComplaintSnapshot], as_of: i64) -> StatisticsCell {
    let sum = |of: &dyn Fn(&ComplaintSnapshot) -> bool| {
        i64::try_from(reports.iter().filter(|report| of(report)).count()).unwrap()
    };
    let resolved = |report: &ComplaintSnapshot| {
        let last = report.resolve_times.last().map(micros)?;
        report.reopen_times.last().is_none_or(|reopened| micros(reopened) < last).then_some(last)
    };
    let filed = |report: &ComplaintSnapshot| micros(&report.file_time.unwrap());
    let is_working = |report: &ComplaintSnapshot| {
        use ComplaintState::{AwaitingValidation, Coordinating, Disposed, InProgress, Submitted};
        [Submitted, Coordinating, Disposed, InProgress, AwaitingValidation].contains(&report.state())
    };
    let due = |report: &ComplaintSnapshot| micros(&report.due_time.unwrap());
    let to_accept: Vec<i64> = reports
        .iter()
        .filter_map(|report| Some((micros(&report.first_accept_time?) - filed(report)) / 1_000_000))
        .collect();
    let to_resolve: Vec<i64> =
        reports.iter().filter_map(|report| Some((resolved(report)? - filed(report)) / 1_000_000)).collect();
    StatisticsCell {
        filed: sum(&|_| true),
        accepted: i64::try_from(to_accept.len()).unwrap(),
        resolved: i64::try_from(to_resolve.len()).unwrap(),
        reopened: sum(&|report| !report.reopen_times.is_empty()),
        rejected: sum(&|report| report.reject_reason != 0),
        recurring: sum(&|report| !report.recurrence_of.is_empty()),
        accept_median_seconds: percentile(to_accept.clone(), 50),
        accept_p90_seconds: percentile(to_accept, 90),
        resolve_median_seconds: percentile(to_resolve.clone(), 50),
        resolve_p90_seconds: percentile(to_resolve, 90),
        in_time: sum(&|report| resolved(report).is_some_and(|at| at <= due(report))),
        judged: sum(&|report| resolved(report).is_some() || (is_working(report) && due(report) < as_of)),
        ratings: sum(&|report| report.rating > 0),
        rating_sum: reports.iter().map(|report| i64::from(report.rating)).sum(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_the_same_counted_from_the_events_alone() {
    let served = Served::start().await;
    lives(&served, 24).await;
    let request = v1::GetStatisticsRequest {
        query: Some(StatisticsQuery {
            period: StatisticsPeriod::Month.into(),
            area: StatisticsArea::Kelurahan.into(),
            by_unit: true,
            by_category: true,
            ..all()
        }),
    };
    let answer = client(&served).await.get_statistics(authorized(request, &served.validator())).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.view(), StatisticsView::OwnUnits);
    let as_of = micros(&answer.as_of_time.unwrap());
    let snapshots = snapshots(&served).await;
    let mut groups: HashMap<(String, String, String, String), Vec<&ComplaintSnapshot>> = HashMap::new();
    for report in &snapshots {
        let filed = kit::clock::from_proto(&report.file_time.unwrap()).unwrap();
        let month = kit::clock::jakarta_day(filed).first_of_month().to_string();
        let unit = report.responsibilities.last().unwrap().unit.clone();
        let key = (month, report.kelurahan_code.clone(), unit, report.category.clone());
        groups.entry(key).or_default().push(report);
    }
    assert_eq!(answer.cells.len(), groups.len());
    let mut seen = StatisticsCell::default();
    for cell in answer.cells {
        let key =
            (cell.period_start.clone(), cell.area_code.clone(), cell.unit.clone(), cell.category.clone());
        let anew = count(&groups[&key], as_of);
        let told = StatisticsCell {
            period_start: String::new(),
            area_code: String::new(),
            unit: String::new(),
            category: String::new(),
            in_time_percent: String::new(),
            rating_mean: String::new(),
            ..cell.clone()
        };
        assert_eq!(told, anew, "{key:?}");
        seen.filed += cell.filed;
        seen.reopened += cell.reopened;
        seen.rejected += cell.rejected;
        seen.resolved += cell.resolved;
        seen.recurring += cell.recurring;
        seen.ratings += cell.ratings;
    }
    assert_eq!(seen.filed, 24);
    let each = [seen.reopened, seen.rejected, seen.resolved, seen.recurring, seen.ratings];
    assert!(each.iter().all(|count| *count > 0), "every figure was tried: {seen:?}");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_the_same_figures() {
    let served = Served::start().await;
    lives(&served, 3).await;
    let query = StatisticsQuery { by_category: true, ..all() };
    let request = v1::ExportStatisticsRequest { query: Some(query.clone()) };
    let stream = client(&served).await.export_statistics(authorized(request, &served.validator())).await;
    let (mut stream, mut file) = (stream.unwrap().into_inner(), Vec::new());
    while let Some(part) = stream.message().await.unwrap() {
        file.extend(part.chunk);
    }
    let mut reader = csv::Reader::from_reader(file.as_slice());
    let lines: Vec<HashMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    let cell = cells(&served, query).await.unwrap().remove(0);
    assert_eq!(lines.len(), 1);
    let told =
        ["category", "filed", "resolved", "accept_p90_seconds", "judged"].map(|of| lines[0][of].as_str());
    let figures = [cell.filed, cell.resolved, cell.accept_p90_seconds, cell.judged].map(|of| of.to_string());
    assert_eq!(told[0], "categories/sampah");
    assert_eq!(told[1..], figures);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_sees_no_cell_of_few_and_none_by_which_to_find_it() {
    let served = Served::start().await;
    for (category, count) in [("sampah", 12), ("jalan", 3)] {
        for _ in 0..count {
            let request =
                v1::FileComplaintRequest { category: format!("categories/{category}"), ..to_file() };
            served.client.clone().file_complaint(authorized(request, &served.channel_token())).await.unwrap();
        }
    }
    let public = |query: StatisticsQuery| StatisticsQuery { view: StatisticsView::Public.into(), ..query };
    let yearly = StatisticsQuery { period: StatisticsPeriod::Year.into(), ..all() };
    let total = cells(&served, public(yearly.clone())).await.unwrap();
    assert_eq!(total.iter().map(|cell| (cell.suppressed, cell.filed)).collect::<Vec<_>>(), [(false, 15)]);
    let by_category = StatisticsQuery { by_category: true, ..yearly.clone() };
    let hidden = cells(&served, public(by_category.clone())).await.unwrap();
    assert_eq!(
        hidden.iter().map(|cell| (cell.suppressed, cell.filed)).collect::<Vec<_>>(),
        [(true, 0), (true, 0)],
        "the twelve would give the three away"
    );
    let one = StatisticsQuery { category: "categories/sampah".to_owned(), ..by_category.clone() };
    let one = cells(&served, public(one)).await.unwrap();
    assert_eq!(one.iter().map(|cell| cell.suppressed).collect::<Vec<_>>(), [true]);
    let own = cells(&served, by_category.clone()).await.unwrap();
    assert_eq!(own.iter().map(|cell| cell.filed).collect::<Vec<_>>(), [3, 12], "an official sees its own");

    for (query, field) in [
        (StatisticsQuery { period: StatisticsPeriod::Day.into(), ..yearly.clone() }, "query.period"),
        (all(), "query.period"),
        (StatisticsQuery { from_date: "2026-02-01".to_owned(), ..yearly.clone() }, "query.from_date"),
        (StatisticsQuery { unit: unit_name(served.kelurahan), ..yearly.clone() }, "query.unit"),
        (
            StatisticsQuery { by_unit: true, area: StatisticsArea::Kota.into(), ..yearly.clone() },
            "query.by_unit",
        ),
        (StatisticsQuery { area_code: "31.74".to_owned(), ..yearly.clone() }, "query.area"),
        (StatisticsQuery { category: "categories/jalan".to_owned(), ..yearly.clone() }, "query.by_category"),
    ] {
        let refused = cells(&served, public(query)).await.unwrap_err();
        assert_eq!(
            (reason(&refused).as_str(), fields(&refused)),
            ("STATISTICS_NOT_PUBLIC", vec![field.to_owned()])
        );
    }
    let backwards = StatisticsQuery { until_date: "2020-01-01".to_owned(), ..all() };
    let refused = cells(&served, backwards).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "STATISTICS_RANGE_INVALID")
    );
    served.finish().await;
}
