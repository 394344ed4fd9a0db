//! By what pictures are found again.

use sqlx::PgConnection;
use uuid::Uuid;

/// Candidates that are compared at most; of a million pictures some thousand share a part of a hash with one.
const MOST_CANDIDATES: i64 = 50_000;
/// Any number, the same in every process.
const TURN: i64 = 0x7069_6374;

/// A picture that shares a part of a hash with another.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) evidence: Uuid,
    pub(crate) hashes: Vec<i64>,
}

/// Waits until no other transaction searches and adds: of two at once neither would find the other.
pub(crate) async fn take_turn(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", TURN).fetch_one(connection).await?;
    Ok(())
}

/// The evidence that the same file was first used as.
pub(crate) async fn same_file(
    connection: &mut PgConnection,
    sha256: &[u8],
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT evidence FROM complaints.capture WHERE sha256 = $1 ORDER BY evidence LIMIT 1",
        sha256
    )
    .fetch_optional(connection)
    .await
}

/// The pictures that an index knows by one of these parts, each as often as it has them. Part by part, since the planner
/// thinks too many of `&&` to go by the index.
pub(crate) async fn candidates(
    connection: &mut PgConnection,
    bands: &[i32],
) -> Result<Vec<Candidate>, sqlx::Error> {
    sqlx::query_as!(
        Candidate,
        "SELECT evidence, hashes
         FROM unnest($1::integer[]) AS probe (band) JOIN complaints.fingerprint ON bands @> ARRAY[probe.band] LIMIT $2",
        bands,
        MOST_CANDIDATES
    )
    .fetch_all(connection)
    .await
}

/// The larger descriptors of some.
pub(crate) async fn descriptors(
    connection: &mut PgConnection,
    evidence: &[Uuid],
) -> Result<Vec<(Uuid, Vec<u8>)>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT evidence, descriptor FROM complaints.fingerprint WHERE evidence = ANY($1)",
        evidence
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.evidence, row.descriptor)).collect())
}

/// Adds a picture's.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    evidence: Uuid,
    (hashes, bands, descriptor): (&[i64], &[i32], &[u8]),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO complaints.fingerprint (evidence, hashes, bands, descriptor) VALUES ($1, $2, $3, $4)",
        evidence,
        hashes,
        bands,
        descriptor
    )
    .execute(connection)
    .await?;
    Ok(())
}
