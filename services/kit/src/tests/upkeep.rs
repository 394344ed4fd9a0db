//! What a service does for its own tables, and what operators do with the days of its history.

use dev::{client::authorized, cluster::Role};
use proto::ops::v1::{DetachPartitionsRequest, DetachPartitionsResponse, ListPartitionsRequest, Partition};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{Place, SERVICE, Served, reason, until};

async fn owner(place: &Place) -> PgConnection {
    let mut owner = PgConnection::connect(&place.world.database_url(SERVICE, Role::Owner)).await.unwrap();
    sqlx::query("SET search_path = training").execute(&mut owner).await.unwrap();
    owner
}

async fn execute(connection: &mut PgConnection, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.unwrap();
}

/// A day so many days ago, as `YYYY-MM-DD`.
async fn days_ago(connection: &mut PgConnection, days: i32) -> String {
    sqlx::query_scalar("SELECT ((clock_timestamp() AT TIME ZONE 'UTC')::date - $1)::text")
        .bind(days)
        .fetch_one(connection)
        .await
        .unwrap()
}

/// Gives the history a day so long ago, with one event; the day.
async fn with_a_day(owner: &mut PgConnection, days: i32) -> String {
    let (day, next) = (days_ago(owner, days).await, days_ago(owner, days - 1).await);
    let table = format!("event_log_{}", day.replace('-', ""));
    execute(
        owner,
        &format!("CREATE TABLE {table} PARTITION OF event_log FOR VALUES FROM ('{day}') TO ('{next}')"),
    )
    .await;
    let row = format!(
        "INSERT INTO event_log (recorded_at, event_id, shard, aggregate_type, aggregate_id, epoch, version, event_type,
                                subject, headers, payload)
         VALUES ('{day} 12:00+0', gen_random_uuid(), 0, 'thing', gen_random_uuid(), 1, 1, 'a', 'a', '{{}}', '')"
    );
    execute(owner, &row).await;
    day
}

async fn list(served: &Served) -> Vec<Partition> {
    let request = authorized(ListPartitionsRequest {}, &served.token(&["ops.read"]));
    served.client.clone().list_partitions(request).await.unwrap().into_inner().partitions
}

async fn detach(served: &Served, before: &str) -> Result<DetachPartitionsResponse, Status> {
    let before_date = before.to_owned();
    let request = DetachPartitionsRequest { before_date, reason: "kept elsewhere".to_owned() };
    let request = authorized(request, &served.token(&["ops.manage"]));
    Ok(served.client.clone().detach_partitions(request).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn old_days_are_detached_only_when_all_their_events_are_published() {
    let served = Place::new().await.serve().await;
    let mut owner = owner(&served.place).await;
    let oldest = with_a_day(&mut owner, 40).await;
    let pending = with_a_day(&mut owner, 35).await;
    // No relay publishes it meanwhile.
    sqlx::query(
        "SELECT pg_advisory_lock(hashtext('relay training'), shard) FROM generate_series(0, 15) AS shard",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    let enqueue = format!(
        "INSERT INTO outbox_pending SELECT shard, id, recorded_at FROM event_log
         WHERE recorded_at < '{pending}'::date + 1 AND recorded_at >= '{pending}'"
    );
    execute(&mut owner, &enqueue).await;
    let listed = list(&served).await;
    let last_two: Vec<_> = listed.iter().rev().take(2).map(|day| (day.date.as_str(), day.pending)).collect();
    assert_eq!(last_two, [(oldest.as_str(), 0), (pending.as_str(), 1)]);
    assert!(
        listed
            .iter()
            .all(|day| day.bytes > 0 && day.table == format!("event_log_{}", day.date.replace('-', "")))
    );

    let (thirty, ten) = (days_ago(&mut owner, 30).await, days_ago(&mut owner, 10).await);
    let refused = detach(&served, &thirty).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "EVENTS_PENDING"));
    assert_eq!(refused.get_details_error_info().unwrap().metadata["date"], pending);
    assert_eq!(list(&served).await, listed, "nothing was detached");
    for young in [ten.as_str(), "2027-02-31"] {
        let refused = detach(&served, young).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::InvalidArgument, "INVALID_FIELD"),
            "{young}"
        );
    }
    execute(&mut owner, "DELETE FROM outbox_pending").await;
    let tables = detach(&served, &thirty).await.unwrap().tables;
    let named = |day: &str| format!("event_log_{}", day.replace('-', ""));
    assert_eq!(tables, [named(&oldest), named(&pending)]);
    assert_eq!(list(&served).await.len(), listed.len() - 2);
    assert_eq!(detach(&served, &thirty).await.unwrap().tables, Vec::<String>::new());
    let kept: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {}", named(&oldest))))
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(kept, 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_even_the_service_can_detach_what_is_young_or_pending() {
    let served = Place::new().await.serve().await;
    let mut owner = owner(&served.place).await;
    let mut app = served.place.connection().await;
    let old = with_a_day(&mut owner, 40).await;
    execute(&mut owner, "INSERT INTO outbox_pending SELECT 99, id, recorded_at FROM event_log").await;
    let yesterday = days_ago(&mut owner, 1).await;
    for (day, why) in [(&yesterday, "is less than 30 days old"), (&old, "has events pending")] {
        let detach = format!("SELECT detach_history('{day}')");
        let refused = sqlx::query(AssertSqlSafe(detach)).execute(&mut app).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
    execute(&mut owner, "DELETE FROM outbox_pending").await;
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lag_says_for_how_many_days_the_history_has_tables() {
    let served = Place::new().await.serve().await;
    until("the partitions are made", async || (served.lag().await.partition_days_ahead == 30).then_some(()))
        .await;
    let mut owner = owner(&served.place).await;
    let day = days_ago(&mut owner, -5).await.replace('-', "");
    execute(&mut owner, &format!("DROP TABLE inbox_{day}")).await;
    assert_eq!(served.lag().await.partition_days_ahead, 4);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asks_for_any_more_goes_and_the_rest_stays() {
    let place = Place::new().await;
    let mut owner = owner(&place).await;
    execute(
        &mut owner,
        "CREATE TABLE inbox_20200101 PARTITION OF inbox FOR VALUES FROM (uuid_of_day('2020-01-01')) TO (uuid_of_day('2020-01-02'));
         INSERT INTO request_reply (caller, rpc, request_id, content_hash, resource, recorded_at)
         SELECT 'caller', 'rpc', gen_random_uuid(), decode(repeat('00', 32), 'hex'), age::text, clock_timestamp() - age * interval '1 day'
         FROM UNNEST(ARRAY[1, 7, 9]) AS age;
         INSERT INTO dead_letter (event_id, consumer, stream, subject, event_type, resource, headers, payload, reason, error,
                                  attempts, state, updated_at)
         SELECT gen_random_uuid(), 's', 's', 's', 't', state || ' ' || age, '{}', '', 'PERMANENT', 'e', 1, state,
                clock_timestamp() - age * interval '1 day'
         FROM UNNEST(ARRAY['PARKED', 'RESOLVED', 'DROPPED']) AS state, UNNEST(ARRAY[31, 33]) AS age;
         INSERT INTO delivery_attempt (event_id, consumer, attempts)
         SELECT uuid_of_day((clock_timestamp() AT TIME ZONE 'UTC')::date - age), 's', age FROM UNNEST(ARRAY[31, 34]) AS age",
    )
    .await;
    let served = place.serve().await;
    let mut app = served.place.connection().await;
    until("the old rows are gone", async || {
        let left: (bool, Vec<String>, Vec<String>, Vec<i64>) = sqlx::query_as(
            "SELECT to_regclass('inbox_20200101') IS NULL,
                    (SELECT array_agg(resource ORDER BY resource) FROM request_reply),
                    (SELECT array_agg(resource ORDER BY resource) FROM dead_letter),
                    (SELECT array_agg(attempts) FROM delivery_attempt)",
        )
        .fetch_one(&mut app)
        .await
        .unwrap();
        let expected = (
            true,
            ["1", "7"].map(str::to_owned).to_vec(),
            ["DROPPED 31", "PARKED 31", "PARKED 33", "RESOLVED 31"].map(str::to_owned).to_vec(),
            vec![31],
        );
        (left == expected).then_some(())
    })
    .await;
    served.finish().await;
}
