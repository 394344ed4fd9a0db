//! StatisticsService: figures as cells, and as a CSV file.

use std::pin::Pin;

use futures::{Stream, StreamExt, stream};
use kit::{clock, status, validate};
use proto::complaints::v1::{self, statistics_service_server::StatisticsService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    asks::unsaid,
    convert,
    status::{DOMAIN, of},
};
use crate::{
    app::{App, Statistics, ToCount, View},
    domain::{
        UnitId,
        statistics::{Area, Cell, Period},
    },
};

/// Cells of one answer.
const MOST_CELLS: i64 = 5_000;
/// Cells of one file.
const MOST_LINES: i64 = 100_000;
/// Bytes of one part of a file.
const CHUNK: usize = 64 * 1024;
/// The first line of a file.
const NAMES: [&str; 21] = [
    "period_start",
    "area_code",
    "unit",
    "category",
    "suppressed",
    "filed",
    "accepted",
    "resolved",
    "reopened",
    "rejected",
    "recurring",
    "accept_median_seconds",
    "accept_p90_seconds",
    "resolve_median_seconds",
    "resolve_p90_seconds",
    "in_time",
    "judged",
    "in_time_percent",
    "ratings",
    "rating_sum",
    "rating_mean",
];

/// Figures of reports.
pub(crate) struct StatisticsRpcs {
    app: App,
}

impl StatisticsRpcs {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }

    async fn count(
        &self,
        caller: &kit::identity::Caller,
        query: Option<v1::StatisticsQuery>,
        limit: i64,
    ) -> Result<Statistics, Status> {
        let to_count = to_count(&query.ok_or_else(|| unsaid("query"))?, limit)?;
        let counted = self.app.statistics(caller, to_count).await;
        counted.map_err(|failure| of(&failure, convert::complaint_id("")))
    }
}

#[async_trait]
impl StatisticsService for StatisticsRpcs {
    async fn get_statistics(
        &self,
        request: Request<v1::GetStatisticsRequest>,
    ) -> Result<Response<v1::GetStatisticsResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let counted = self.count(&caller, request.query, MOST_CELLS).await?;
        Ok(Response::new(v1::GetStatisticsResponse {
            cells: counted.cells.iter().map(cell).collect(),
            as_of_time: Some(clock::to_proto(counted.as_of)),
            view: match counted.view {
                View::OwnUnits => v1::StatisticsView::OwnUnits.into(),
                View::Public => v1::StatisticsView::Public.into(),
            },
        }))
    }

    type ExportStatisticsStream =
        Pin<Box<dyn Stream<Item = Result<v1::ExportStatisticsResponse, Status>> + Send>>;

    async fn export_statistics(
        &self,
        request: Request<v1::ExportStatisticsRequest>,
    ) -> Result<Response<Self::ExportStatisticsStream>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let counted = self.count(&caller, request.query, MOST_LINES).await?;
        let file = file(&counted.cells).map_err(|error| {
            tracing::error!(error = %error, "figures can't be written as CSV");
            status::internal().status(DOMAIN)
        })?;
        let chunks: Vec<Vec<u8>> = file.chunks(CHUNK).map(<[u8]>::to_vec).collect();
        let parts = stream::iter(chunks).map(|chunk| Ok(v1::ExportStatisticsResponse { chunk }));
        Ok(Response::new(Box::pin(parts)))
    }
}

fn to_count(query: &v1::StatisticsQuery, limit: i64) -> Result<ToCount, Status> {
    let day = |field: &str, text: &str| {
        text.parse().map_err(|_| status::invalid_field(field, "must be a day as YYYY-MM-DD").status(DOMAIN))
    };
    let unit = query.unit.strip_prefix("units/").map(|_| convert::unit_id(&query.unit).0);
    Ok(ToCount {
        from: day("query.from_date", &query.from_date)?,
        until: day("query.until_date", &query.until_date)?,
        period: match query.period() {
            v1::StatisticsPeriod::Unspecified => None,
            v1::StatisticsPeriod::Day => Some(Period::Day),
            v1::StatisticsPeriod::Month => Some(Period::Month),
            v1::StatisticsPeriod::Quarter => Some(Period::Quarter),
            v1::StatisticsPeriod::Year => Some(Period::Year),
        },
        area: match query.area() {
            v1::StatisticsArea::Unspecified => None,
            v1::StatisticsArea::Kota => Some(Area::Kota),
            v1::StatisticsArea::Kecamatan => Some(Area::Kecamatan),
            v1::StatisticsArea::Kelurahan => Some(Area::Kelurahan),
        },
        by_unit: query.by_unit,
        by_category: query.by_category,
        area_code: query.area_code.clone(),
        unit,
        category: query.category.trim_start_matches("categories/").to_owned(),
        view: match query.view() {
            v1::StatisticsView::Unspecified => None,
            v1::StatisticsView::OwnUnits => Some(View::OwnUnits),
            v1::StatisticsView::Public => Some(View::Public),
        },
        limit,
    })
}

fn cell(cell: &Cell) -> v1::StatisticsCell {
    let (key, figures) = (&cell.key, &cell.figures);
    v1::StatisticsCell {
        area_code: key.area_code.clone(),
        unit: key.unit.map(|unit| UnitId(unit).to_string()).unwrap_or_default(),
        category: if key.category.is_empty() {
            String::new()
        } else {
            format!("categories/{}", key.category)
        },
        period_start: key.period.map(|day| day.to_string()).unwrap_or_default(),
        suppressed: cell.is_hidden,
        filed: figures.filed,
        accepted: figures.accepted,
        resolved: figures.resolved,
        reopened: figures.reopened,
        rejected: figures.rejected,
        recurring: figures.recurring,
        accept_median_seconds: figures.accept_median,
        accept_p90_seconds: figures.accept_p90,
        resolve_median_seconds: figures.resolve_median,
        resolve_p90_seconds: figures.resolve_p90,
        in_time: figures.in_time,
        judged: figures.judged,
        in_time_percent: figures.in_time_percent(),
        ratings: figures.ratings,
        rating_sum: figures.rating_sum,
        rating_mean: figures.rating_mean(),
    }
}

/// The file of all cells; a hidden one has its names, and empty figures.
fn file(cells: &[Cell]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(NAMES)?;
    for cell in cells.iter().map(cell) {
        let figure = |value: i64| if cell.suppressed { String::new() } else { value.to_string() };
        writer.write_record([
            cell.period_start.clone(),
            cell.area_code.clone(),
            cell.unit.clone(),
            cell.category.clone(),
            cell.suppressed.to_string(),
            figure(cell.filed),
            figure(cell.accepted),
            figure(cell.resolved),
            figure(cell.reopened),
            figure(cell.rejected),
            figure(cell.recurring),
            figure(cell.accept_median_seconds),
            figure(cell.accept_p90_seconds),
            figure(cell.resolve_median_seconds),
            figure(cell.resolve_p90_seconds),
            figure(cell.in_time),
            figure(cell.judged),
            cell.in_time_percent.clone(),
            figure(cell.ratings),
            figure(cell.rating_sum),
            cell.rating_mean.clone(),
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
