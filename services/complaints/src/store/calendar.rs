//! The projection of staff's calendars: the holidays by year.

use kit::{calendar::Calendar, stored::Day};
use sqlx::PgConnection;

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
