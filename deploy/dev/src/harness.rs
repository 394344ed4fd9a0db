//! What tests run a service in: a database of its own on a real Postgres, an account of its own on a real NATS, tokens, a
//! clock. Tests share servers and nothing else. A failure to prepare any of it is a panic that says what failed.

mod shared;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use sqlx::Connection;
use sqlx::migrate::Migrator;

use crate::clock::DevelopmentClock;
use crate::cluster::{Cluster, Role, execute};
use crate::nats;
use crate::scratch::Scratch;
use crate::services::Addresses;
use crate::token::{AUDIENCE, ISSUER, Identity, Issuer, LONGEST_LIFE};

pub use shared::{NATS, NATS_ACCOUNTS, POSTGRES};

/// The name that tests' folders start with.
pub(crate) const PREFIX: &str = "prima-world";
/// How long a service in the test's own process may take until it has bound its ports.
const BOUND_WITHIN: Duration = Duration::from_secs(30);
const STREAM_MAX_BYTES: u64 = 64 << 20;
const POLL: Duration = Duration::from_millis(10);

/// A test's own database, account, folder, clock and signing key.
#[derive(Debug)]
pub struct World {
    database: String,
    cluster: Cluster,
    nats_url: String,
    issuer: Issuer,
    clock: DevelopmentClock,
    scratch: Scratch,
    finished: bool,
}

impl World {
    /// Makes a world in which these services' schemas are migrated; the other services' schemas are empty. The first test
    /// with a set of services migrates a template, the others copy it.
    ///
    /// # Panics
    /// The servers can't be started or don't answer, or a migration fails.
    pub async fn new(services: &[(&'static str, &'static Migrator)]) -> Self {
        Self::try_new(services).await.unwrap_or_else(|error| panic!("no world for this test: {error:#}"))
    }

    async fn try_new(services: &[(&'static str, &'static Migrator)]) -> Result<Self> {
        let shared::Place { cluster, database, nats_url } = shared::place(services).await?;
        let scratch = Scratch::try_new(PREFIX)?;
        let issuer = Issuer::try_new()?;
        std::fs::write(scratch.path().join("jwks.json"), issuer.key_set())
            .context("cannot write the key set")?;
        let clock = DevelopmentClock::try_new(scratch.path().join("clock"))?;
        Ok(Self { database, cluster, nats_url, issuer, clock, scratch, finished: false })
    }

    /// The database, as a service's role.
    #[must_use]
    pub fn database_url(&self, service: &str, role: Role) -> String {
        self.cluster.url(service, role, &self.database)
    }

    /// The database, as the superuser, who may look into every schema.
    #[must_use]
    pub fn superuser_url(&self) -> String {
        self.cluster.superuser_url(&self.database)
    }

    /// NATS, in this test's account, as who may do anything in it.
    #[must_use]
    pub fn nats_url(&self) -> &str {
        &self.nats_url
    }

    /// The same account, as a service.
    #[must_use]
    pub fn service_nats_url(&self, service: &str) -> String {
        nats::service_url(&self.nats_url, service)
    }

    /// A token that a service started with `serve_arguments` takes.
    ///
    /// # Panics
    /// It can't be signed.
    #[must_use]
    pub fn token(&self, identity: &Identity) -> String {
        self.issuer.token(identity, LONGEST_LIFE).unwrap_or_else(|error| panic!("no token: {error:#}"))
    }

    /// What a service is started with, as a command line for a struct that flattens `kit::config::Shell`: free ports, this
    /// world's database, account, keys and clock. What the service alone wants is for the caller to append.
    #[must_use]
    pub fn serve_arguments(&self, service: &str) -> Vec<String> {
        // A service that is started again writes anew, and nobody takes the old addresses for its.
        let _ = std::fs::remove_file(self.address_file(service));
        let path = |file: PathBuf| file.display().to_string();
        let flags = [
            ("listen", "127.0.0.1:0".to_owned()),
            ("health-listen", "127.0.0.1:0".to_owned()),
            ("address-file", path(self.address_file(service))),
            ("database-url", self.database_url(service, Role::App)),
            ("relay-database-url", self.database_url(service, Role::Relay)),
            ("nats-url", self.service_nats_url(service)),
            ("stream-max-bytes", STREAM_MAX_BYTES.to_string()),
            ("jwks-file", path(self.scratch.path().join("jwks.json"))),
            ("token-issuer", ISSUER.to_owned()),
            ("token-audience", AUDIENCE.to_owned()),
            ("development-clock", path(self.clock.file().to_owned())),
        ];
        let flags = flags.into_iter().flat_map(|(flag, value)| [format!("--{flag}"), value]);
        std::iter::once(service.to_owned()).chain(flags).collect()
    }

    /// Where a service that was started with `serve_arguments` serves gRPC, as clients take it: `http://127.0.0.1:port`.
    /// Waits until it has bound its ports; its streams and projections may come later.
    ///
    /// # Panics
    /// It hasn't within 30 seconds.
    pub async fn grpc_address(&self, service: &str) -> String {
        format!("http://{}", self.addresses(service).await.grpc)
    }

    /// Where it says how it is, likewise.
    ///
    /// # Panics
    /// It hasn't bound its ports within 30 seconds.
    pub async fn health_address(&self, service: &str) -> String {
        format!("http://{}", self.addresses(service).await.health)
    }

    /// Moves business time on by so many seconds and waits until services have followed; returns the offset.
    ///
    /// # Panics
    /// The clock's file can't be written.
    pub async fn shift(&self, seconds: u64) -> u64 {
        self.clock.shift(seconds).await.unwrap_or_else(|error| panic!("no shift: {error:#}"))
    }

    /// A folder for what the test itself wants to write; gone with the world.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.scratch.path()
    }

    /// Drops the database. Dropping the world does it too, but can't say when it fails.
    ///
    /// # Panics
    /// The database can't be dropped.
    pub async fn finish(mut self) {
        self.finished = true;
        let dropped = drop_database(&self.cluster, &self.database).await;
        dropped.unwrap_or_else(|error| panic!("{} can't be dropped: {error:#}", self.database));
    }

    async fn addresses(&self, service: &str) -> Addresses {
        let file = self.address_file(service);
        let deadline = Instant::now() + BOUND_WITHIN;
        loop {
            if let Some(addresses) = Addresses::read(&file) {
                return addresses;
            }
            assert!(Instant::now() < deadline, "{service} has not bound its ports within {BOUND_WITHIN:?}");
            tokio::time::sleep(POLL).await;
        }
    }

    fn address_file(&self, service: &str) -> PathBuf {
        self.scratch.path().join(format!("{service}.json"))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let (cluster, database) = (self.cluster.clone(), self.database.clone());
        // The test's runtime may be ending; nobody is left to be told of a failure, and the servers' end follows.
        let dropping = thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(drop_database(&cluster, &database))
        });
        let _ = dropping.join();
    }
}

async fn drop_database(cluster: &Cluster, name: &str) -> Result<()> {
    let dropping = async {
        let mut server = cluster.connect("postgres").await?;
        execute(&mut server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        server.close().await?;
        Ok(())
    };
    let outcome = tokio::time::timeout(BOUND_WITHIN, dropping).await;
    ensure!(outcome.is_ok(), "the server has not answered within {BOUND_WITHIN:?}");
    outcome?
}

#[cfg(test)]
mod tests;
