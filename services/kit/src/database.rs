//! The service's schema in Postgres: the pool, migrations, transactions bounded by the caller's deadline, and the epoch
//! check that each connection makes before its first use.

use std::{str::FromStr, time::Duration};

use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, Transaction,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::Instant;

use crate::config;

/// How long a caller waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// A statement's time where the caller gave no deadline (watches, consumers, jobs).
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// kit's own migrations, run before the service's.
static KIT_MIGRATIONS: Migrator = sqlx::migrate!();
const KIT_MIGRATIONS_TABLE: &str = "_kit_migrations";

/// The pool of the running service.
#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
}

impl Database {
    /// Makes a pool that connects when it is first used, so that a service starts where its database doesn't answer yet.
    ///
    /// # Errors
    /// The URL is malformed.
    pub fn try_new(config: &config::Database, service: &str) -> Result<Self, sqlx::Error> {
        Ok(Self { pool: pool(&config.database_url, service, config.database_connections)? })
    }

    /// Begins a transaction whose statements end at the deadline.
    ///
    /// # Errors
    /// The database doesn't answer, or no connection came free in time.
    pub async fn begin(&self, deadline: Deadline) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let left = deadline.left().as_millis().max(1);
        self.pool.begin_with(AssertSqlSafe(format!("BEGIN; SET LOCAL statement_timeout = {left}"))).await
    }

    /// A connection for reads that need no transaction.
    ///
    /// # Errors
    /// The database doesn't answer, or no connection came free in time.
    pub async fn acquire(&self) -> Result<sqlx::pool::PoolConnection<Postgres>, sqlx::Error> {
        self.pool.acquire().await
    }

    /// Whether the database answers and has every migration that this binary knows.
    ///
    /// # Errors
    /// It doesn't answer, or is behind.
    pub async fn check(&self, migrations: &Migrator) -> Result<(), DatabaseNotReady> {
        let mut connection = self.pool.acquire().await?;
        for (migrator, table) in [(&KIT_MIGRATIONS, KIT_MIGRATIONS_TABLE), (migrations, "_sqlx_migrations")] {
            let newest = migrator.iter().map(|migration| migration.version).max().unwrap_or(0);
            let applied: Option<i64> =
                sqlx::query_scalar(AssertSqlSafe(format!("SELECT max(version) FROM {table} WHERE success")))
                    .fetch_one(&mut *connection)
                    .await?;
            if applied.unwrap_or(0) < newest {
                return Err(DatabaseNotReady::Behind { table, applied: applied.unwrap_or(0), newest });
            }
        }
        Ok(())
    }

    pub(crate) async fn make_partitions(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT make_partitions()").execute(&self.pool).await?;
        Ok(())
    }

    /// For how many days after today there are partitions without a gap.
    pub(crate) async fn days_ahead(&self) -> Result<i32, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT coalesce(min(number) - 1, 60)
             FROM generate_series(1, 60) AS number
                  CROSS JOIN LATERAL (SELECT to_char((clock_timestamp() AT TIME ZONE 'UTC')::date + number, 'YYYYMMDD')) AS day (name)
             WHERE to_regclass('event_log_' || name) IS NULL OR to_regclass('inbox_' || name) IS NULL",
        )
        .fetch_one(&self.pool)
        .await
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

/// Why the database can't be used yet.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseNotReady {
    /// It doesn't answer.
    #[error("the database does not answer")]
    Down(#[from] sqlx::Error),
    /// `migrate` has to run first.
    #[error("the schema is behind: {table} is at {applied}, this binary needs {newest}; run `migrate`")]
    Behind {
        /// The table of applied migrations.
        table: &'static str,
        /// The newest that was applied.
        applied: i64,
        /// The newest that the binary has.
        newest: i64,
    },
}

/// When a call has to be answered.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// This long from now.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// For work that no caller waits for: one statement's usual time.
    #[must_use]
    pub fn unattended() -> Self {
        Self::after(STATEMENT_TIMEOUT)
    }

    /// What is left of it.
    #[must_use]
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// Brings a schema up to date, as its owner: kit's migrations, then the service's.
///
/// # Errors
/// The database doesn't answer, or a migration failed (it is rolled back).
pub async fn migrate(database_url: &str, service: &str, migrations: &Migrator) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect_with(&options(database_url, service)?).await?;
    let mut kit = Migrator::with_migrations(KIT_MIGRATIONS.iter().cloned().collect());
    kit.dangerous_set_table_name(KIT_MIGRATIONS_TABLE);
    kit.run(&mut connection).await?;
    migrations.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

pub(crate) fn pool(url: &str, service: &str, connections: u32) -> Result<PgPool, sqlx::Error> {
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // Before migrations ran there is no such function; readiness says so, and nothing is written.
                if sqlx::query("SELECT to_regprocedure('current_epoch()') IS NOT NULL AS known")
                    .fetch_one(&mut *connection)
                    .await
                    .and_then(|row| sqlx::Row::try_get::<bool, _>(&row, "known"))?
                {
                    sqlx::query("SELECT current_epoch()").execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .connect_lazy_with(options(url, service)?))
}

fn options(url: &str, service: &str) -> Result<PgConnectOptions, sqlx::Error> {
    Ok(PgConnectOptions::from_str(url)?
        .application_name(service)
        .options([("search_path", format!("{service},extensions"))]))
}
