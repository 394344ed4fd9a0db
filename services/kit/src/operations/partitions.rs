//! The days of the history: listed, and taken out of it once they are old. What stands in their tables is not touched.

use jiff::{ToSpan, civil::Date};
use proto::ops::v1::{DetachPartitionsRequest, DetachPartitionsResponse, Partition};
use sqlx::PgConnection;

use super::{Operations, acts, failure::Failure};
use crate::{
    database::Deadline,
    identity::Caller,
    stored::{Day, ToStored},
};

/// The RPC, as its acts are kept by it.
const DETACH: &str = "DetachPartitions";
/// How old a day must be at least.
const LEAST_AGE_DAYS: i32 = 30;
/// Days detached by one call.
const MOST: i64 = 100;

impl Operations {
    pub(super) async fn partitions(&self) -> Result<Vec<Partition>, Failure> {
        let days: Vec<(Day, String, i64, i64)> = sqlx::query_as(
            // Materialized, because a date is read from a name only once it is known to be a day's.
            "WITH part AS MATERIALIZED (
                 SELECT to_date(right(relname::text, 8), 'YYYYMMDD') AS day, relname::text AS name,
                        pg_total_relation_size(pg_class.oid) AS bytes
                 FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'event_log'::regclass
             )
             SELECT day, name, bytes, coalesce(pending.events, 0)
             FROM part
             LEFT JOIN (SELECT (recorded_at AT TIME ZONE 'UTC')::date AS day, count(*) AS events
                        FROM outbox_pending GROUP BY 1) AS pending USING (day)
             ORDER BY day DESC",
        )
        .fetch_all(&mut *self.database.acquire().await?)
        .await?;
        let shown = |(day, table, bytes, pending): (Day, String, i64, i64)| Partition {
            date: day.to_jiff().to_string(),
            table,
            bytes,
            pending,
        };
        Ok(days.into_iter().map(shown).collect())
    }

    /// Detaches the days before a date, the oldest first.
    pub(super) async fn detach(
        &self,
        (caller, deadline): (&Caller, Deadline),
        request: DetachPartitionsRequest,
    ) -> Result<DetachPartitionsResponse, Failure> {
        let invalid = |why| Failure::Invalid { field: "before_date", why };
        let before: Date = request.before_date.parse().map_err(|_| invalid("must be a day"))?;
        let mut transaction = self.database.begin(deadline).await?;
        let today: Day = sqlx::query_scalar("SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date")
            .fetch_one(&mut *transaction)
            .await?;
        if before > today.to_jiff().saturating_sub(LEAST_AGE_DAYS.days()) {
            return Err(invalid("must be at least 30 days ago"));
        }
        let mut tables = Vec::new();
        for (day, table) in days_before(&mut transaction, before).await? {
            if has_pending(&mut transaction, day).await? {
                return Err(Failure::EventsPending(day.to_jiff()));
            }
            sqlx::query("SELECT detach_history($1)").bind(day).execute(&mut *transaction).await?;
            tables.push(table);
        }
        acts::record(&mut transaction, caller, (DETACH, &request.before_date), &request.reason).await?;
        transaction.commit().await?;
        tracing::info!(before = request.before_date, days = tables.len(), "an operator detached history");
        Ok(DetachPartitionsResponse { tables })
    }
}

async fn days_before(connection: &mut PgConnection, before: Date) -> Result<Vec<(Day, String)>, sqlx::Error> {
    sqlx::query_as(
        // By name: only what is a day of the history has a date in it.
        "SELECT to_date(right(relname::text, 8), 'YYYYMMDD'), relname::text
         FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
         WHERE inhparent = 'event_log'::regclass AND relname::text < 'event_log_' || to_char($1, 'YYYYMMDD')
         ORDER BY relname LIMIT $2",
    )
    .bind(before.stored())
    .bind(MOST)
    .fetch_all(connection)
    .await
}

async fn has_pending(connection: &mut PgConnection, day: Day) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM outbox_pending WHERE recorded_at >= $1::timestamp AT TIME ZONE 'UTC'
                                                     AND recorded_at < ($1 + 1)::timestamp AT TIME ZONE 'UTC')",
    )
    .bind(day)
    .fetch_one(connection)
    .await
}
