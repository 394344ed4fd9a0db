//! The ledger: entries added and read, never changed, and the content that they commit to, as it is stored.

mod content;
mod roots;

use kit::ledger::{Entry, Hash};
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use content::{Stored, stored};
pub(crate) use roots::{
    Leaf, hashes_of_leaves, insert_leaves, insert_root, last_root, leaf_index, leaves, mark_stored, root,
    to_store, try_turn,
};

use crate::domain::{ComplaintId, ledger::EntryKind};

/// An entry that is to be added: its place in the chain is found when it is.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) kind: EntryKind,
    /// Kept beside the content.
    pub(crate) salt: [u8; 16],
    pub(crate) entry: Entry,
    pub(crate) digest: Hash,
}

/// An entry as it is stored, whatever that is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) sequence: i64,
    pub(crate) kind: String,
    pub(crate) subject: String,
    /// In Unix microseconds.
    pub(crate) at: i64,
    pub(crate) commitment: Vec<u8>,
    pub(crate) erasable: Option<Vec<u8>>,
    pub(crate) hash: Vec<u8>,
}

/// Adds an entry at the end of a report's chain. The caller holds the report's row.
pub(crate) async fn append(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    record: &Record,
) -> Result<(), sqlx::Error> {
    let at = jiff::Timestamp::from_microsecond(record.entry.at)
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!(
        r"INSERT INTO complaints.ledger_entry (complaint, sequence, kind, subject, occurred_at, commitment, erasable, hash)
          SELECT $1::uuid, before.sequence + 1, $2::text, $3::text, $4::timestamptz, $5::bytea, $6::bytea,
                 sha256('\x02'::bytea || before.hash || int8send(before.sequence + 1) || $7::bytea)
          FROM ((SELECT sequence, hash FROM complaints.ledger_entry WHERE complaint = $1 ORDER BY sequence DESC LIMIT 1)
                UNION ALL SELECT 0, decode(repeat('00', 32), 'hex') ORDER BY sequence DESC LIMIT 1) AS before",
        complaint.0,
        record.kind.word(),
        record.entry.subject,
        kit::stored::ToStored::stored(at) as _,
        &record.entry.commitment[..],
        record.entry.erasable.as_ref().map(|hash| hash.as_slice()),
        &record.digest[..]
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A report's entries after one and up to another, at most `limit`, in order.
pub(crate) async fn entries(
    connection: &mut PgConnection,
    complaint: Uuid,
    (after, until, limit): (i64, i64, i64),
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT sequence, kind, subject, (extract(epoch FROM occurred_at) * 1000000)::bigint AS "at!", commitment, erasable,
                  hash
           FROM complaints.ledger_entry WHERE complaint = $1 AND sequence > $2 AND sequence <= $3
           ORDER BY sequence LIMIT $4"#,
        complaint,
        after,
        until,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Makes all that the transaction reads from here on of one state.
pub(crate) async fn one_state(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(connection).await?;
    Ok(())
}
