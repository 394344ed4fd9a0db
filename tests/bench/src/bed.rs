//! What is measured: a stack of its own, built for release, whose Postgres keeps what it says it has kept. Between arms it is
//! emptied, and parts of it stand still so that what they would do is not counted.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use async_nats::jetstream::{self, consumer::pull, stream::Stream as JetStream};
use dev::client;
use dev::cluster::{Role, SERVICES};
use dev::stack::{BusinessTime, Options, Part, Say, Seed, Stack};
use dev::workspace::{Profile, Workspace};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

use crate::Settings;

/// The producer and the consumer of the events that are measured.
pub(crate) const PRODUCER: &str = "complaints";
pub(crate) const CONSUMER: &str = "evaluation";
/// The producer's stream.
pub(crate) const STREAM: &str = "EVT_COMPLAINTS";
/// How long the stack may take to come to rest.
const REST: Duration = Duration::from_secs(180);
const READY: Duration = Duration::from_secs(30);
/// How often it is looked whether something has come.
const POLL: Duration = Duration::from_millis(5);
/// More than all rows write together.
const STREAM_MAX_BYTES: u64 = 8 << 30;
/// What a Postgres in production does, and a development stack need not; and the time of each commit, to measure by.
const DURABLE: [&str; 5] = [
    "ALTER SYSTEM SET fsync = on",
    "ALTER SYSTEM SET full_page_writes = on",
    "ALTER SYSTEM SET synchronous_commit = on",
    "ALTER SYSTEM SET max_wal_size = '4GB'",
    "ALTER SYSTEM SET track_commit_timestamp = on",
];
/// Emptying wants all tables at once, and meets services that want some of them in another order.
const EMPTYINGS: usize = 10;
/// What Postgres says to one of them.
const DEADLOCK: &str = "40P01";
/// What rows fill. What is known of units stays.
const FILLED: &str = "TRUNCATE complaints.event_log, complaints.outbox_pending, complaints.stream_watermark,
    complaints.stream_check, complaints.stream_audit, complaints.request_reply, complaints.complaint,
    evaluation.fact, evaluation.inbox, evaluation.delivery_attempt, evaluation.dead_letter CASCADE";

/// A stack to be measured.
pub(crate) struct TestBed {
    pub(crate) stack: Stack,
    /// As the superuser.
    pub(crate) database: PgPool,
    pub(crate) jetstream: jetstream::Context,
    pub(crate) settings: Settings,
    say: Say,
}

impl TestBed {
    pub(crate) async fn start(workspace: &Workspace, settings: Settings, say: &Say) -> Result<Self> {
        let options = Options {
            settings: vec![
                // Streams are emptied here, which would be taken for a loss.
                ("PRIMA_STREAM_CHECK_SECONDS", "3600".to_owned()),
                ("PRIMA_STREAM_AUDIT_SECONDS", "86400".to_owned()),
                ("PRIMA_STREAM_MAX_BYTES", STREAM_MAX_BYTES.to_string()),
            ],
            ..Options::new(
                workspace.binaries(Profile::Release),
                workspace.target_dev(),
                Seed::jakarta(&workspace.root),
                BusinessTime::Machine,
            )
        };
        let stack = Stack::start(options, say).await?;
        make_durable(&stack).await?;
        let database = PgPoolOptions::new().max_connections(4).connect(&stack.superuser_url()).await?;
        let jetstream = jetstream::new(client::nats(stack.nats_url()).await?);
        let bed = Self { stack, database, jetstream, settings, say: say.clone() };
        for service in SERVICES {
            bed.stack.wait_ready(service, READY).await?;
        }
        bed.until("units are known everywhere", async || {
            bed.truth(
                "SELECT (SELECT count(*) FROM staff.unit) > 0
                    AND (SELECT count(*) FROM staff.unit) = ALL (ARRAY[(SELECT count(*) FROM complaints.unit),
                        (SELECT count(*) FROM evaluation.unit), (SELECT count(*) FROM training.unit)])",
            )
            .await
        })
        .await?;
        Ok(bed)
    }

    pub(crate) async fn stop(self) -> Result<()> {
        self.database.close().await;
        self.thaw()?;
        self.stack.stop().await
    }

    /// Says what is being done.
    pub(crate) fn say(&self, line: impl AsRef<str>) {
        (self.say)(&format!("  {}", line.as_ref()));
    }

    /// Lets all go on, waits until nothing is under way, and removes what rows filled.
    pub(crate) async fn empty(&self) -> Result<()> {
        self.thaw()?;
        self.relayed().await?;
        // Before the stream is emptied: what is on its way to the consumer would be applied afterwards.
        self.applied().await?;
        self.stream().await?.purge().await?;
        for _ in 1..EMPTYINGS {
            match sqlx::query(FILLED).execute(&self.database).await {
                Ok(_) => return Ok(()),
                Err(error)
                    if error.as_database_error().and_then(|error| error.code()).as_deref()
                        == Some(DEADLOCK) => {}
                Err(error) => return Err(error.into()),
            }
        }
        sqlx::query(FILLED).execute(&self.database).await?;
        Ok(())
    }

    /// Lets every part go on.
    pub(crate) fn thaw(&self) -> Result<()> {
        [Part::Nats, Part::Service(PRODUCER), Part::Service(CONSUMER)]
            .into_iter()
            .try_for_each(|part| self.stack.thaw(part))
    }

    /// Waits until the producer's outbox is empty; answers how long.
    pub(crate) async fn relayed(&self) -> Result<Duration> {
        let empty = "SELECT NOT EXISTS (SELECT FROM complaints.outbox_pending)";
        self.until("the outbox is empty", async || self.truth(empty).await).await
    }

    /// Waits until the consumer has applied and acknowledged all that the stream holds; answers how long.
    pub(crate) async fn applied(&self) -> Result<Duration> {
        self.consumed(CONSUMER).await
    }

    /// Waits until a durable of the stream has nothing left; answers how long.
    pub(crate) async fn consumed(&self, durable: &str) -> Result<Duration> {
        self.until("the consumer has nothing left", async || {
            let consumer =
                self.jetstream.get_consumer_from_stream::<pull::Config, _, _>(durable, STREAM).await?;
            let info = consumer.cached_info();
            Ok(info.num_pending == 0 && info.num_ack_pending == 0)
        })
        .await
    }

    pub(crate) async fn stream(&self) -> Result<JetStream> {
        Ok(self.jetstream.get_stream(STREAM).await?)
    }

    /// A connection as a running service has it.
    pub(crate) async fn connection(&self, service: &str) -> Result<PgConnection> {
        Ok(PgConnection::connect(&self.stack.database_url(service, Role::App)).await?)
    }

    /// What the database says to a question.
    pub(crate) async fn truth(&self, question: &'static str) -> Result<bool> {
        Ok(sqlx::query_scalar(question).fetch_one(&self.database).await?)
    }

    /// What the database counts.
    pub(crate) async fn count(&self, statement: &'static str) -> Result<usize> {
        let count: i64 = sqlx::query_scalar(statement).fetch_one(&self.database).await?;
        Ok(usize::try_from(count)?)
    }

    /// So that no arm writes what another has changed.
    pub(crate) async fn checkpoint(&self) -> Result<()> {
        sqlx::query("CHECKPOINT").execute(&self.database).await?;
        Ok(())
    }

    /// Waits for a condition; answers how long.
    pub(crate) async fn until(
        &self,
        what: &str,
        mut look: impl AsyncFnMut() -> Result<bool>,
    ) -> Result<Duration> {
        let begun = Instant::now();
        while !look().await? {
            if begun.elapsed() > REST {
                bail!("waited {REST:?} in vain: {what}");
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(begun.elapsed())
    }
}

/// Starts Postgres again with the settings that this needs.
async fn make_durable(stack: &Stack) -> Result<()> {
    let mut connection = PgConnection::connect(&stack.superuser_url()).await?;
    for statement in DURABLE {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    sqlx::query("CHECKPOINT").execute(&mut connection).await?;
    connection.close().await?;
    stack.crash(Part::Postgres)?;
    stack.revive(Part::Postgres).await?;
    let mut connection = PgConnection::connect(&stack.superuser_url()).await?;
    let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(&mut connection).await?;
    let commit_times: String =
        sqlx::query_scalar("SHOW track_commit_timestamp").fetch_one(&mut connection).await?;
    connection.close().await.context("the superuser's connection did not end")?;
    anyhow::ensure!(fsync == "on" && commit_times == "on", "Postgres does not take its settings");
    Ok(())
}
