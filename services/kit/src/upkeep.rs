//! What a service's own tables need from day to day: partitions ahead, old ones away, and rows that nobody asks for any
//! more. Each statement is bounded; any number of replicas may be at it. History is never touched.

use std::time::Duration;

use crate::database::Database;

/// How often.
const EVERY: Duration = Duration::from_secs(3_600);
/// After a failure.
const BACK_OFF: Duration = Duration::from_secs(60);
/// With fewer days ahead somebody has to be told.
const LEAST_DAYS_AHEAD: i32 = 7;
/// Rows deleted by one statement.
const ROWS: i64 = 2_000;

/// Rows that nobody asks for any more: replies after the 7 days that they are promised for; dead letters that are done, and
/// counts of tries, once their events are older than the inbox. Until then a dropped letter keeps its event from being
/// applied.
const FORGOTTEN: [(&str, &str); 3] = [
    (
        "request_reply",
        "DELETE FROM request_reply WHERE (caller, rpc, request_id) IN
             (SELECT caller, rpc, request_id FROM request_reply
              WHERE recorded_at < clock_timestamp() - interval '8 days'
              ORDER BY recorded_at LIMIT $1 FOR UPDATE SKIP LOCKED)",
    ),
    (
        "dead_letter",
        "DELETE FROM dead_letter WHERE (event_id, consumer) IN
             (SELECT event_id, consumer FROM dead_letter
              WHERE state IN ('RESOLVED', 'DROPPED') AND updated_at < clock_timestamp() - interval '32 days'
              LIMIT $1 FOR UPDATE SKIP LOCKED)",
    ),
    (
        "delivery_attempt",
        "DELETE FROM delivery_attempt WHERE (event_id, consumer) IN
             (SELECT event_id, consumer FROM delivery_attempt
              WHERE event_id < uuid_of_day((clock_timestamp() AT TIME ZONE 'UTC')::date - 32)
              ORDER BY event_id, consumer LIMIT $1 FOR UPDATE SKIP LOCKED)",
    ),
];

/// Looks after the tables for as long as the process lives.
pub(crate) async fn run(database: Database) {
    loop {
        let pause = match turn(&database).await {
            Ok(()) => EVERY,
            Err(error) => {
                tracing::warn!(error = %error, "the tables can't be looked after yet; trying again");
                BACK_OFF
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn turn(database: &Database) -> Result<(), sqlx::Error> {
    let made = database.make_partitions().await;
    let days_ahead = database.days_ahead().await?;
    if days_ahead < LEAST_DAYS_AHEAD {
        tracing::error!(days_ahead, "there are hardly any partitions ahead; without one nothing can be told");
    }
    made?;
    while sqlx::query_scalar::<_, bool>("SELECT drop_oldest_inbox()")
        .fetch_one(&mut *database.acquire().await?)
        .await?
    {
        tracing::info!("dropped a day of the inbox that is older than what streams keep");
    }
    for (table, statement) in FORGOTTEN {
        let mut rows = 0;
        loop {
            let deleted = sqlx::query(statement).bind(ROWS).execute(&mut *database.acquire().await?).await?;
            rows += deleted.rows_affected();
            if i64::try_from(deleted.rows_affected()).is_ok_and(|deleted| deleted < ROWS) {
                break;
            }
        }
        if rows > 0 {
            tracing::info!(table, rows, "deleted rows that nobody asks for any more");
        }
    }
    Ok(())
}
