//! Calendars: taking holidays over from a file, and reading them.

use std::io::Read;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use kit::{
    clock::Clock,
    database::{Database, Deadline},
    request::{Claim, claim},
};
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Builder;

use super::{App, Failure, Order};
use crate::{
    domain::{Calendar, CalendarId, HolidayRow, HolidaysInvalid, Years, years},
    events::publish,
    store,
};

#[derive(Deserialize)]
struct CsvRow {
    day: String,
    kind: String,
    name: String,
}

/// Whether an import is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// It is done.
    Real,
    /// It is only said what would change.
    Dry,
}

/// What an import did.
#[derive(Debug)]
pub(crate) struct HolidaysImported {
    /// Rows read.
    pub(crate) rows: usize,
    /// The calendars that are new or changed, by year.
    pub(crate) calendars: Vec<Calendar>,
}

/// Takes holidays over, all or none, and tells of each year that is new or changed.
pub(crate) async fn import(
    database: &Database,
    clock: &Clock,
    file: impl Read,
) -> anyhow::Result<HolidaysImported> {
    let rows = read(file)?;
    let mut transaction = database.begin(Deadline::unattended()).await?;
    let calendars = take_over(&mut transaction, years(&rows)?, clock.now()).await?;
    transaction.commit().await?;
    Ok(HolidaysImported { rows: rows.len(), calendars })
}

impl App {
    /// The same for a caller.
    pub(crate) async fn import_holidays(
        &self,
        order: &Order,
        file: &[u8],
        run: Run,
    ) -> Result<HolidaysImported, Failure> {
        let rows = read(file)?;
        let said = years(&rows)?;
        let named: Vec<i16> = said.keys().copied().collect();
        let mut transaction = self.database.begin(order.deadline).await?;
        let calendars = match claim(&mut transaction, &order.key, "calendars").await? {
            Claim::Done { .. } => store::calendar::of_years(&mut transaction, &named).await?,
            Claim::Fresh => take_over(&mut transaction, said, self.clock.now()).await?,
        };
        match run {
            Run::Real => transaction.commit().await?,
            Run::Dry => transaction.rollback().await?,
        }
        self.relay_wake.notify_one();
        Ok(HolidaysImported { rows: rows.len(), calendars })
    }

    /// The calendar of a year.
    pub(crate) async fn calendar(&self, year: i16) -> Result<Calendar, Failure> {
        let found = store::calendar::of_years(&mut *self.database.acquire().await?, &[year]).await?;
        found.into_iter().next().ok_or_else(|| Failure::NotFound(format!("the calendar of {year}")))
    }

    /// At most `limit` calendars of years after one.
    pub(crate) async fn calendars(&self, page: (i64, i64)) -> Result<Vec<Calendar>, Failure> {
        Ok(store::calendar::list(&mut *self.database.acquire().await?, page).await?)
    }
}

/// The calendars that change.
async fn take_over(
    connection: &mut PgConnection,
    said: Years,
    now: Timestamp,
) -> Result<Vec<Calendar>, sqlx::Error> {
    let named: Vec<i16> = said.keys().copied().collect();
    let stored = store::calendar::lock(connection, &named).await?;
    let mut changed = Vec::new();
    for (year, holidays) in said {
        match stored.iter().find(|calendar| calendar.year == year).cloned() {
            None => changed.push(Calendar::publish(id_of(year), year, holidays, now)),
            Some(mut calendar) => {
                if calendar.replace(holidays, now) {
                    changed.push(calendar);
                }
            }
        }
    }
    for calendar in &changed {
        store::calendar::save(connection, calendar).await?;
    }
    let events: Vec<_> = changed.iter().map(publish::calendar_published).collect();
    kit::events::append(connection, &events).await?;
    Ok(changed)
}

/// A year has one calendar, whose id follows from it; made as a unit's from its code.
fn id_of(year: i16) -> CalendarId {
    let hash = digest(&SHA256, format!("prima.staff.calendar:{year}").as_bytes());
    CalendarId(Builder::from_custom_bytes(std::array::from_fn(|at| hash.as_ref()[at])).into_uuid())
}

fn read(file: impl Read) -> Result<Vec<HolidayRow>, HolidaysInvalid> {
    let mut reader = csv::Reader::from_reader(file);
    let mut rows = Vec::new();
    for row in reader.deserialize::<CsvRow>() {
        let row = row.map_err(|error| HolidaysInvalid {
            line: error.position().map_or(0, csv::Position::line),
            why: "must have the columns day, kind and name, in UTF-8".to_owned(),
        })?;
        let line = u64::try_from(rows.len()).unwrap_or(u64::MAX).saturating_add(2);
        rows.push(HolidayRow { line, day: row.day, kind: row.kind, name: row.name });
    }
    Ok(rows)
}
