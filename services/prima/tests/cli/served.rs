//! A service whose handler refuses events until it is told otherwise, and the client run against it.

use std::{
    process::{Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use async_nats::jetstream;
use clap::Parser;
use dev::{cluster::Role, harness::World, token::Identity};
use kit::{
    config,
    events::{Event, Handler, HandlerError, Received, append},
    server::{Server, Shell},
};
use prost::{Message, Name};
use proto::staff::{events::v1::UnitChanged, v1::Unit};
use serde_json::Value;
use sqlx::{Connection, PgConnection, migrate::Migrator};
use tokio_util::sync::CancellationToken;
use tonic::async_trait;
use uuid::Uuid;

static MIGRATIONS: Migrator = Migrator::DEFAULT;
const SERVICE: &str = "training";
const WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    shell: config::Shell,
}

#[derive(Clone, Default)]
struct Refusing(Arc<AtomicBool>);

#[async_trait]
impl Handler for Refusing {
    async fn apply(&self, _: &mut PgConnection, _: &Received) -> Result<(), HandlerError> {
        if self.0.load(Ordering::SeqCst) {
            return Err(HandlerError::Permanent("it makes no sense".to_owned()));
        }
        Ok(())
    }
}

pub(super) struct Served {
    world: World,
    refusing: Refusing,
    url: String,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Served {
    /// A service that refuses events.
    pub(super) async fn start() -> Self {
        let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
        let jetstream = jetstream::new(dev::client::nats(world.nats_url()).await.unwrap());
        let stream = jetstream::stream::Config {
            name: "EVT_STAFF".to_owned(),
            subjects: vec!["evt.staff.>".to_owned()],
            max_bytes: 16 << 20,
            ..Default::default()
        };
        jetstream.create_stream(stream).await.unwrap();
        let shutdown = CancellationToken::new();
        let arguments = Arguments::parse_from(world.serve_arguments(SERVICE));
        let shell = Shell::try_new(&arguments.shell, SERVICE, &MIGRATIONS, shutdown.clone()).unwrap();
        let refusing = Refusing::default();
        refusing.0.store(true, Ordering::SeqCst);
        let task = tokio::spawn(Server::new(shell).consume("staff", refusing.clone()).serve());
        let url = world.grpc_address(SERVICE).await;
        Self { world, refusing, url, shutdown, task }
    }

    pub(super) async fn finish(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
        self.world.finish().await;
    }

    /// From now on events are applied.
    pub(super) fn repair(&self) {
        self.refusing.0.store(false, Ordering::SeqCst);
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Publishes that a unit changed; the name of the dead letter that it becomes.
    pub(super) async fn publish(&self) -> String {
        let jetstream = jetstream::new(dev::client::nats(self.world.nats_url()).await.unwrap());
        let id = Uuid::now_v7();
        let unit = Unit { name: "units/1".to_owned(), ..Default::default() };
        let mut headers = async_nats::HeaderMap::new();
        let (event, event_type) = (id.to_string(), UnitChanged::full_name());
        for (key, value) in [
            ("ce-id", event.as_str()),
            ("ce-type", event_type.as_str()),
            ("ce-subject", "units/1"),
            ("ce-time", "2027-01-01T00:00:00Z"),
            ("ce-primaepoch", "1"),
            ("ce-primaversion", "1"),
        ] {
            headers.insert(key, value);
        }
        let payload = UnitChanged { unit: Some(unit) }.encode_to_vec().into();
        let sent = jetstream.publish_with_headers("evt.staff.unit.0.changed", headers, payload).await;
        sent.unwrap().await.unwrap();
        format!("deadLetters/EVT_STAFF.{id}")
    }

    /// Tells an event of the service's own, about `things/1`, and waits until its stream has it; the event's id.
    pub(super) async fn tell(&self) -> Uuid {
        let url = self.world.database_url(SERVICE, Role::App);
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::query("SET search_path = training").execute(&mut connection).await.unwrap();
        // The service's first connection, which begins the epoch, may come later.
        sqlx::query("SELECT current_epoch()").execute(&mut connection).await.unwrap();
        let time = "2027-01-01T00:00:00Z".parse().unwrap();
        let (aggregate, resource) = (Uuid::now_v7(), "things/1".to_owned());
        let message = UnitChanged::default();
        let event = Event::new(SERVICE, ("thing", "changed"), (aggregate, 1), resource, time, &message);
        append(&mut connection, &[event]).await.unwrap();
        self.until(&["lag", "--json"], |said| {
            let lag: Value = serde_json::from_str(said).unwrap();
            lag["outbox"]["pending"] == 0 && lag["outbox"]["watermark"] != Value::Null
        })
        .await;
        sqlx::query_scalar("SELECT event_id FROM event_log WHERE aggregate_id = $1")
            .bind(aggregate)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    /// A file of addresses that names this service.
    fn peers_file(&self) -> String {
        let file = self.world.folder().join("peers");
        std::fs::write(&file, format!("staff=http://127.0.0.1:1\n{SERVICE}={}\n", self.url)).unwrap();
        file.display().to_string()
    }

    /// Publishes an event and waits until it is parked.
    pub(super) async fn parked(&self) -> String {
        let name = self.publish().await;
        self.until(&["dead-letters", "show", &name], |said| said.contains("PARKED")).await;
        name
    }

    /// Runs a command again and again until it succeeds and says what is waited for.
    pub(super) async fn until(&self, arguments: &[&str], is_it: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + WITHIN;
        loop {
            let output = self.run(arguments).await;
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            if output.status.success() && is_it(&said) {
                return said;
            }
            let error = stderr(&output);
            assert!(Instant::now() < deadline, "{arguments:?} for {WITHIN:?}: {said}{error}");
            tokio::time::sleep(POLL).await;
        }
    }

    fn token(&self, scope: &str) -> String {
        self.world.token(&Identity {
            subject: "operator".to_owned(),
            scopes: vec!["ops.read".to_owned(), scope.to_owned()],
            ..Identity::default()
        })
    }

    /// Runs `prima events …` with a token that may do everything.
    pub(super) async fn run(&self, arguments: &[&str]) -> Output {
        let token = self.token("ops.manage");
        run(arguments, &[("PRIMA_URL", &self.url), ("PRIMA_TOKEN", &token)]).await
    }

    /// The same where only a file says where services are.
    pub(super) async fn run_by_name(&self, arguments: &[&str]) -> Output {
        let token = self.token("ops.manage");
        run(arguments, &[("PRIMA_PEERS_FILE", &self.peers_file()), ("PRIMA_TOKEN", &token)]).await
    }

    /// The same with a token that may only look.
    pub(super) async fn look(&self, arguments: &[&str]) -> Output {
        let token = self.token("ops.read");
        run(arguments, &[("PRIMA_URL", &self.url), ("PRIMA_TOKEN", &token)]).await
    }

    /// What a command prints where it succeeds.
    pub(super) async fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same as JSON.
    pub(super) async fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        serde_json::from_str(&self.says(&arguments).await).unwrap()
    }
}

/// Runs `prima events …` in this environment.
pub(super) async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    tokio::process::Command::new(env!("CARGO_BIN_EXE_prima"))
        .arg("events")
        .args(arguments)
        .env_remove("PRIMA_URL")
        .env_remove("PRIMA_TOKEN")
        .env_remove("PRIMA_PEERS_FILE")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

pub(super) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
