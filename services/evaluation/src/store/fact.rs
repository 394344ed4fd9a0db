//! The facts: added, read, never changed.

use jiff::Timestamp;
use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::Report;

/// What one event said of a report.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) event_id: Uuid,
    pub(crate) complaint: Uuid,
    pub(crate) epoch: i64,
    pub(crate) version: i64,
    pub(crate) event_type: String,
    pub(crate) unit: Uuid,
    pub(crate) category: String,
    pub(crate) filed_at: Timestamp,
    pub(crate) first_accepted_at: Option<Timestamp>,
    pub(crate) resolved_at: Option<Timestamp>,
    pub(crate) reopened_times: i32,
    pub(crate) reopened_at: Option<Timestamp>,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) confirmed: bool,
    pub(crate) rating: Option<i16>,
    pub(crate) verified: bool,
}

/// Adds facts; one that is there already stays as it is.
pub(crate) async fn insert(connection: &mut PgConnection, facts: &[Fact]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO evaluation.fact (event_id, complaint, epoch, version, event_type, unit, category, filed_at,
             first_accepted_at, resolved_at, reopened_times, reopened_at, closed_at, confirmed, rating, verified)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::uuid[], $7::text[],
             $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::integer[], $12::timestamptz[],
             $13::timestamptz[], $14::boolean[], $15::smallint[], $16::boolean[])
         ON CONFLICT (event_id) DO NOTHING",
        &column(facts, |fact| fact.event_id),
        &column(facts, |fact| fact.complaint),
        &column(facts, |fact| fact.epoch),
        &column(facts, |fact| fact.version),
        &column(facts, |fact| fact.event_type.clone()),
        &column(facts, |fact| fact.unit),
        &column(facts, |fact| fact.category.clone()),
        column(facts, |fact| fact.filed_at.stored()) as _,
        column(facts, |fact| fact.first_accepted_at.map(ToStored::stored)) as _,
        column(facts, |fact| fact.resolved_at.map(ToStored::stored)) as _,
        &column(facts, |fact| fact.reopened_times),
        column(facts, |fact| fact.reopened_at.map(ToStored::stored)) as _,
        column(facts, |fact| fact.closed_at.map(ToStored::stored)) as _,
        &column(facts, |fact| fact.confirmed),
        column(facts, |fact| fact.rating) as _,
        &column(facts, |fact| fact.verified)
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn column<T>(facts: &[Fact], pick: impl Fn(&Fact) -> T) -> Vec<T> {
    facts.iter().map(pick).collect()
}

/// The reports filed from one instant until before another that a unit or one below it is responsible for, each as its newest fact shows it.
pub(crate) async fn reports(
    connection: &mut PgConnection,
    unit: Uuid,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Report>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE subtree AS (
               SELECT id FROM evaluation.unit WHERE id = $1
               UNION
               SELECT below.id FROM subtree JOIN evaluation.unit below ON below.parent = subtree.id
           ), newest AS (
               SELECT DISTINCT ON (complaint) * FROM evaluation.fact WHERE filed_at >= $2 AND filed_at < $3
               ORDER BY complaint, epoch DESC, version DESC
           )
           SELECT filed_at AS "filed_at!", first_accepted_at, resolved_at, reopened_at, closed_at,
                  confirmed AS "confirmed!", rating
           FROM newest WHERE unit IN (SELECT id FROM subtree)"#,
        unit,
        from.stored(),
        until.stored()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Report {
            filed_at: row.filed_at.to_jiff(),
            first_accepted_at: row.first_accepted_at.map(Instant::to_jiff),
            resolved_at: row.resolved_at.map(Instant::to_jiff),
            reopened_at: row.reopened_at.map(Instant::to_jiff),
            closed_at: row.closed_at.map(Instant::to_jiff),
            confirmed: row.confirmed,
            rating: row.rating,
        })
        .collect())
}
