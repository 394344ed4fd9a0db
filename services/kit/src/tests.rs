//! A service that has nothing but the shell, as events meet it: real Postgres, real NATS, and a handler that does as it is
//! told.

mod aborting;
mod absent;
mod carrying;
mod clocks;
mod dead_letters;
mod deciding;
mod deleting;
mod looking;
mod metrics;
mod redacting;
mod relaying;
mod replaying;
mod script;
mod unreadable;
mod upkeep;

use std::time::{Duration, Instant};

use async_nats::jetstream::{self, stream::Config};
use clap::Parser;
use dev::{
    client::{authorized, channel},
    cluster::Role,
    harness::World,
    token::Identity,
};
use proto::ops::v1::{self, operations_service_client::OperationsServiceClient};
use sqlx::{Connection, PgConnection, migrate::Migrator};
use tokio_util::sync::CancellationToken;
use tonic::{Status, transport::Channel};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::{config, readiness::Readiness, server::Server, server::Shell};
use script::Script;

static MIGRATIONS: Migrator = sqlx::migrate!("src/tests/migrations");
const SERVICE: &str = "training";
const STREAM: &str = "EVT_STAFF";
/// What takes a second in production.
const UNIT: Duration = Duration::from_millis(5);
/// How long a test waits for what has to come.
const WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    shell: config::Shell,
}

/// Where a service can be served.
struct Place {
    world: World,
    jetstream: jetstream::Context,
    script: Script,
    producers: Vec<&'static str>,
    retry_unit: Duration,
    /// More of the service's command line.
    more: Vec<String>,
}

/// A served service.
struct Served {
    place: Place,
    client: OperationsServiceClient<Channel>,
    readiness: Readiness,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

/// A dead letter's state, reason and tries.
type Letter = (String, String, i64);

impl Place {
    async fn new() -> Self {
        // What a service logs as an error says why a test failed.
        let errors = tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR).with_test_writer();
        let _ = errors.try_init();
        let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
        let jetstream = jetstream::new(dev::client::nats(world.nats_url()).await.unwrap());
        let subjects = vec!["evt.staff.>".to_owned()];
        let config = Config { name: STREAM.to_owned(), subjects, max_bytes: 16 << 20, ..Default::default() };
        jetstream.create_stream(config).await.unwrap();
        let script = Script::new(&world.database_url(SERVICE, Role::App));
        Self { world, jetstream, script, producers: vec!["staff"], retry_unit: UNIT, more: Vec::new() }
    }

    async fn serve(self) -> Served {
        let nats_url = self.world.service_nats_url(SERVICE);
        self.serve_on(&nats_url).await
    }

    /// Serves with another NATS than the world's.
    async fn serve_on(self, nats_url: &str) -> Served {
        let mut arguments = self.world.serve_arguments(SERVICE);
        let flag = arguments.iter().position(|argument| argument == "--nats-url").unwrap();
        nats_url.clone_into(&mut arguments[flag + 1]);
        arguments.extend(self.more.iter().cloned());
        let arguments = Arguments::parse_from(arguments);
        let shutdown = CancellationToken::new();
        let shell = Shell::try_new(&arguments.shell, SERVICE, &MIGRATIONS, shutdown.clone()).unwrap();
        let readiness = shell.readiness.clone();
        let server = self
            .producers
            .iter()
            .fold(Server::new(shell), |server, producer| server.consume(producer, self.script.clone()));
        let task = tokio::spawn(server.retry_unit(self.retry_unit).serve());
        let address = self.world.grpc_address(SERVICE).await;
        let client = OperationsServiceClient::new(channel(&address).await.unwrap());
        Served { place: self, client, readiness, shutdown, task }
    }

    /// As so many processes left an event that died trying it.
    async fn tried(&self, event: Uuid, times: i64) {
        sqlx::query("INSERT INTO delivery_attempt (event_id, consumer, attempts) VALUES ($1, $2, $3)")
            .bind(event)
            .bind(STREAM)
            .bind(times)
            .execute(&mut self.connection().await)
            .await
            .unwrap();
    }

    /// Publishes an event as its producer would.
    async fn publish(&self, id: Uuid) {
        self.publish_of(id, "prima.staff.events.v1.UnitChanged").await;
    }

    /// Publishes an event of this type.
    async fn publish_of(&self, id: Uuid, event_type: &str) {
        self.publish_raw(&headers(&id.to_string(), event_type)).await;
    }

    async fn publish_raw(&self, headers: &[(&str, &str)]) {
        let mut map = async_nats::HeaderMap::new();
        for (key, value) in headers {
            map.insert(*key, *value);
        }
        let payload = "whole".into();
        let sent = self.jetstream.publish_with_headers("evt.staff.unit.0.changed", map, payload);
        sent.await.unwrap().await.unwrap();
    }

    async fn connection(&self) -> PgConnection {
        let mut connection =
            PgConnection::connect(&self.world.database_url(SERVICE, Role::App)).await.unwrap();
        sqlx::query("SET search_path = training").execute(&mut connection).await.unwrap();
        connection
    }

    /// How often an event's effect is there.
    async fn effects(&self, event: Uuid) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM effect WHERE event_id = $1")
            .bind(event)
            .fetch_one(&mut self.connection().await)
            .await
            .unwrap()
    }

    async fn letter(&self, event: Uuid) -> Option<Letter> {
        sqlx::query_as("SELECT state, reason, attempts FROM dead_letter WHERE event_id = $1")
            .bind(event)
            .fetch_optional(&mut self.connection().await)
            .await
            .unwrap()
    }

    /// Waits until an event's dead letter is in this state.
    async fn letter_in(&self, event: Uuid, state: &str) -> Letter {
        until(&format!("a dead letter is {state}"), async || {
            self.letter(event).await.filter(|(found, ..)| found == state)
        })
        .await
    }

    async fn applied(&self, event: Uuid) {
        until("an event is applied", async || (self.effects(event).await > 0).then_some(())).await;
    }

    /// Waits until the stream has nothing left for the service, neither to deliver nor to be acknowledged.
    async fn quiet(&self) {
        until("the consumer has nothing left", async || {
            let consumer: jetstream::consumer::PullConsumer =
                self.jetstream.get_consumer_from_stream(SERVICE, STREAM).await.ok()?;
            let info = consumer.cached_info();
            (info.num_pending == 0 && info.num_ack_pending == 0).then_some(())
        })
        .await;
    }
}

impl Served {
    /// A token of a system for operators.
    fn token(&self, scopes: &[&str]) -> String {
        self.place.world.token(&Identity {
            subject: "operator".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            ..Identity::default()
        })
    }

    async fn get(&self, name: &str) -> v1::DeadLetter {
        let request = v1::GetDeadLetterRequest { name: name.to_owned() };
        let request = authorized(request, &self.token(&["ops.read"]));
        self.client.clone().get_dead_letter(request).await.unwrap().into_inner().dead_letter.unwrap()
    }

    async fn retry(&self, request: &v1::RetryDeadLetterRequest) -> Result<v1::DeadLetter, Status> {
        let request = authorized(request.clone(), &self.token(&["ops.manage"]));
        Ok(self.client.clone().retry_dead_letter(request).await?.into_inner().dead_letter.unwrap())
    }

    async fn give_up(&self, request: &v1::DropDeadLetterRequest) -> Result<v1::DeadLetter, Status> {
        let request = authorized(request.clone(), &self.token(&["ops.manage"]));
        Ok(self.client.clone().drop_dead_letter(request).await?.into_inner().dead_letter.unwrap())
    }

    async fn lag(&self) -> v1::GetLagResponse {
        let request = authorized(v1::GetLagRequest {}, &self.token(&["ops.read"]));
        self.client.clone().get_lag(request).await.unwrap().into_inner()
    }

    /// Ends the service; what it stood on stays.
    async fn stop(self) -> Place {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
        self.place
    }

    async fn finish(self) {
        self.stop().await.world.finish().await;
    }
}

fn headers<'a>(id: &'a str, event_type: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("ce-id", id),
        ("ce-type", event_type),
        ("ce-subject", "units/1"),
        ("ce-time", "2027-01-01T00:00:00Z"),
        ("ce-primaepoch", "1"),
        ("ce-primaversion", "1"),
    ]
}

/// The name of an event's dead letter.
fn letter_name(event: Uuid) -> String {
    format!("deadLetters/{STREAM}.{event}")
}

/// The reason of an error.
fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// Waits for a condition, and fails the test where it doesn't come.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + WITHIN;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {WITHIN:?} in vain: {what}");
        tokio::time::sleep(POLL).await;
    }
}
