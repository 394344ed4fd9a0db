//! The tables of calendars and their holidays.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kit::stored::{Day, Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::unknown_word;
use crate::domain::{Calendar, CalendarId, Holiday, HolidayKind};

/// A calendar's row, with its holidays side by side.
struct Row {
    id: Uuid,
    version: i64,
    year: i16,
    days: Vec<Day>,
    kinds: Vec<String>,
    names: Vec<String>,
    created_at: Instant,
    updated_at: Instant,
}

/// Reads the calendars of these years and keeps others from changing any until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, years: &[i16]) -> Result<Vec<Calendar>, sqlx::Error> {
    sqlx::query!("LOCK TABLE staff.calendar IN SHARE ROW EXCLUSIVE MODE").execute(&mut *connection).await?;
    of_years(connection, years).await
}

/// The calendars of these years.
pub(crate) async fn of_years(
    connection: &mut PgConnection,
    years: &[i16],
) -> Result<Vec<Calendar>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT id, version, year, days AS "days: Vec<Day>", kinds, names, created_at, updated_at
           FROM staff.calendar WHERE year = ANY($1) ORDER BY year"#,
        years
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

/// At most `limit` calendars of years after one.
pub(crate) async fn list(
    connection: &mut PgConnection,
    (after, limit): (i64, i64),
) -> Result<Vec<Calendar>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT id, version, year, days AS "days: Vec<Day>", kinds, names, created_at, updated_at
           FROM staff.calendar WHERE year > $1::bigint ORDER BY year LIMIT $2"#,
        after,
        limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

/// Adds a calendar, or stores what changed of it.
pub(crate) async fn save(connection: &mut PgConnection, calendar: &Calendar) -> Result<(), sqlx::Error> {
    let days: Vec<Day> = calendar.holidays.keys().map(|day| day.stored()).collect();
    let kinds: Vec<String> = calendar.holidays.values().map(|day| day.kind.word().to_owned()).collect();
    let names: Vec<String> = calendar.holidays.values().map(|day| day.display_name.clone()).collect();
    sqlx::query!(
        "INSERT INTO staff.calendar (id, version, year, days, kinds, names, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, days = excluded.days, kinds = excluded.kinds,
             names = excluded.names, updated_at = excluded.updated_at",
        calendar.id.0,
        calendar.version,
        calendar.year,
        days as _,
        &kinds,
        &names,
        calendar.created_at.stored(),
        calendar.updated_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

impl Row {
    fn load(self) -> Result<Calendar, sqlx::Error> {
        let days = self.days.into_iter().zip(self.kinds).zip(self.names);
        let holidays = days
            .map(|((day, kind), display_name)| {
                let kind = HolidayKind::from_word(&kind).ok_or_else(|| unknown_word(&kind))?;
                Ok((day.to_jiff(), Holiday { kind, display_name }))
            })
            .collect::<Result<BTreeMap<Date, Holiday>, sqlx::Error>>()?;
        Ok(Calendar {
            id: CalendarId(self.id),
            version: self.version,
            year: self.year,
            holidays,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}
