//! Health and metrics on a port of their own, and the checks behind: whether the database and NATS are there, and partitions
//! were made. Liveness never depends on others.

use std::time::Duration;

use tokio::{net::TcpListener, task::JoinSet};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::{
    events::Road, metrics::CONTENT_TYPE, operations::Operations, readiness::Readiness, server::Shell, upkeep,
};

/// How often the database and NATS are asked whether they are there.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// The same, until both are there for the first time.
const FIRST_CHECK_INTERVAL: Duration = Duration::from_millis(20);
/// How long the checks may fail before the process stops being ready.
const CHECK_PATIENCE: u32 = 3;

/// Health, the checks behind it, metrics, the clock's file, the tables' upkeep: ended by dropping the set.
pub(crate) fn background(
    shell: &Shell,
    (road, operations): (Road, Operations),
    health_listener: TcpListener,
) -> JoinSet<()> {
    let mut background = JoinSet::new();
    let reporter = HealthReporter::new();
    let health = tonic_health::server::HealthService::from_health_reporter(reporter.clone());
    let metrics = shell.metrics.clone();
    let scraped = move || {
        let text = metrics.text();
        async move { ([(http::header::CONTENT_TYPE, CONTENT_TYPE)], text) }
    };
    let health = Routes::new(tonic_health::pb::health_server::HealthServer::new(health));
    let routes = health.into_axum_router().route("/metrics", axum::routing::get(scraped));
    background.spawn(async move {
        let server = tonic::transport::Server::builder()
            // Prometheus speaks no HTTP/2 in plain text.
            .accept_http1(true)
            .add_routes(Routes::from(routes))
            .serve_with_incoming(TcpListenerStream::new(health_listener));
        if let Err(error) = server.await {
            tracing::error!(error = %error, "health is not served any more");
        }
    });
    background.spawn(report(reporter, shell.readiness.clone(), shell.draining.clone()));
    background.spawn(check(shell.clone(), road));
    background.spawn(shell.metrics.clone().observe(operations));
    background.spawn(upkeep::run(shell.database.clone()));
    if let Some(file) = shell.config.development_clock.clone() {
        background.spawn(shell.clock.clone().follow(file));
    }
    background
}

/// Shows readiness as health: of "" and `readiness`; `liveness` only says that the process turns.
async fn report(reporter: HealthReporter, readiness: Readiness, draining: CancellationToken) {
    reporter.set_service_status("liveness", ServingStatus::Serving).await;
    let mut changes = readiness.subscribe();
    loop {
        let ready = *changes.borrow_and_update() && !draining.is_cancelled();
        let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        reporter.set_service_status("", status).await;
        reporter.set_service_status("readiness", status).await;
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = draining.cancelled(), if !draining.is_cancelled() => {}
        }
    }
}

/// Asks the database and NATS whether they are there, for as long as the process lives; and makes the partitions once the
/// database is.
async fn check(shell: Shell, road: Road) {
    let mut failures = 0;
    let mut partitions_made = false;
    let mut was_there = false;
    loop {
        let database = shell.database.check(shell.migrations).await;
        if database.is_ok() && !partitions_made {
            match shell.database.make_partitions().await {
                Ok(()) => partitions_made = true,
                Err(error) => {
                    tracing::error!(error = %error, "the partitions of the next days can't be made")
                }
            }
        }
        let is_there = database.is_ok() && road.is_connected();
        was_there |= is_there;
        failures = if is_there { 0 } else { failures + 1 };
        // It becomes ready at once, and unready only when a check has failed a few times running.
        let patient = failures < CHECK_PATIENCE && partitions_made;
        if !patient || failures == 0 {
            shell.readiness.set("database", database.err().map(|error| error.to_string()));
            shell.readiness.set("nats", road.missing());
        }
        tokio::time::sleep(if was_there { CHECK_INTERVAL } else { FIRST_CHECK_INTERVAL }).await;
    }
}
