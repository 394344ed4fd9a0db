//! The steps of a channel's reports in one order that can be resumed: by position, which is drawn while the report's row is
//! held, so that a report's steps come in their own order. Transactions commit in another order than they draw; up to
//! where none can come any more is for the caller to find out, with `newest` first, and then `writing`.

use kit::stored::Instant;
use sqlx::PgConnection;

use super::complaint::unknown_word;
use crate::domain::{Command, ComplaintId, State};

/// A step for a channel.
#[derive(Debug)]
pub(crate) struct ChannelStep {
    pub(crate) position: i64,
    pub(crate) complaint: ComplaintId,
    pub(crate) number: String,
    pub(crate) version: i64,
    pub(crate) command: Command,
    pub(crate) state: State,
    pub(crate) at: jiff::Timestamp,
    pub(crate) public_text: String,
    /// The report's own key under the master key; none once it was destroyed.
    pub(crate) wrapped_key: Option<Vec<u8>>,
    /// The channel's own reference under the report's key.
    pub(crate) sealed_reference: Option<Vec<u8>>,
}

/// The newest position that was drawn; 0 for none.
pub(crate) async fn newest(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS "newest!"
           FROM complaints.timeline_entry_position_seq"#
    )
    .fetch_one(connection)
    .await
}

/// The transactions that write steps and have not ended: those that hold the table's lock for it, which each takes before
/// it draws a position.
pub(crate) async fn writing(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT virtualtransaction AS "transaction!" FROM pg_locks
           WHERE locktype = 'relation' AND relation = 'complaints.timeline_entry'::regclass AND mode = 'RowExclusiveLock'
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"#
    )
    .fetch_all(connection)
    .await
}

/// At most `limit` steps of a channel's reports, after one position and up to another.
pub(crate) async fn list(
    connection: &mut PgConnection,
    channel: &str,
    (after, until, limit): (i64, i64, i64),
) -> Result<Vec<ChannelStep>, sqlx::Error> {
    sqlx::query!(
        r#"SELECT position, complaint.id AS complaint, number, entry.version, command, entry.state,
                  occurred_at AS "occurred_at: Instant", public_text, wrapped_key AS "wrapped_key?",
                  reporter.channel_reference AS "sealed_reference?"
           FROM complaints.timeline_entry AS entry
                JOIN complaints.complaint ON complaint.id = entry.complaint
                LEFT JOIN complaints.reporter ON reporter.complaint = entry.complaint
           WHERE public_channel = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4"#,
        channel,
        after,
        until,
        limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(ChannelStep {
            position: row.position,
            complaint: ComplaintId(row.complaint),
            number: row.number,
            version: row.version,
            command: Command::from_word(&row.command).ok_or_else(|| unknown_word(&row.command))?,
            state: State::from_word(&row.state).ok_or_else(|| unknown_word(&row.state))?,
            at: row.occurred_at.to_jiff(),
            public_text: row.public_text,
            wrapped_key: row.wrapped_key,
            sealed_reference: row.sealed_reference,
        })
    })
    .collect()
}
