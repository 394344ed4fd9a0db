//! Many reports at once: those that a caller lists, that are watched, and that the clock has to look at.

use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Loaded,
    row::{Row, rows},
};
use crate::domain::{Complaint, State};

/// Which reports to list.
#[derive(Debug)]
pub(crate) struct Selection {
    /// The caller's units: reports in their subtrees are shown.
    pub(crate) callers: Vec<Uuid>,
    /// The calling system: reports that it filed are shown; empty where a person calls.
    pub(crate) channel: String,
    /// Only in the subtree of this unit.
    pub(crate) unit: Option<Uuid>,
    /// Only in this state.
    pub(crate) state: Option<State>,
    /// Only of this category; empty for any.
    pub(crate) category: String,
    /// Only those that come after this report, in the list's order.
    pub(crate) after: Option<(jiff::Timestamp, Uuid)>,
    /// At most this many.
    pub(crate) limit: i64,
}

/// Reports, newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    selection: &Selection,
) -> Result<Vec<Loaded>, sqlx::Error> {
    let (after_time, after_id) = selection.after.unzip();
    rows!(
        r#"WITH RECURSIVE mine AS (
               SELECT id FROM complaints.unit WHERE id = ANY($1)
               UNION
               SELECT below.id FROM mine JOIN complaints.unit below ON below.parent = mine.id
           ), asked AS (
               SELECT id FROM complaints.unit WHERE id = $3
               UNION
               SELECT below.id FROM asked JOIN complaints.unit below ON below.parent = asked.id
           ), up AS (
               SELECT id, parent FROM complaints.unit WHERE id = ANY($1)
               UNION
               SELECT above.id, above.parent FROM up JOIN complaints.unit above ON above.id = up.parent
           ) "#,
        "FROM complaints.complaint
           WHERE ((responsible_unit IN (SELECT id FROM mine)
                   AND (unit_complained_of IS NULL OR unit_complained_of NOT IN (SELECT id FROM up)))
                  OR channel = $2)
             AND ($3::uuid IS NULL OR responsible_unit IN (SELECT id FROM asked))
             AND ($4::text IS NULL OR state = $4)
             AND ($5 = '' OR category = $5)
             AND ($6::timestamptz IS NULL OR (filed_at, id) < ($6, $7::uuid))
           ORDER BY filed_at DESC, id DESC LIMIT $8",
        &selection.callers,
        selection.channel,
        selection.unit,
        selection.state.map(State::word),
        selection.category,
        after_time.map(ToStored::stored) as _,
        after_id,
        selection.limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

/// The version that each of these reports has.
pub(crate) async fn versions(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, i64)>, sqlx::Error> {
    let rows = sqlx::query!("SELECT id, version FROM complaints.complaint WHERE id = ANY($1)", ids)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.version)).collect())
}

/// At most `limit` reports at which the clock has to look by now, the longest due first. Their rows are held until the
/// transaction ends; those that another holds are left to it.
pub(crate) async fn lock_due(
    connection: &mut PgConnection,
    (now, limit): (jiff::Timestamp, i64),
) -> Result<Vec<Complaint>, sqlx::Error> {
    rows!(
        "",
        "FROM complaints.complaint WHERE next_due_at <= $1 ORDER BY next_due_at LIMIT $2 FOR UPDATE SKIP LOCKED",
        now.stored(),
        limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| row.load().map(|loaded| loaded.complaint))
    .collect()
}
