//! What the tests of a run share: one Postgres and one NATS, template databases, and the numbers that keep tests apart.
//! Several test processes may use it at once; what only one may do is done under a lock in the database.

use std::env;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result, anyhow};
use futures::TryStreamExt;
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};

use crate::client;
use crate::cluster::{Cluster, Role, execute};
use crate::nats;
use crate::servers::Servers;
use crate::workspace;

/// Names the superuser's URL of a Postgres that tests use instead of starting one.
pub const POSTGRES: &str = "PRIMA_TEST_POSTGRES";
/// Names the URL of the first account of a NATS that tests use instead of starting one.
pub const NATS: &str = "PRIMA_TEST_NATS";
/// Says how many accounts that NATS has: `a0`, `a1`, …, with one password for all users.
pub const NATS_ACCOUNTS: &str = "PRIMA_TEST_NATS_ACCOUNTS";

/// Accounts of a server that a test process starts for itself.
const OWN_ACCOUNTS: usize = 64;
/// Any number, the same in every process.
const LOCK: i64 = 0x0070_7269_6d61;

/// Where a test runs.
pub(super) struct Place {
    pub(super) cluster: Cluster,
    pub(super) database: String,
    pub(super) nats_url: String,
}

/// The addresses of the shared servers.
#[derive(Clone, Debug)]
struct Shared {
    postgres: String,
    nats: String,
    accounts: usize,
}

/// Makes a database with these services' schemas and gives out an account.
pub(super) async fn place(services: &[(&'static str, &'static Migrator)]) -> Result<Place> {
    let shared = shared().await?;
    let template = template_name(services);
    // Databases are made from this one, and none of the services knows it.
    let mut server = PgConnection::connect(&shared.postgres).await.context("the tests' Postgres is away")?;
    let secret = match ready_secret(&mut server, &template).await? {
        Some(secret) => secret,
        None => {
            sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut server).await?;
            let secret = make_ready(&mut server, &shared.postgres, &template, services).await;
            sqlx::query("SELECT pg_advisory_unlock($1)").bind(LOCK).execute(&mut server).await?;
            secret?
        }
    };
    let number: i64 = sqlx::query_scalar("SELECT nextval('harness.world')").fetch_one(&mut server).await?;
    let number = usize::try_from(number).context("worlds are counted from 0")?;
    let database = format!("world_{number}");
    execute(&mut server, format!("CREATE DATABASE {database} TEMPLATE {template}")).await?;
    server.close().await?;
    let nats_url = nats::in_account(&shared.nats, number % shared.accounts);
    if number >= shared.accounts {
        empty_account(&nats_url).await.context("an account that is used again can't be emptied")?;
    }
    Ok(Place { cluster: Cluster::try_new(&shared.postgres, secret)?, database, nats_url })
}

/// The cluster's secret if the template is ready.
async fn ready_secret(server: &mut PgConnection, template: &str) -> Result<Option<String>> {
    let known: bool = sqlx::query_scalar("SELECT to_regclass('harness.secret') IS NOT NULL")
        .fetch_one(&mut *server)
        .await?;
    if !known {
        return Ok(None);
    }
    let sql = "SELECT value FROM harness.secret WHERE EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)";
    Ok(sqlx::query_scalar(sql).bind(template).fetch_optional(server).await?)
}

/// Makes the template, and before the first one what all share. Only one process and task at a time gets here.
async fn make_ready(
    server: &mut PgConnection,
    postgres: &str,
    template: &str,
    services: &[(&'static str, &'static Migrator)],
) -> Result<String> {
    if let Some(secret) = ready_secret(server, template).await? {
        return Ok(secret);
    }
    let sql = "CREATE SCHEMA IF NOT EXISTS harness;
        CREATE SEQUENCE IF NOT EXISTS harness.world MINVALUE 0;
        CREATE TABLE IF NOT EXISTS harness.secret (one boolean PRIMARY KEY CHECK (one), value text NOT NULL)";
    sqlx::raw_sql(sql).execute(&mut *server).await?;
    sqlx::query("INSERT INTO harness.secret VALUES (true, $1) ON CONFLICT DO NOTHING")
        .bind(Cluster::random_secret())
        .execute(&mut *server)
        .await?;
    let secret: String =
        sqlx::query_scalar("SELECT value FROM harness.secret").fetch_one(&mut *server).await?;
    let cluster = Cluster::try_new(postgres, secret.clone())?;
    // Left unfinished by a process that was killed or a migration that failed.
    execute(server, format!("DROP DATABASE IF EXISTS {template} WITH (FORCE)")).await?;
    cluster.create_database(template).await?;
    for (service, migrations) in services {
        let owner = cluster.url(service, Role::Owner, template);
        let migrated = kit::database::migrate(&owner, service, migrations).await;
        migrated.with_context(|| format!("the migrations of {service} failed"))?;
    }
    execute(server, format!("ALTER DATABASE {template} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true"))
        .await?;
    Ok(secret)
}

/// The same for the same services and migrations, in all processes of one build.
fn template_name(services: &[(&'static str, &'static Migrator)]) -> String {
    let mut services: Vec<_> = services.iter().collect();
    services.sort_by_key(|(service, _)| *service);
    let mut hasher = DefaultHasher::new();
    for (service, migrations) in services {
        service.hash(&mut hasher);
        for migration in migrations.iter() {
            migration.version.hash(&mut hasher);
            migration.checksum.hash(&mut hasher);
        }
    }
    format!("template_{:016x}", hasher.finish())
}

/// Deletes the streams of the test that had this account before, which has ended long ago.
async fn empty_account(url: &str) -> Result<()> {
    let streams = async_nats::jetstream::new(client::nats(url).await?);
    let names: Vec<String> = streams.stream_names().try_collect().await?;
    for name in names {
        streams.delete_stream(name).await?;
    }
    Ok(())
}

/// The servers named in the environment, or this process's own, started by the first test that wants them.
async fn shared() -> Result<Shared> {
    static SHARED: OnceLock<Result<Shared, String>> = OnceLock::new();
    // Tests that come meanwhile wait, each on a thread for that.
    let shared = tokio::task::spawn_blocking(|| {
        SHARED
            .get_or_init(|| named_servers().unwrap_or_else(own_servers).map_err(|error| format!("{error:#}")))
    });
    shared.await.context("the start of the servers was cut")?.clone().map_err(|error| anyhow!(error))
}

fn named_servers() -> Option<Result<Shared>> {
    let postgres = env::var(POSTGRES).ok().filter(|url| !url.is_empty())?;
    let named = |name: &str| env::var(name).with_context(|| format!("{POSTGRES} is set, but not {name}"));
    let shared = || -> Result<Shared> {
        let accounts =
            named(NATS_ACCOUNTS)?.parse().with_context(|| format!("{NATS_ACCOUNTS} is no number"))?;
        Ok(Shared { postgres, nats: named(NATS)?, accounts })
    };
    Some(shared())
}

/// This process's own servers, for as long as it lives.
static OWN: Mutex<Option<Servers>> = Mutex::new(None);

fn own_servers() -> Result<Shared> {
    let servers =
        Servers::start(&workspace::target()?.join("dev"), OWN_ACCOUNTS, &mut |line| eprintln!("{line}"))?;
    let postgres = servers.postgres.superuser_url("postgres");
    let shared = Shared { postgres, nats: servers.nats.url(0), accounts: servers.nats.accounts() };
    *OWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(servers);
    #[expect(unsafe_code, reason = "nothing else runs at the end of a test process; statics aren't dropped")]
    // SAFETY: the function takes nothing and doesn't unwind.
    let registered = unsafe { libc::atexit(end_own_servers) };
    anyhow::ensure!(registered == 0, "the end of the servers can't be arranged");
    Ok(shared)
}

/// Where it isn't called, at a kill, the death signal ends the servers, and their folder goes with the next stack.
extern "C" fn end_own_servers() {
    let _ = std::panic::catch_unwind(|| drop(OWN.lock().unwrap_or_else(PoisonError::into_inner).take()));
}
