//! The steps of all reports in the order in which their transactions ended, as far as none that still runs can join them.

use sqlx::PgConnection;
use uuid::Uuid;

use super::complaint::unknown_word;
use crate::domain::{Command, ComplaintId, UnitId};

/// How far the steps were read. Transactions count anew in each life of the database (`epoch`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) epoch: i64,
    pub(crate) written_in: i64,
    pub(crate) complaint: Uuid,
    pub(crate) version: i64,
}

/// A step, as inboxes see it.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) position: Position,
    pub(crate) command: Command,
    pub(crate) unit: UnitId,
    /// The unit responsible before; none at filing.
    pub(crate) unit_before: Option<UnitId>,
    pub(crate) unit_complained_of: Option<UnitId>,
}

impl Change {
    pub(crate) fn complaint(&self) -> ComplaintId {
        ComplaintId(self.position.complaint)
    }
}

/// After everything that nothing can join any more.
pub(crate) async fn now(connection: &mut PgConnection) -> Result<Position, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT (SELECT max(epoch) FROM complaints.history_epoch) AS "epoch!",
                  pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 AS "written_in!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(Position { epoch: row.epoch, written_in: row.written_in, complaint: Uuid::max(), version: i64::MAX })
}

/// At most `limit` steps after a position, in order, and whether others are there that may still be joined.
pub(crate) async fn after(
    connection: &mut PgConnection,
    position: Position,
    limit: i64,
) -> Result<(Vec<Change>, bool), sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT step.written_in, step.complaint, step.version, step.command, step.responsible_unit,
                  (SELECT before.responsible_unit FROM complaints.timeline_entry AS before
                   WHERE before.complaint = step.complaint AND before.version = step.version - 1) AS unit_before,
                  (SELECT unit_complained_of FROM complaints.complaint WHERE id = step.complaint) AS unit_complained_of
           FROM complaints.timeline_entry AS step
           WHERE (step.written_in, step.complaint, step.version) > ($1, $2, $3)
             AND step.written_in < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
           ORDER BY step.written_in, step.complaint, step.version LIMIT $4"#,
        position.written_in,
        position.complaint,
        position.version,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    let changes = rows.into_iter().map(|row| {
        Ok(Change {
            position: Position {
                epoch: position.epoch,
                written_in: row.written_in,
                complaint: row.complaint,
                version: row.version,
            },
            command: Command::from_word(&row.command).ok_or_else(|| unknown_word(&row.command))?,
            unit: UnitId(row.responsible_unit),
            unit_before: row.unit_before.map(UnitId),
            unit_complained_of: row.unit_complained_of.map(UnitId),
        })
    });
    let changes = changes.collect::<Result<Vec<_>, sqlx::Error>>()?;
    let unsettled = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM complaints.timeline_entry
                          WHERE written_in >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS "unsettled!""#
    )
    .fetch_one(connection)
    .await?;
    Ok((changes, unsettled))
}
