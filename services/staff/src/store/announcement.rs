//! What others were last told of each assignment.

use jiff::civil::Date;
use kit::stored::{Day, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::unknown_word;
use crate::domain::{Announcement, AssignmentId, AssignmentState};

/// An announcement's row.
struct Row {
    assignment: Uuid,
    version: i64,
    state: String,
    due_on: Option<Day>,
}

/// Adds the first announcement of an assignment.
pub(crate) async fn insert(connection: &mut PgConnection, told: &Announcement) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO staff.announcement (assignment, version, state, due_on) VALUES ($1, $2, $3, $4)",
        told.assignment.0,
        told.version,
        told.state.word(),
        told.due_on.map(ToStored::stored) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Replaces the announcement of an assignment. The caller holds its lock.
pub(crate) async fn update(connection: &mut PgConnection, told: &Announcement) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE staff.announcement SET version = $2, state = $3, due_on = $4 WHERE assignment = $1",
        told.assignment.0,
        told.version,
        told.state.word(),
        told.due_on.map(ToStored::stored) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads the announcement of an assignment and holds it until the transaction ends, so that the order of events is the
/// order of commits.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    assignment: AssignmentId,
) -> Result<Announcement, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT assignment, version, state, due_on FROM staff.announcement WHERE assignment = $1 FOR UPDATE",
        assignment.0
    )
    .fetch_one(connection)
    .await?
    .load()
}

/// At most `limit` announcements that are due, held until the transaction ends; not those that another transaction holds.
pub(crate) async fn lock_due(
    connection: &mut PgConnection,
    today: Date,
    limit: i64,
) -> Result<Vec<Announcement>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT assignment, version, state, due_on FROM staff.announcement WHERE due_on <= $1
         ORDER BY due_on, assignment LIMIT $2 FOR UPDATE SKIP LOCKED",
        today.stored(),
        limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

impl Row {
    fn load(self) -> Result<Announcement, sqlx::Error> {
        Ok(Announcement {
            assignment: AssignmentId(self.assignment),
            version: self.version,
            state: AssignmentState::from_word(&self.state).ok_or_else(|| unknown_word(&self.state))?,
            due_on: self.due_on.map(Day::to_jiff),
        })
    }
}
