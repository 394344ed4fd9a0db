//! The projection of staff's calendars: the holidays by year.

use jiff::civil::Date;
use kit::{
    calendar::Calendar,
    stored::{Day, ToStored},
};
use sqlx::PgConnection;
use uuid::Uuid;

/// Keeps the newer of what is stored and what is given.
pub(crate) async fn project(
    connection: &mut PgConnection,
    (id, epoch, version): (Uuid, i64, i64),
    (year, holidays): (i16, &[Date]),
) -> Result<(), sqlx::Error> {
    let holidays: Vec<Day> = holidays.iter().map(|day| day.stored()).collect();
    sqlx::query!(
        "INSERT INTO complaints.calendar AS stored (year, id, epoch, version, holidays) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, version = excluded.version,
             holidays = excluded.holidays
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        year,
        id,
        epoch,
        version,
        holidays as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Every published year.
pub(crate) async fn get(connection: &mut PgConnection) -> Result<Calendar, sqlx::Error> {
    let years = sqlx::query!(
        r#"SELECT year, holidays AS "holidays: Vec<Day>" FROM complaints.calendar ORDER BY year LIMIT 200"#
    )
    .fetch_all(connection)
    .await?;
    let mut calendar = Calendar::default();
    for row in years {
        calendar.publish(row.year, row.holidays.into_iter().map(Day::to_jiff));
    }
    Ok(calendar)
}
