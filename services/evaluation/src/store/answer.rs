//! Survey tokens, answers as they come in, and answers that nothing leads back from. What is written here is never told
//! to others.

use jiff::civil::Date;
use kit::stored::ToStored;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{UnitId, sheet::Sheet};

/// The SHA-256 of a token.
pub(crate) type TokenHash = [u8; 32];

/// Keeps tokens' hashes. They are stored in the hashes' order, which says nothing of the order they were made in.
pub(crate) async fn insert_tokens(
    connection: &mut PgConnection,
    (round, unit): (Uuid, UnitId),
    mut hashes: Vec<TokenHash>,
) -> Result<(), sqlx::Error> {
    hashes.sort_unstable();
    let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
    sqlx::query!(
        "INSERT INTO evaluation.survey_token (hash, round, unit) SELECT hash, $2, $3 FROM UNNEST($1::bytea[]) AS hash",
        &hashes,
        round,
        unit.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a token is for, if it is one.
pub(crate) async fn token(
    connection: &mut PgConnection,
    hash: TokenHash,
) -> Result<Option<(Uuid, UnitId)>, sqlx::Error> {
    let row = sqlx::query!("SELECT round, unit FROM evaluation.survey_token WHERE hash = $1", &hash[..])
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| (row.round, UnitId(row.unit))))
}

/// Uses a token up; false where another call did meanwhile.
pub(crate) async fn spend(connection: &mut PgConnection, hash: TokenHash) -> Result<bool, sqlx::Error> {
    let deleted = sqlx::query!("DELETE FROM evaluation.survey_token WHERE hash = $1", &hash[..])
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Takes an answer in.
pub(crate) async fn take_in(
    connection: &mut PgConnection,
    (hash, round, unit): (TokenHash, Uuid, UnitId),
    (sheet, day): (&Sheet, Date),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO evaluation.answer_intake (token_hash, round, unit, day, elements, scores)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &hash[..],
        round,
        unit.0,
        day.stored(),
        &sheet.elements,
        &sheet.scores
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a spent token's answer is still in intake with these scores, sorted as a sheet has them.
pub(crate) async fn is_taken_in(
    connection: &mut PgConnection,
    hash: TokenHash,
    (elements, scores): &(Vec<String>, Vec<i16>),
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM evaluation.answer_intake WHERE token_hash = $1 AND elements = $2 AND scores = $3
           ) AS "same!""#,
        &hash[..],
        elements,
        scores
    )
    .fetch_one(connection)
    .await
}

/// Rounds' units with at least so many answers in intake; at most `limit`.
pub(crate) async fn ripe(
    connection: &mut PgConnection,
    least: i64,
    limit: i64,
) -> Result<Vec<(Uuid, UnitId)>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT round, unit FROM evaluation.answer_intake GROUP BY round, unit HAVING count(*) >= $1 LIMIT $2",
        least,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.round, UnitId(row.unit))).collect())
}

/// Holds a round's unit for mixing; false where somebody else holds it, who may be mixing or closing.
pub(crate) async fn hold_for_mixing(
    connection: &mut PgConnection,
    (round, unit): (Uuid, UnitId),
) -> Result<bool, sqlx::Error> {
    let held = sqlx::query!(
        "SELECT FROM evaluation.round_unit WHERE round = $1 AND unit = $2 FOR NO KEY UPDATE SKIP LOCKED",
        round,
        unit.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(held.is_some())
}

/// Moves a unit's answers out of intake, in a random order and under random ids; answers how many. The caller holds the
/// unit.
pub(crate) async fn mix(
    connection: &mut PgConnection,
    (round, unit): (Uuid, UnitId),
) -> Result<u64, sqlx::Error> {
    let moved = sqlx::query!(
        "WITH moved AS (
             DELETE FROM evaluation.answer_intake WHERE round = $1 AND unit = $2 RETURNING round, unit, day, elements, scores
         )
         INSERT INTO evaluation.answer (id, round, unit, day, elements, scores)
         SELECT gen_random_uuid(), round, unit, day, elements, scores
         FROM (SELECT * FROM moved ORDER BY gen_random_uuid()) AS shuffled",
        round,
        unit.0
    )
    .execute(connection)
    .await?;
    Ok(moved.rows_affected())
}

/// The same for all of a round's units, at its end. The caller holds them.
pub(crate) async fn mix_all(connection: &mut PgConnection, round: Uuid) -> Result<u64, sqlx::Error> {
    let moved = sqlx::query!(
        "WITH moved AS (
             DELETE FROM evaluation.answer_intake WHERE round = $1 RETURNING round, unit, day, elements, scores
         )
         INSERT INTO evaluation.answer (id, round, unit, day, elements, scores)
         SELECT gen_random_uuid(), round, unit, day, elements, scores
         FROM (SELECT * FROM moved ORDER BY gen_random_uuid()) AS shuffled",
        round
    )
    .execute(connection)
    .await?;
    Ok(moved.rows_affected())
}
