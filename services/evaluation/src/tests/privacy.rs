//! Nothing leads from a token to the answer it gave: by no value that two tables share, by no system column, by no order.

use std::collections::BTreeSet;

use super::*;

/// Twelve answers that differ, so that each can be told apart.
async fn answer_and_mix(served: &Served, round: &str) -> Vec<String> {
    let tokens = served.tokens(round, 0, 12).await;
    for (at, token) in (0_i32..).zip(&tokens) {
        served.submit(token, &[("U1", 1 + at % 4), ("U2", 1 + at / 4)]).await.unwrap();
    }
    let kept = "SELECT count(*) FROM evaluation.answer_intake";
    assert_eq!(count(&mut served.superuser().await, kept).await, 12, "until they are mixed");
    let database = database(&served.world).await;
    assert_eq!(crate::app::mix(&database).await.unwrap(), 12);
    tokens
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_holds_a_value_that_joins_a_token_to_its_answer() {
    let served = Served::start(1).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-01").await;
    let tokens = answer_and_mix(&served, &round).await;
    let mut connection = served.superuser().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'evaluation'::regnamespace AND relkind = 'r'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let written: BTreeSet<String> = sqlx::query_scalar("SELECT DISTINCT xmin::text FROM evaluation.answer")
        .fetch_all(&mut connection)
        .await
        .unwrap()
        .into_iter()
        .collect();
    assert_eq!(written.len(), 1, "all twelve are written at once");
    let mut hashes = BTreeSet::new();
    for token in &tokens {
        let bytes = u128::from_str_radix(token, 16).unwrap().to_be_bytes();
        hashes.insert(crate::app::hash(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }
    for table in tables {
        let rows: Vec<(String, String)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT xmin::text, row_to_json(stored)::text FROM (SELECT xmin, * FROM evaluation.{table}) AS stored"
        )))
        .fetch_all(&mut connection)
        .await
        .unwrap();
        for (xmin, row) in rows {
            for secret in hashes.iter().chain(&tokens) {
                assert!(!row.contains(secret.as_str()), "{table} still knows a token");
            }
            assert!(table == "answer" || !written.contains(&xmin), "{table} was written with the answers");
        }
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_with_a_random_id_a_day_and_scores_in_another_order_than_it_came() {
    let served = Served::start(1).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-01").await;
    answer_and_mix(&served, &round).await;
    let mut connection = served.superuser().await;
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT column_name::text FROM information_schema.columns
         WHERE table_schema = 'evaluation' AND table_name = 'answer' ORDER BY ordinal_position",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(columns, ["id", "round", "unit", "day", "elements", "scores"]);
    let kept: Vec<(Uuid, Vec<i16>)> =
        sqlx::query_as("SELECT id, scores FROM evaluation.answer ORDER BY ctid")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    assert!(kept.iter().all(|(id, _)| id.get_version_num() == 4));
    let kept: Vec<Vec<i16>> = kept.into_iter().map(|(_, scores)| scores).collect();
    let came: Vec<Vec<i16>> = (0..12).map(|at| vec![1 + at % 4, 1 + at / 4]).collect();
    assert_ne!(kept, came, "by chance once in 479 million");
    let (mut sorted_kept, mut sorted_came) = (kept, came);
    sorted_kept.sort_unstable();
    sorted_came.sort_unstable();
    assert_eq!(sorted_kept, sorted_came);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_itself_can_change_no_fact_answer_index_or_result() {
    let served = Served::start(1).await;
    let url = served.world.database_url(SERVICE, Role::App);
    let mut connection = PgConnection::connect(&url).await.unwrap();
    for table in ["fact", "answer", "unit_index", "signal_period", "study_result", "norm", "norm_element"] {
        let sql = format!("DELETE FROM evaluation.{table}");
        let refused = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap_err();
        let code =
            refused.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
        assert_eq!(code, "42501", "{table}: {refused}");
    }
    connection.close().await.unwrap();
    served.finish().await;
}
