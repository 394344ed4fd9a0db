//! Counting the facts of reports.

use jiff::Timestamp;
use kit::stored::{Day, Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::statistics::{Area, Cell, Figures, Key, Period};

/// Which facts to count, and into which cells.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// From the first instant until before the other.
    pub(crate) filed: (Timestamp, Timestamp),
    pub(crate) as_of: Timestamp,
    pub(crate) period: Option<Period>,
    pub(crate) area: Option<Area>,
    pub(crate) by_unit: bool,
    pub(crate) by_category: bool,
    /// Only of these units; any where none.
    pub(crate) units: Option<Vec<Uuid>>,
    /// But none about one of these.
    pub(crate) hidden_from: Vec<Uuid>,
    /// Only of kelurahan whose code begins with it.
    pub(crate) area_code: String,
    /// Only of this category; any where empty.
    pub(crate) category: String,
    /// At most this many cells.
    pub(crate) limit: i64,
}

/// The cells that have reports, by period, area, unit and category. A percentile is the value of the nearest rank, taken by
/// whole numbers.
pub(crate) async fn count(
    connection: &mut PgConnection,
    counted: &Counted,
) -> Result<Vec<Cell>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH fact AS (
               SELECT CASE WHEN $1::text <> ''
                           THEN date_trunc($1, filed_at AT TIME ZONE INTERVAL '+07:00')::date END AS period,
                      left(kelurahan_code, $2) AS area_code, CASE WHEN $3 THEN unit END AS unit,
                      CASE WHEN $4 THEN category ELSE '' END AS category,
                      floor(extract(epoch FROM accepted_at - filed_at))::bigint AS accept,
                      floor(extract(epoch FROM resolved_at - filed_at))::bigint AS resolve,
                      is_reopened, is_rejected, is_recurring, rating, resolved_at <= due_at AS is_in_time,
                      resolved_at IS NOT NULL
                          OR (due_at < $5 AND state IN ('SUBMITTED', 'COORDINATING', 'DISPOSED', 'IN_PROGRESS',
                                                        'AWAITING_VALIDATION')) AS is_judged
               FROM (
                   SELECT of_unit.* FROM unnest($8::uuid[]) AS mine (id) CROSS JOIN LATERAL (
                       -- The offset keeps the planner from reading other units' facts too.
                       SELECT * FROM complaints.report_fact AS one
                       WHERE one.unit = mine.id AND one.filed_at >= $6 AND one.filed_at < $7 OFFSET 0
                   ) AS of_unit
                   UNION ALL
                   SELECT * FROM complaints.report_fact AS one
                   WHERE $8::uuid[] IS NULL AND one.filed_at >= $6 AND one.filed_at < $7
               ) AS asked
               WHERE (unit_complained_of IS NULL OR unit_complained_of <> ALL($9::uuid[]))
                 AND kelurahan_code LIKE $10 || '%' AND ($11 = '' OR category = $11)
           )
           SELECT period AS "period: Day", area_code AS "area_code!", unit, category AS "category!",
                  count(*) AS "filed!", count(accept) AS "accepted!", count(resolve) AS "resolved!",
                  count(*) FILTER (WHERE is_reopened) AS "reopened!",
                  count(*) FILTER (WHERE is_rejected) AS "rejected!",
                  count(*) FILTER (WHERE is_recurring) AS "recurring!",
                  (array_agg(accept ORDER BY accept) FILTER (WHERE accept IS NOT NULL))[(count(accept) + 1) / 2]
                      AS accept_median,
                  (array_agg(accept ORDER BY accept) FILTER (WHERE accept IS NOT NULL))[(count(accept) * 9 + 9) / 10]
                      AS accept_p90,
                  (array_agg(resolve ORDER BY resolve) FILTER (WHERE resolve IS NOT NULL))[(count(resolve) + 1) / 2]
                      AS resolve_median,
                  (array_agg(resolve ORDER BY resolve)
                      FILTER (WHERE resolve IS NOT NULL))[(count(resolve) * 9 + 9) / 10] AS resolve_p90,
                  count(*) FILTER (WHERE is_in_time) AS "in_time!", count(*) FILTER (WHERE is_judged) AS "judged!",
                  count(rating) AS "ratings!", coalesce(sum(rating), 0)::bigint AS "rating_sum!"
           FROM fact GROUP BY period, area_code, unit, category
           ORDER BY period, area_code, unit, category LIMIT $12"#,
        counted.period.map_or("", Period::word),
        counted.area.map_or(0, Area::characters),
        counted.by_unit,
        counted.by_category,
        counted.as_of.stored() as Instant,
        counted.filed.0.stored() as Instant,
        counted.filed.1.stored() as Instant,
        counted.units.as_deref(),
        &counted.hidden_from,
        counted.area_code,
        counted.category,
        counted.limit
    )
    .fetch_all(connection)
    .await?;
    let cells = rows.into_iter().map(|row| Cell {
        key: Key {
            period: row.period.map(Day::to_jiff),
            area_code: row.area_code,
            unit: row.unit,
            category: row.category,
        },
        is_hidden: false,
        figures: Figures {
            filed: row.filed,
            accepted: row.accepted,
            resolved: row.resolved,
            reopened: row.reopened,
            rejected: row.rejected,
            recurring: row.recurring,
            accept_median: row.accept_median.unwrap_or_default(),
            accept_p90: row.accept_p90.unwrap_or_default(),
            resolve_median: row.resolve_median.unwrap_or_default(),
            resolve_p90: row.resolve_p90.unwrap_or_default(),
            in_time: row.in_time,
            judged: row.judged,
            ratings: row.ratings,
            rating_sum: row.rating_sum,
        },
    });
    Ok(cells.collect())
}
