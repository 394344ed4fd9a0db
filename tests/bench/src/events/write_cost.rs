//! `outbox_write_cost`: what event and outbox add to a transaction: the rows of a filing as the service writes them, one
//! statement each, with and without kit's `append`.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use dev::stack::Part;
use futures::future::try_join_all;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row as _};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::reports;
use crate::bed::{PRODUCER, TestBed};
use crate::filing::Filing;
use crate::measure::{Arm, Run, per_second};
use crate::processes::Cpu;
use crate::report::{About, Row};

const CALLERS: usize = 64;
const ROUNDS: usize = 5;
const SLICE: Duration = Duration::from_secs(3);

/// As kit begins a caller's transaction.
const BEGIN: &str = "BEGIN; SET LOCAL statement_timeout = 10000";
const KELURAHAN: &str = "31.74.01.1001";

/// The statements of a filing, made after one that the service wrote; what differs from row to row is bound.
#[derive(Clone)]
struct Statements {
    request: String,
    report: String,
    step: String,
}

/// What a transaction has besides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Besides {
    Nothing,
    EventAndOutbox,
}

/// Measures the row.
pub(super) async fn measure(bed: &TestBed) -> Result<Vec<Row>> {
    Filing::connect(bed, 1).await?.at_once(1, Duration::from_millis(50)).await?;
    let statements = Statements::read(&bed.database).await?;
    let mut connections = try_join_all((0..CALLERS).map(|_| bed.connection(PRODUCER))).await?;
    let mut runs = Vec::new();
    for round in 0..ROUNDS {
        let mut order = [Besides::EventAndOutbox, Besides::Nothing];
        if round % 2 == 1 {
            order.reverse();
        }
        let mut arms = Vec::new();
        for besides in order {
            bed.empty().await?;
            // What is told must not be carried away meanwhile.
            bed.stack.freeze(Part::Service(PRODUCER))?;
            arms.push((besides, write(&mut connections, &statements, besides).await?));
        }
        arms.sort_by_key(|(besides, _)| *besides == Besides::Nothing);
        let [(_, with), (_, without)] = <[_; 2]>::try_from(arms).ok().context("there are two arms")?;
        bed.say(format!("round {}: with {:.0}/s, without {:.0}/s", round + 1, with.value, without.value));
        // How much longer a transaction takes.
        runs.push(Run::beside(with, without, |with, without| without / with - 1.0));
    }
    let about = About { row: "outbox_write_cost", unit: "/s", goal: "≤ 0.25 more time" };
    Ok(vec![
        Row::new(about, runs, |_, ratio| ratio <= 0.25).with_note("the ratio is the added share of time"),
    ])
}

/// Writes on all connections for a while.
async fn write(
    connections: &mut Vec<PgConnection>,
    statements: &Statements,
    besides: Besides,
) -> Result<Arm> {
    let cpu = Cpu::now();
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for mut connection in connections.drain(..) {
        let statements = statements.clone();
        tasks.spawn(async move {
            let mut written = 0;
            while begun.elapsed() < SLICE {
                statements.file(&mut connection, besides).await?;
                written += 1;
            }
            anyhow::Ok((connection, written))
        });
    }
    let mut all = 0;
    while let Some(ended) = tasks.join_next().await {
        let (connection, written) = ended??;
        connections.push(connection);
        all += written;
    }
    Ok(Arm { value: per_second(all, begun.elapsed()), cpu: cpu.since() })
}

impl Statements {
    async fn read(database: &PgPool) -> Result<Self> {
        Ok(Self {
            request: insert_like(database, "complaints.request_reply", &["request_id"]).await?,
            report: insert_like(database, "complaints.complaint", &["id", "number"]).await?,
            step: insert_like(database, "complaints.timeline_entry", &["complaint"]).await?,
        })
    }

    async fn file(&self, connection: &mut PgConnection, besides: Besides) -> Result<()> {
        let report = Uuid::now_v7();
        let mut transaction = connection.begin_with(AssertSqlSafe(BEGIN)).await?;
        sqlx::query(AssertSqlSafe(self.request.as_str()))
            .bind(Uuid::now_v7())
            .execute(&mut *transaction)
            .await?;
        let _unit: Option<Uuid> = sqlx::query_scalar(
            "SELECT id FROM complaints.unit WHERE area_codes @> ARRAY[$1] ORDER BY code LIMIT 1",
        )
        .bind(KELURAHAN)
        .fetch_optional(&mut *transaction)
        .await?;
        sqlx::query(AssertSqlSafe(self.report.as_str()))
            .bind(report)
            .bind(report.simple().to_string())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(AssertSqlSafe(self.step.as_str())).bind(report).execute(&mut *transaction).await?;
        if besides == Besides::EventAndOutbox {
            kit::events::append(&mut transaction, &[reports::filed(report)]).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// The INSERT of a row like the one that is there, with these columns left to be bound.
async fn insert_like(database: &PgPool, table: &str, bound: &[&str]) -> Result<String> {
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(attname) FROM pg_attribute
         WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
    )
    .bind(table)
    .fetch_all(database)
    .await?;
    let values = columns.iter().map(|column| format!("quote_nullable({column}::text)")).collect::<Vec<_>>();
    let row = sqlx::query(AssertSqlSafe(format!("SELECT {} FROM {table} LIMIT 1", values.join(", "))))
        .fetch_one(database)
        .await
        .with_context(|| format!("{table} is empty"))?;
    let mut literals = Vec::with_capacity(columns.len());
    for (at, column) in columns.iter().enumerate() {
        literals.push(match bound.iter().position(|bound| bound == column) {
            Some(place) => format!("${}", place + 1),
            None => row.try_get(at)?,
        });
    }
    Ok(format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), literals.join(", ")))
}
