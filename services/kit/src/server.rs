//! Puts a service together: gRPC behind the gate, reflection, health on its own port, relay and consumers; and takes it
//! apart in order. What the RPCs and handlers do is the service's.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use http::{Request, Response};
use sqlx::{PgPool, migrate::Migrator};
use tokio::{net::TcpListener, sync::Notify, task::JoinSet};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::{body::Body, server::NamedService, service::Routes};
use tower::Service;

use crate::{
    backbone,
    clock::Clock,
    config,
    database::{self, Database},
    events::{Handler, RETRY_UNIT, Recall, Relay, Road, StreamSettings, Subscription, stream_name},
    gate::GateLayer,
    health::background,
    identity::Verifier,
    metrics::Metrics,
    operations::{self, Operations},
    readiness::Readiness,
    scopes::Scopes,
    watch::Hub,
};

/// Connections of the relay.
const RELAY_CONNECTIONS: u32 = 4;
/// How long open calls may take to end once the process drains; streams were told before.
const DRAIN_CALLS: Duration = Duration::from_secs(10);
const MAX_STREAMS_PER_CONNECTION: u32 = 100;
const MAX_HEADER_BYTES: u32 = 16 * 1024;
const KEEPALIVE: Duration = Duration::from_secs(20);

/// What a service is built on.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The service's name, which is also its schema's.
    pub service: &'static str,
    /// Its schema.
    pub database: Database,
    /// Business time.
    pub clock: Clock,
    /// Cancelled when the process drains: watches end with UNAVAILABLE.
    pub draining: CancellationToken,
    /// To be notified after each commit that appended events.
    pub relay_wake: Arc<Notify>,
    /// Wakes watchers, at every replica.
    pub hub: Hub,
    pub(crate) migrations: &'static Migrator,
    pub(crate) config: config::Shell,
    pub(crate) relay_pool: PgPool,
    pub(crate) readiness: Readiness,
    pub(crate) metrics: Metrics,
}

impl Shell {
    /// Prepares the parts; nothing is connected yet.
    ///
    /// # Errors
    /// A URL is malformed, or a development clock is asked for on a listener that others can reach.
    pub fn try_new(
        config: &config::Shell,
        service: &'static str,
        migrations: &'static Migrator,
        draining: CancellationToken,
    ) -> anyhow::Result<Self> {
        let clock = Clock::default();
        if let Some(file) = &config.development_clock {
            anyhow::ensure!(
                config.listen.ip().is_loopback() && config.health_listen.ip().is_loopback(),
                "--development-clock is refused: {} or {} is not on loopback",
                config.listen,
                config.health_listen
            );
            clock.read_offset(file);
        }
        Ok(Self {
            service,
            database: Database::try_new(&config.database, service)?,
            clock,
            draining,
            relay_wake: Arc::new(Notify::new()),
            hub: Hub::default(),
            migrations,
            relay_pool: database::pool(&config.relay_database_url, service, RELAY_CONNECTIONS)?,
            config: config.clone(),
            readiness: Readiness::default(),
            metrics: Metrics::default(),
        })
    }
}

/// A service put together, about to be served.
pub struct Server {
    shell: Shell,
    routes: Routes,
    services: Vec<&'static str>,
    subscriptions: Vec<Subscription>,
    jobs: Vec<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>>,
    recalls: Vec<Arc<dyn Recall>>,
    retry_unit: Duration,
}

impl Server {
    /// A server without services yet.
    #[must_use]
    pub fn new(shell: Shell) -> Self {
        Self {
            shell,
            routes: Routes::default(),
            services: Vec::new(),
            subscriptions: Vec::new(),
            jobs: Vec::new(),
            recalls: Vec::new(),
            retry_unit: RETRY_UNIT,
        }
    }

    /// Adds a gRPC service.
    #[must_use]
    pub fn service<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.routes = self.routes.add_service(service);
        self.services.push(S::NAME);
        self
    }

    /// Consumes the events that `producer` publishes.
    #[must_use]
    pub fn consume(mut self, producer: &str, handler: impl Handler) -> Self {
        let stream = stream_name(producer);
        self.subscriptions.push(Subscription {
            producer: producer.to_owned(),
            applied: self.shell.metrics.applied(&stream),
            stream,
            handler: Arc::new(handler),
        });
        self
    }

    /// Runs a job of the service's own beside its RPCs; it ends when the process drains.
    #[must_use]
    pub fn job(mut self, job: impl Future<Output = ()> + Send + 'static) -> Self {
        self.jobs.push(Box::pin(job));
        self
    }

    /// Does again, in each new epoch and before the process is ready, what the service told and must not be undone.
    #[must_use]
    pub fn recall(mut self, recall: impl Recall) -> Self {
        self.recalls.push(Arc::new(recall));
        self
    }

    /// Makes the waits between tries of an event shorter, for tests.
    #[cfg(test)]
    pub(crate) fn retry_unit(mut self, unit: Duration) -> Self {
        self.retry_unit = unit;
        self
    }

    /// Serves until the process drains, then ends in order: health says no, watches end, calls end, the relay carries
    /// what is left.
    ///
    /// # Errors
    /// A port is taken, the key set is unreadable, or an RPC states no scope.
    pub async fn serve(self) -> anyhow::Result<()> {
        let Self { shell, routes, mut services, subscriptions, jobs, recalls, retry_unit } = self;
        services.push(operations::NAME);
        let gate = gate(&shell, &services)?;
        let listener = TcpListener::bind(shell.config.listen).await?;
        let health_listener = TcpListener::bind(shell.config.health_listen).await?;
        let addresses = (listener.local_addr()?, health_listener.local_addr()?);

        let settings = StreamSettings {
            replicas: shell.config.stream_replicas,
            max_bytes: shell.config.stream_max_bytes,
        };
        let road = Road::connect(&shell.config.nats_url, shell.service, settings).await?;
        let operations = Operations::new(&shell, &road, &subscriptions);
        let routes = routes.add_service(operations.clone().server());
        let mut tasks = JoinSet::new();
        backbone::consume(&shell, &road, (subscriptions, retry_unit), &mut tasks);
        for job in jobs {
            let draining = shell.draining.clone();
            tasks.spawn(async move {
                tokio::select! { () = job => {}, () = draining.cancelled() => {} }
            });
        }
        backbone::recall(&shell, &road, recalls, &mut tasks);
        let relay_ends = CancellationToken::new();
        let relay = Relay {
            pool: shell.relay_pool.clone(),
            road: road.clone(),
            wake: Arc::clone(&shell.relay_wake),
            metrics: shell.metrics.clone(),
        };
        let relay = tokio::spawn(relay.run(relay_ends.clone()));
        let repair = backbone::repair(&shell, &road);
        let background = background(&shell, (road, operations), health_listener);

        announce(&shell, addresses)?;
        let served = serve_calls(&shell, gate, (routes, services), listener).await;
        relay_ends.cancel();
        relay.await?;
        while let Some(ended) = tasks.join_next().await {
            ended?;
        }
        drop((repair, background));
        shell.database.close().await;
        shell.relay_pool.close().await;
        tracing::info!("drained");
        served
    }
}

fn gate(shell: &Shell, services: &[&str]) -> anyhow::Result<GateLayer> {
    let config = &shell.config;
    Ok(GateLayer::new(
        format!("prima.{}", shell.service),
        Scopes::try_new(proto::DESCRIPTOR_SET, services)?,
        Verifier::try_new(config.jwks_file.clone(), &config.token_issuer, &config.token_audience)?,
        config.concurrency_limit,
    ))
}

async fn serve_calls(
    shell: &Shell,
    gate: GateLayer,
    (routes, services): (Routes, Vec<&'static str>),
    listener: TcpListener,
) -> anyhow::Result<()> {
    // The whole contract can be described here; only what is served here is listed.
    let reflection = || {
        let listed = tonic_reflection::server::Builder::configure();
        services
            .iter()
            .fold(listed, |listed, service| listed.with_service_name(*service))
            .register_encoded_file_descriptor_set(proto::DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
    };
    let routes = routes.add_service(reflection().build_v1()?).add_service(reflection().build_v1alpha()?);
    let draining = shell.draining.clone();
    let server = tonic::transport::Server::builder()
        .max_concurrent_streams(MAX_STREAMS_PER_CONNECTION)
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .layer(gate)
        .add_routes(routes)
        .serve_with_incoming_shutdown(
            TcpListenerStream::new(listener),
            shell.draining.clone().cancelled_owned(),
        );
    tokio::select! {
        served = server => Ok(served?),
        () = async { draining.cancelled().await; tokio::time::sleep(DRAIN_CALLS).await } => {
            tracing::warn!("some calls did not end in {DRAIN_CALLS:?}; they are cut");
            Ok(())
        }
    }
}

fn announce(shell: &Shell, (grpc, health): (SocketAddr, SocketAddr)) -> anyhow::Result<()> {
    if let Some(file) = &shell.config.address_file {
        let text = serde_json::json!({ "grpc": grpc.to_string(), "health": health.to_string() }).to_string();
        let partial = file.with_extension("partial");
        std::fs::write(&partial, text)?;
        std::fs::rename(&partial, file)?;
    }
    tracing::info!(%grpc, %health, "serving");
    Ok(())
}
