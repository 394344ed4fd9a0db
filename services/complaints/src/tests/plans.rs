//! Every listed query uses its index, on a table of many reports. `PRIMA_TEST_REPORTS=1000000` makes it as large as a city's
//! in five years; a run without it has fewer, with the same plans. How long each takes is printed.

use std::time::Instant;

use jiff::Timestamp;
use sqlx::{Connection, PgConnection};

use super::*;
use crate::{
    domain::{
        Kind,
        duplicates::{SAME_PLACE_METRES, Sought, WITHIN_METRES, search_text},
        place::Point,
    },
    store::{complaint::Selection, statistics::Counted},
};

/// Reports where nothing else is asked for.
const REPORTS: i64 = 60_000;
/// Answers of each query, so that those planned once for all come too.
const ANSWERS: usize = 12;

/// Reports spread over 300 units, 8 categories, the city's ground and the last 200 days; one in ten is open.
const GENERATE: &str = "
SET session_replication_role = replica;
CREATE TEMPORARY TABLE made AS
SELECT gen_random_uuid() AS id, number, now() - random() * interval '200 days' AS filed_at,
       'c' || number % 8 AS category, (ARRAY(SELECT id FROM complaints.unit WHERE code LIKE 'U.%' ORDER BY code))
           [1 + number % 300] AS unit,
       '31.74.01.' || lpad((1001 + number % 267)::text, 4, '0') AS kelurahan_code,
       -6.35 + random() * 0.25 AS latitude, 106.7 + random() * 0.25 AS longitude,
       CASE WHEN number % 10 = 0 THEN 'IN_PROGRESS' WHEN number % 100 = 1 THEN 'NEEDS_REPORTER' ELSE 'CLOSED' END AS state
FROM generate_series(1, $REPORTS) AS number;
INSERT INTO complaints.complaint (id, number, version, category, kind, text, kelurahan_code, channel, units, units_from,
    responsible_unit, state, outcome, proposed_outcome, confirmation, closed_at, question, asked_at, questions, filed_at, updated_at,
    first_accepted_at, dues, dues_from, dues_at, dues_stage, finish_due_at, state_since, code_key)
SELECT id, 'N-' || number, 3, category, 'REPORT', repeat('kata ', 20)::bytea, kelurahan_code, 'jaki', ARRAY[unit], ARRAY[filed_at],
       unit, state, CASE WHEN state = 'CLOSED' THEN 'FIXED' END, CASE WHEN state = 'CLOSED' THEN 'FIXED' END,
       CASE WHEN state = 'CLOSED' THEN 'CONFIRMED' END,
       CASE WHEN state = 'CLOSED' THEN filed_at + interval '3 days' END,
       CASE WHEN state = 'NEEDS_REPORTER' THEN 'Di mana?' END,
       CASE WHEN state = 'NEEDS_REPORTER' THEN filed_at + interval '1 day' END, (state = 'NEEDS_REPORTER')::integer,
       filed_at, filed_at, filed_at + interval '2 hours', ARRAY['FINISH'], ARRAY[filed_at], ARRAY[filed_at + interval '7 days'],
       ARRAY['RUNNING'], filed_at + interval '7 days', filed_at, 'k'
FROM made;
INSERT INTO complaints.complaint_place (complaint, latitude, longitude, asset) SELECT id, latitude, longitude, '' FROM made;
INSERT INTO complaints.complaint_spot (complaint, category, kelurahan_code, cell, filed_at, fixed_at, search_text)
SELECT id, category, kelurahan_code,
       CASE WHEN number % 4 > 0
            THEN floor((latitude + 90) / 0.0027)::bigint * 262144 + floor((longitude + 180) / 0.0027)::bigint END,
       filed_at, CASE WHEN state = 'CLOSED' THEN filed_at + interval '3 days' END,
       repeat('jalan berlubang ', 8) || md5(number::text)
FROM made;
INSERT INTO complaints.report_fact
SELECT id, filed_at, kelurahan_code, category, unit, NULL, state, filed_at + interval '2 hours',
       CASE WHEN state = 'CLOSED' THEN filed_at + interval '3 days' END, filed_at + interval '7 days', false, false,
       false, 4
FROM made;
INSERT INTO complaints.timeline_entry (complaint, version, command, state, subject, responsible_unit, occurred_at, written_in,
    salt)
SELECT id, 1, 'FILE', 'SUBMITTED', 'jaki', unit, filed_at, number - $REPORTS - 1, decode(md5(number::text), 'hex') FROM made;
SET session_replication_role = DEFAULT;
ANALYZE complaints.complaint, complaints.complaint_place, complaints.complaint_spot, complaints.report_fact,
    complaints.timeline_entry;
";

/// The tables that no listed query may read from end to end.
const LARGE: [&str; 5] = ["complaint", "complaint_place", "complaint_spot", "report_fact", "timeline_entry"];

/// How often each index was used, and how often the large tables were read whole.
async fn used(connection: &mut PgConnection) -> (std::collections::HashMap<String, i64>, i64) {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(&mut *connection).await.unwrap();
    let indexes: Vec<(String, i64)> = sqlx::query_as(
        "SELECT indexrelname::text, coalesce(idx_scan, 0) FROM pg_stat_user_indexes WHERE schemaname = 'complaints'",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let whole: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(seq_scan), 0)::bigint FROM pg_stat_user_tables
         WHERE schemaname = 'complaints' AND relname = ANY($1)",
    )
    .bind(LARGE.map(str::to_owned).to_vec())
    .fetch_one(connection)
    .await
    .unwrap();
    (indexes.into_iter().collect(), whole)
}

/// Asks several times; fails where no index of these was used, or a large table was read whole.
macro_rules! planned {
    ($connection:expr, $what:literal, [$($index:literal),+], $answer:expr) => {{
        let (before, whole_before) = used(&mut $connection).await;
        let mut times = Vec::new();
        let mut found = 0;
        for _ in 0..ANSWERS {
            let begun = Instant::now();
            found = $answer.await.unwrap().len();
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let (after, whole_after) = used(&mut $connection).await;
        eprintln!("{}: {found} found, half within {:?}, all within {:?}", $what, times[ANSWERS / 2], times[ANSWERS - 1]);
        assert!(found > 0, "{} found nothing", $what);
        assert_eq!(whole_before, whole_after, "{} reads a large table whole", $what);
        $(assert!(after[$index] > before[$index], "{} does not use {}", $what, $index);)+
    }};
}

async fn generate(served: &Served, reports: i64) -> (PgConnection, Vec<Uuid>) {
    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    sqlx::raw_sql("SET search_path = complaints, extensions").execute(&mut superuser).await.unwrap();
    sqlx::query(
        "INSERT INTO complaints.unit (id, epoch, version, code, parent, area_codes)
         SELECT gen_random_uuid(), 1, 1, 'U.' || lpad(number::text, 3, '0'), $1, '{}' FROM generate_series(1, 300) AS number",
    )
    .bind(served.province)
    .execute(&mut superuser)
    .await
    .unwrap();
    let statements = GENERATE.replace("$REPORTS", &reports.to_string());
    let begun = Instant::now();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&mut superuser).await.unwrap();
    eprintln!("{reports} reports were made in {:?}", begun.elapsed());
    let units = sqlx::query_scalar("SELECT id FROM complaints.unit WHERE code LIKE 'U.%' ORDER BY code")
        .fetch_all(&mut superuser)
        .await
        .unwrap();
    (superuser, units)
}

fn selection(units: &[Uuid], now: Timestamp) -> Selection {
    let latest: Timestamp = "9999-01-01T00:00:00Z".parse().unwrap();
    Selection {
        units: units.to_vec(),
        hidden_from: units.to_vec(),
        channel: String::new(),
        asked_units: None,
        states: Vec::new(),
        category: String::new(),
        priority: None,
        left_before: latest,
        as_of: now,
        after: (latest, Uuid::max()),
        limit: 101,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listed_query_uses_its_index() {
    let served = Served::start().await;
    let reports = std::env::var("PRIMA_TEST_REPORTS").map_or(REPORTS, |reports| reports.parse().unwrap());
    let (mut connection, units) = generate(&served, reports).await;
    let now = kit::clock::Clock::default().now();
    let ago = |days: i64| now - jiff::SignedDuration::from_hours(24 * days);
    let sought = |point: Option<(f64, f64)>| Sought {
        of: None,
        category: "c1".to_owned(),
        kind: Kind::Report,
        kelurahan_code: "31.74.01.1002".to_owned(),
        point: point.and_then(|(latitude, longitude)| Point::try_new(latitude, longitude)),
        search_text: search_text(&"jalan berlubang ".repeat(8)),
    };
    // Where a report is for sure, but for its category; those without a point are found by their kelurahan.
    let here: (f64, f64) = sqlx::query_as(
        "SELECT latitude, longitude FROM complaints.complaint_place JOIN complaints.complaint_spot USING (complaint)
         WHERE category = 'c1' AND cell IS NOT NULL AND fixed_at > now() - interval '20 days' LIMIT 1",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    let [here, nowhere] = [sought(Some(here)), sought(None)];
    let (around, at) = (here.cells(WITHIN_METRES), here.cells(SAME_PLACE_METRES));
    planned!(connection, "fixed at a place", ["complaint_spot_by_cell"], {
        store::duplicates::fixed(&mut connection, (&here, &at), ago(30))
    });
    planned!(connection, "fixed in a kelurahan", ["complaint_spot_fixed"], {
        store::duplicates::fixed(&mut connection, (&nowhere, &[]), ago(30))
    });
    sqlx::query("UPDATE complaints.complaint SET state = 'IN_PROGRESS', outcome = NULL, confirmation = NULL, closed_at = NULL
                 WHERE category = 'c1' AND filed_at > now() - interval '80 days'")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::raw_sql("VACUUM ANALYZE complaints.complaint").execute(&mut connection).await.unwrap();
    planned!(connection, "duplicates at a place", ["complaint_spot_by_cell"], {
        store::duplicates::near(&mut connection, (&here, &around), ago(84))
    });
    planned!(connection, "duplicates in a kelurahan", ["complaint_spot_by_kelurahan"], {
        store::duplicates::near(&mut connection, (&nowhere, &[]), ago(84))
    });

    let one = selection(&units[..1], now);
    let all = selection(&units, now);
    let open = |selection: &Selection| Selection {
        after: (Timestamp::UNIX_EPOCH, Uuid::nil()),
        ..selection.clone()
    };
    planned!(connection, "one unit's, newest first", ["complaint_by_unit"], {
        store::complaint::list(&mut connection, &one)
    });
    planned!(connection, "many units', newest first", ["complaint_by_filing"], {
        store::complaint::walk(&mut connection, (&all, 5_000))
    });
    let (one_open, all_open) = (open(&one), open(&all));
    planned!(
        connection,
        "one unit's by time left",
        ["complaint_by_unit_due", "complaint_by_unit_standing"],
        store::complaint::list_open(&mut connection, &one_open)
    );
    planned!(
        connection,
        "many units' by time left",
        ["complaint_by_unit_due", "complaint_by_unit_standing"],
        store::complaint::list_open(&mut connection, &all_open)
    );
    let channels = Selection { units: Vec::new(), channel: "jaki".to_owned(), ..one.clone() };
    planned!(connection, "a channel's, newest first", ["complaint_by_channel"], {
        store::complaint::list(&mut connection, &channels)
    });
    let position = store::inbox::Position { epoch: 1, written_in: -400, complaint: Uuid::nil(), version: 0 };
    planned!(connection, "the newest steps", ["timeline_entry_by_writing"], async {
        store::inbox::after(&mut connection, position, 500).await.map(|(steps, _)| steps)
    });
    let counted = Counted {
        filed: (ago(7), now),
        as_of: now,
        period: None,
        area: None,
        by_unit: false,
        by_category: true,
        units: None,
        hidden_from: Vec::new(),
        area_code: String::new(),
        category: String::new(),
        limit: 1_000,
    };
    planned!(connection, "a week's figures", ["report_fact_by_filing"], {
        store::statistics::count(&mut connection, &counted)
    });
    let of_unit = Counted { units: Some(units[..1].to_vec()), filed: (ago(190), now), ..counted };
    planned!(connection, "one unit's figures of half a year", ["report_fact_by_unit"], {
        store::statistics::count(&mut connection, &of_unit)
    });
    connection.close().await.unwrap();
    served.finish().await;
}
