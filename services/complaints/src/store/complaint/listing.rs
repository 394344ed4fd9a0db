//! Many reports at once: those that a caller lists, that are watched, and that the clock has to look at.

use jiff::Timestamp;
use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Loaded,
    row::{Row, rows},
};
use crate::domain::{Complaint, ComplaintId, Priority, State};

/// Which reports to list.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// Reports of these units are shown.
    pub(crate) units: Vec<Uuid>,
    /// But none about one of these: the caller's own units, and those above them.
    pub(crate) hidden_from: Vec<Uuid>,
    /// The calling system: reports that it filed are shown; empty where a person calls.
    pub(crate) channel: String,
    /// Of those that the system filed, only these units' ones, where a unit was asked for.
    pub(crate) asked_units: Option<Vec<Uuid>>,
    /// Only in one of these states; any where empty.
    pub(crate) states: Vec<State>,
    /// Only of this category; empty for any.
    pub(crate) category: String,
    /// Only of this priority.
    pub(crate) priority: Option<Priority>,
    /// Only with the time for them over before this, of the open ones.
    pub(crate) left_before: Timestamp,
    /// As of when time left is counted.
    pub(crate) as_of: Timestamp,
    /// Only those that come after this report, in the list's order.
    pub(crate) after: (Timestamp, Uuid),
    /// At most this many.
    pub(crate) limit: i64,
}

impl Selection {
    fn states(&self) -> Vec<String> {
        self.states.iter().map(|state| state.word().to_owned()).collect()
    }
}

fn load(rows: Vec<Row>) -> Result<Vec<Loaded>, sqlx::Error> {
    rows.into_iter().map(Row::load).collect()
}

/// Reports, newest first: a page of each unit by its index, and of these the newest.
pub(crate) async fn list(
    connection: &mut PgConnection,
    selection: &Selection,
) -> Result<Vec<Loaded>, sqlx::Error> {
    let (after_time, after_id) = selection.after;
    let found = rows!(
        r#"WITH page AS (
               SELECT of_unit.id AS found FROM unnest($1::uuid[]) AS mine (unit) CROSS JOIN LATERAL (
                   SELECT one.id, one.filed_at FROM complaints.complaint AS one
                   WHERE one.responsible_unit = mine.unit AND (one.filed_at, one.id) < ($8, $9)
                     AND (one.unit_complained_of IS NULL OR one.unit_complained_of <> ALL($2::uuid[]))
                     AND (cardinality($5::text[]) = 0 OR one.state = ANY($5)) AND ($6 = '' OR one.category = $6)
                     AND ($7::text IS NULL OR one.priority = $7)
                   ORDER BY one.filed_at DESC, one.id DESC LIMIT $10
               ) AS of_unit
               UNION
               (SELECT one.id FROM complaints.complaint AS one
                WHERE one.channel = $3 AND $3 <> '' AND (one.filed_at, one.id) < ($8, $9)
                  AND ($4::uuid[] IS NULL OR one.responsible_unit = ANY($4))
                  AND (cardinality($5::text[]) = 0 OR one.state = ANY($5)) AND ($6 = '' OR one.category = $6)
                  AND ($7::text IS NULL OR one.priority = $7)
                ORDER BY one.filed_at DESC, one.id DESC LIMIT $10)
           ) "#,
        "FROM page JOIN complaints.complaint ON id = found ORDER BY filed_at DESC, id DESC LIMIT $10",
        &selection.units,
        &selection.hidden_from,
        selection.channel,
        selection.asked_units.as_deref(),
        &selection.states(),
        selection.category,
        selection.priority.map(Priority::word),
        after_time.stored() as Instant,
        after_id,
        selection.limit
    );
    load(found.fetch_all(connection).await?)
}

/// Reports, newest first, among the next `depth` of all reports: where a caller has so many units that these are likely to
/// hold a page. It may find fewer than there are.
pub(crate) async fn walk(
    connection: &mut PgConnection,
    (selection, depth): (&Selection, i64),
) -> Result<Vec<Loaded>, sqlx::Error> {
    let (after_time, after_id) = selection.after;
    let found = rows!(
        "WITH page AS (
             SELECT recent.id AS found FROM (
                 SELECT id, filed_at, responsible_unit, unit_complained_of, state, category, priority
                 FROM complaints.complaint WHERE (filed_at, id) < ($6, $7) ORDER BY filed_at DESC, id DESC LIMIT $9
             ) AS recent
             WHERE recent.responsible_unit = ANY($1)
               AND (recent.unit_complained_of IS NULL OR recent.unit_complained_of <> ALL($2::uuid[]))
               AND (cardinality($3::text[]) = 0 OR recent.state = ANY($3)) AND ($4 = '' OR recent.category = $4)
               AND ($5::text IS NULL OR recent.priority = $5)
             ORDER BY recent.filed_at DESC, recent.id DESC LIMIT $8
         ) ",
        "FROM page JOIN complaints.complaint ON id = found ORDER BY filed_at DESC, id DESC",
        &selection.units,
        &selection.hidden_from,
        &selection.states(),
        selection.category,
        selection.priority.map(Priority::word),
        after_time.stored() as Instant,
        after_id,
        selection.limit,
        depth
    );
    load(found.fetch_all(connection).await?)
}

/// Open reports of the units, by the time that is left: of each unit a page of those whose clock runs, and of those whose
/// clock stands, by their indexes, and of these those with the least left.
pub(crate) async fn list_open(
    connection: &mut PgConnection,
    selection: &Selection,
) -> Result<Vec<Loaded>, sqlx::Error> {
    let (after_time, after_id) = selection.after;
    let found = rows!(
        r#"WITH page AS (
               SELECT of_unit.id AS found, of_unit.left_at
               FROM unnest($1::uuid[]) AS mine (unit) CROSS JOIN LATERAL (
                   (SELECT one.id, one.finish_due_at AS left_at FROM complaints.complaint AS one
                    WHERE one.responsible_unit = mine.unit
                      AND (one.state IN ('SUBMITTED', 'COORDINATING', 'DISPOSED', 'IN_PROGRESS', 'AWAITING_VALIDATION')
                           OR (one.state = 'NEEDS_REPORTER' AND one.questions > 2))
                      AND (one.finish_due_at, one.id) > ($7, $8) AND one.finish_due_at < $6
                      AND (one.unit_complained_of IS NULL OR one.unit_complained_of <> ALL($2::uuid[]))
                      AND (cardinality($3::text[]) = 0 OR one.state = ANY($3)) AND ($4 = '' OR one.category = $4)
                      AND ($5::text IS NULL OR one.priority = $5)
                    ORDER BY one.finish_due_at, one.id LIMIT $9)
                   UNION ALL
                   (SELECT one.id, $10::timestamptz + (one.finish_due_at - one.asked_at) FROM complaints.complaint AS one
                    WHERE one.responsible_unit = mine.unit AND one.state = 'NEEDS_REPORTER' AND one.questions <= 2
                      AND (one.finish_due_at - one.asked_at, one.id) > ($7 - $10, $8)
                      AND one.finish_due_at - one.asked_at < $6 - $10
                      AND (one.unit_complained_of IS NULL OR one.unit_complained_of <> ALL($2::uuid[]))
                      AND (cardinality($3::text[]) = 0 OR one.state = ANY($3)) AND ($4 = '' OR one.category = $4)
                      AND ($5::text IS NULL OR one.priority = $5)
                    ORDER BY one.finish_due_at - one.asked_at, one.id LIMIT $9)
               ) AS of_unit
               ORDER BY of_unit.left_at, of_unit.id LIMIT $9
           ) "#,
        "FROM page JOIN complaints.complaint ON id = found ORDER BY left_at, id",
        &selection.units,
        &selection.hidden_from,
        &selection.states(),
        selection.category,
        selection.priority.map(Priority::word),
        selection.left_before.stored() as Instant,
        after_time.stored() as Instant,
        after_id,
        selection.limit,
        selection.as_of.stored() as Instant
    );
    load(found.fetch_all(connection).await?)
}

/// How many reports a selection finds on all pages, counted up to its limit.
pub(crate) async fn count(connection: &mut PgConnection, selection: &Selection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
               SELECT of_unit.id FROM unnest($1::uuid[]) AS mine (unit) CROSS JOIN LATERAL (
                   SELECT one.id FROM complaints.complaint AS one
                   WHERE one.responsible_unit = mine.unit
                     AND (one.unit_complained_of IS NULL OR one.unit_complained_of <> ALL($2::uuid[]))
                     AND (cardinality($5::text[]) = 0 OR one.state = ANY($5)) AND ($6 = '' OR one.category = $6)
                     AND ($7::text IS NULL OR one.priority = $7)
                   LIMIT $8
               ) AS of_unit
               UNION
               (SELECT one.id FROM complaints.complaint AS one
                WHERE one.channel = $3 AND $3 <> '' AND ($4::uuid[] IS NULL OR one.responsible_unit = ANY($4))
                  AND (cardinality($5::text[]) = 0 OR one.state = ANY($5)) AND ($6 = '' OR one.category = $6)
                  AND ($7::text IS NULL OR one.priority = $7)
                LIMIT $8)
               LIMIT $8
           ) AS found"#,
        &selection.units,
        &selection.hidden_from,
        selection.channel,
        selection.asked_units.as_deref(),
        &selection.states(),
        selection.category,
        selection.priority.map(Priority::word),
        selection.limit
    )
    .fetch_one(connection)
    .await
}

/// How many open reports a selection finds on all pages, counted up to its limit.
pub(crate) async fn count_open(
    connection: &mut PgConnection,
    selection: &Selection,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
               SELECT FROM unnest($1::uuid[]) AS mine (unit) CROSS JOIN LATERAL (
                   SELECT one.category, one.priority, one.state, one.unit_complained_of FROM complaints.complaint AS one
                   WHERE one.responsible_unit = mine.unit
                     AND (one.state IN ('SUBMITTED', 'COORDINATING', 'DISPOSED', 'IN_PROGRESS', 'AWAITING_VALIDATION')
                          OR (one.state = 'NEEDS_REPORTER' AND one.questions > 2))
                     AND one.finish_due_at < $6
                   UNION ALL
                   SELECT one.category, one.priority, one.state, one.unit_complained_of FROM complaints.complaint AS one
                   WHERE one.responsible_unit = mine.unit AND one.state = 'NEEDS_REPORTER' AND one.questions <= 2
                     AND one.finish_due_at - one.asked_at < $6 - $8::timestamptz
               ) AS one
               WHERE (one.unit_complained_of IS NULL OR one.unit_complained_of <> ALL($2::uuid[]))
                 AND (cardinality($3::text[]) = 0 OR one.state = ANY($3)) AND ($4 = '' OR one.category = $4)
                 AND ($5::text IS NULL OR one.priority = $5)
               LIMIT $7
           ) AS found"#,
        &selection.units,
        &selection.hidden_from,
        &selection.states(),
        selection.category,
        selection.priority.map(Priority::word),
        selection.left_before.stored() as Instant,
        selection.limit,
        selection.as_of.stored() as Instant
    )
    .fetch_one(connection)
    .await
}

/// Reports by their ids, in any order; at most as many as were asked for.
pub(crate) async fn get_all(
    connection: &mut PgConnection,
    ids: &[ComplaintId],
) -> Result<Vec<Loaded>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    load(rows!("", "FROM complaints.complaint WHERE id = ANY($1)", &ids).fetch_all(connection).await?)
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
    (now, limit): (Timestamp, i64),
) -> Result<Vec<Complaint>, sqlx::Error> {
    let due = rows!(
        "",
        "FROM complaints.complaint WHERE next_due_at <= $1 ORDER BY next_due_at LIMIT $2 FOR UPDATE SKIP LOCKED",
        now.stored() as Instant,
        limit
    );
    Ok(load(due.fetch_all(connection).await?)?.into_iter().map(|loaded| loaded.complaint).collect())
}
