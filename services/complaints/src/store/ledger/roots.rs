//! The daily roots and the heads under them.

use jiff::{Timestamp, civil::Date};
use kit::{
    ledger::{Hash, Root, SignedRoot},
    stored::{Instant, ToStored},
};
use sqlx::PgConnection;
use uuid::Uuid;

/// The lock of who makes a root: any number, the same in every process.
const TURN: i64 = 0x6c65_6467_6572;

/// A report under a root: how many entries it had, and the hash of the last.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) complaint: Uuid,
    pub(crate) sequence: i64,
    pub(crate) hash: Vec<u8>,
}

/// A root as stored.
#[derive(Debug)]
pub(crate) struct StoredRoot {
    pub(crate) day: Date,
    pub(crate) signed: SignedRoot,
}

/// Whether it is the caller's turn to make a root, until its transaction ends.
pub(crate) async fn try_turn(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "turn!""#, TURN)
        .fetch_one(connection)
        .await
}

/// Keeps the heads of the chains that grew in a time.
pub(crate) async fn insert_leaves(
    connection: &mut PgConnection,
    day: Date,
    (from, until): (Option<Timestamp>, Timestamp),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO complaints.ledger_leaf (day, complaint, sequence, hash)
         SELECT $1::date, grown.complaint, head.sequence, head.hash
         FROM (SELECT DISTINCT complaint FROM complaints.ledger_entry
               WHERE occurred_at >= coalesce($2::timestamptz, '-infinity') AND occurred_at < $3) AS grown
              CROSS JOIN LATERAL (SELECT sequence, hash FROM complaints.ledger_entry
                                  WHERE complaint = grown.complaint ORDER BY sequence DESC LIMIT 1) AS head",
        day.stored() as _,
        from.map(ToStored::stored) as Option<Instant>,
        until.stored() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A page of a day's leaves after a report, in the order of their ids, which is the tree's.
pub(crate) async fn leaves(
    connection: &mut PgConnection,
    day: Date,
    (after, limit): (Uuid, i64),
) -> Result<Vec<Leaf>, sqlx::Error> {
    sqlx::query_as!(
        Leaf,
        "SELECT complaint, sequence, hash FROM complaints.ledger_leaf
         WHERE day = $1 AND complaint > $2 ORDER BY complaint LIMIT $3",
        day.stored() as _,
        after,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Which leaf of its day a report's is, from 0, and the leaf; none where the report did not grow then.
pub(crate) async fn leaf_index(
    connection: &mut PgConnection,
    (day, complaint): (Date, Uuid),
) -> Result<Option<(i64, Leaf)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT sequence, hash, (SELECT count(*) FROM complaints.ledger_leaf AS before
                                   WHERE before.day = $1 AND before.complaint < $2) AS "index!"
           FROM complaints.ledger_leaf WHERE day = $1 AND complaint = $2"#,
        day.stored() as _,
        complaint
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.index, Leaf { complaint, sequence: row.sequence, hash: row.hash })))
}

/// The hashes of a day's leaves, in the tree's order.
pub(crate) async fn hashes_of_leaves(
    connection: &mut PgConnection,
    day: Date,
) -> Result<Vec<Hash>, sqlx::Error> {
    const PAGE: i64 = 10_000;
    let (mut hashes, mut after) = (Vec::new(), Uuid::nil());
    loop {
        let page = leaves(connection, day, (after, PAGE)).await?;
        let Some(last) = page.last() else { return Ok(hashes) };
        after = last.complaint;
        for leaf in &page {
            let head = Hash::try_from(leaf.hash.as_slice()).map_err(|_| broken("a leaf's hash"))?;
            hashes.push(kit::ledger::leaf(leaf.complaint, leaf.sequence, &head));
        }
    }
}

/// Keeps a signed root; false where the day has one.
pub(crate) async fn insert_root(
    connection: &mut PgConnection,
    id: Uuid,
    signed: &SignedRoot,
) -> Result<bool, sqlx::Error> {
    let root = &signed.root;
    let inserted = sqlx::query!(
        "INSERT INTO complaints.ledger_root (day, id, tree_size, root_hash, previous, key_id, signature, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        root.day.stored() as _,
        id,
        i64::try_from(root.size).map_err(|error| sqlx::Error::Encode(error.into()))?,
        &root.hash[..],
        root.previous.as_ref().map(|hash| hash.as_slice()),
        signed.key_id,
        signed.signature,
        root.created_at.stored() as _
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The newest root.
pub(crate) async fn last_root(connection: &mut PgConnection) -> Result<Option<StoredRoot>, sqlx::Error> {
    let row = sqlx::query_as!(Row, "SELECT day, tree_size, root_hash, previous, key_id, signature, created_at FROM complaints.ledger_root ORDER BY day DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    row.map(Row::load).transpose()
}

/// The root of a day.
pub(crate) async fn root(
    connection: &mut PgConnection,
    day: Date,
) -> Result<Option<StoredRoot>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT day, tree_size, root_hash, previous, key_id, signature, created_at FROM complaints.ledger_root WHERE day = $1",
        day.stored() as _
    )
    .fetch_optional(connection)
    .await?;
    row.map(Row::load).transpose()
}

/// At most `limit` roots that are not in the store of files yet.
pub(crate) async fn to_store(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<StoredRoot>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT day, tree_size, root_hash, previous, key_id, signature, created_at FROM complaints.ledger_root
         WHERE stored_at IS NULL ORDER BY day LIMIT $1",
        limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

/// Notes that a root is in the store of files.
pub(crate) async fn mark_stored(
    connection: &mut PgConnection,
    (day, at): (Date, Timestamp),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE complaints.ledger_root SET stored_at = $2 WHERE day = $1",
        day.stored() as _,
        at.stored() as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct Row {
    day: kit::stored::Day,
    tree_size: i64,
    root_hash: Vec<u8>,
    previous: Option<Vec<u8>>,
    key_id: String,
    signature: Vec<u8>,
    created_at: Instant,
}

impl Row {
    fn load(self) -> Result<StoredRoot, sqlx::Error> {
        let hash = |bytes: Vec<u8>| Hash::try_from(bytes).map_err(|_| broken("a root's hash"));
        let day = self.day.to_jiff();
        let root = Root {
            service: crate::SERVICE.to_owned(),
            day,
            size: u64::try_from(self.tree_size).map_err(|_| broken("a tree's size"))?,
            hash: hash(self.root_hash)?,
            previous: self.previous.map(hash).transpose()?,
            created_at: self.created_at.to_jiff(),
        };
        Ok(StoredRoot { day, signed: SignedRoot { root, key_id: self.key_id, signature: self.signature } })
    }
}

fn broken(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what} is none").into())
}
