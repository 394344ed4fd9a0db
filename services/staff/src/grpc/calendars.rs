//! CalendarService. Holidays are no secret: who may read any may read all.

use kit::{clock::to_proto, page, run::to_the_end, status, validate};
use proto::staff::v1::{self, calendar_service_server::CalendarService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    commands::{limit, take},
    status::{DOMAIN, of},
};
use crate::{
    app::{App, calendars::Run},
    domain::{Calendar, HolidayKind},
};

const LIST: &str = "ListCalendars";

/// Holidays by year.
pub(crate) struct Calendars {
    app: App,
}

impl Calendars {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl CalendarService for Calendars {
    async fn import_holidays(
        &self,
        request: Request<v1::ImportHolidaysRequest>,
    ) -> Result<Response<v1::ImportHolidaysResponse>, Status> {
        let (order, request) =
            take(request, "ImportHolidays", |request: &v1::ImportHolidaysRequest| &request.request_id)?;
        let run = if request.dry_run { Run::Dry } else { Run::Real };
        let app = self.app.clone();
        let imported = to_the_end(async move { app.import_holidays(&order, &request.csv, run).await })
            .await
            .map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::ImportHolidaysResponse {
            rows: i32::try_from(imported.rows).unwrap_or(i32::MAX),
            calendars: imported.calendars.iter().map(calendar).collect(),
        }))
    }

    async fn get_calendar(
        &self,
        request: Request<v1::GetCalendarRequest>,
    ) -> Result<Response<v1::GetCalendarResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let year = i16::try_from(request.year)
            .map_err(|_| status::invalid_field("year", "must be one of 1945 to 9998").status(DOMAIN))?;
        let found = self.app.calendar(year).await.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::GetCalendarResponse { calendar: Some(calendar(&found)) }))
    }

    async fn list_calendars(
        &self,
        request: Request<v1::ListCalendarsRequest>,
    ) -> Result<Response<v1::ListCalendarsResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let after = page::number(LIST, &request.page_token)
            .map_err(|_| status::page_token_invalid().status(DOMAIN))?;
        let size = page::size(request.page_size);
        let found = self.app.calendars((after, limit(size))).await.map_err(|failure| of(&failure))?;
        let (found, next_page_token) = page::cut(LIST, size, found, |calendar| calendar.year.to_string());
        let calendars = found.iter().map(calendar).collect();
        Ok(Response::new(v1::ListCalendarsResponse { calendars, next_page_token }))
    }
}

fn calendar(calendar: &Calendar) -> v1::Calendar {
    let kind = |kind| match kind {
        HolidayKind::National => v1::HolidayKind::National,
        HolidayKind::JointLeave => v1::HolidayKind::JointLeave,
    };
    v1::Calendar {
        name: calendar.id.to_string(),
        year: calendar.year.into(),
        holidays: calendar
            .holidays
            .iter()
            .map(|(day, holiday)| v1::Holiday {
                day: day.to_string(),
                kind: kind(holiday.kind).into(),
                display_name: holiday.display_name.clone(),
            })
            .collect(),
        create_time: Some(to_proto(calendar.created_at)),
        update_time: Some(to_proto(calendar.updated_at)),
        etag: calendar.version.to_string(),
    }
}
