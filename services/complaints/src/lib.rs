//! Citizens' reports, from filing until they are truly solved: states and their rules (`domain`), use cases (`app`), SQL
//! (`store`), the RPCs (`grpc`), what others hear and what is heard of others (`events`).

mod app;
mod config;
mod domain;
mod events;
mod grpc;
mod store;

use std::path::Path;

use anyhow::Context;
use kit::{database::Database, server::Server, server::Shell};
use proto::complaints::v1::{
    catalog_service_server::CatalogServiceServer, complaint_service_server::ComplaintServiceServer,
    evidence_service_server::EvidenceServiceServer, replay_service_server::ReplayServiceServer,
    reporter_service_server::ReporterServiceServer, routing_service_server::RoutingServiceServer,
    statistics_service_server::StatisticsServiceServer, tracking_service_server::TrackingServiceServer,
};
use tokio_util::sync::CancellationToken;

pub use config::Config;

/// The service's name, and its schema's.
pub const SERVICE: &str = "complaints";
/// The schema's history.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Serves until `shutdown` is cancelled.
///
/// # Errors
/// A port is taken, or a setting is wrong.
pub async fn serve(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let secrets = app::secret::Secrets::try_new(&config.access_code_key)?;
    let master_keys = app::rotation::KeyFile::try_new(config.master_keys_file.clone())?;
    let shell = Shell::try_new(&config.shell, SERVICE, &MIGRATIONS, shutdown)?;
    let objects = app::objects::Objects::try_new(&config.evidence_store)?;
    let app = app::App::new(&shell, secrets, master_keys, (objects, ledger_key(&config.ledger_key_file)?));
    let replays = grpc::Replays::new(&shell);
    let clock = app.clone().run_clock();
    Server::new(shell)
        .service(ComplaintServiceServer::new(grpc::Complaints::new(app.clone())))
        .service(CatalogServiceServer::new(grpc::Catalog::new(app.clone())))
        .service(RoutingServiceServer::new(grpc::RoutingRpcs::new(app.clone())))
        .service(EvidenceServiceServer::new(grpc::EvidenceRpcs::new(app.clone())))
        .service(ReporterServiceServer::new(grpc::Reporters::new(app.clone())))
        .service(TrackingServiceServer::new(grpc::Tracking::new(app.clone())))
        .service(StatisticsServiceServer::new(grpc::StatisticsRpcs::new(app.clone())))
        .service(ReplayServiceServer::new(replays))
        .job(clock)
        .job(app.clone().rotate_keys())
        .job(app.clone().follow_restrictions())
        .job(app.clone().run_roots())
        .job(app.clone().sweep_objects())
        .consume("staff", events::consume::StaffEvents)
        .job(app.clone().find_changes())
        .recall(events::recall::Erasures(app.clone()))
        .job(app.clone().follow_inbox())
        .job(app.follow_routing())
        .serve()
        .await
}

fn ledger_key(file: &Path) -> anyhow::Result<kit::ledger::SigningKey> {
    let context = || format!("can't read the ledger's key in {}", file.display());
    let pem = std::fs::read_to_string(file).with_context(context)?;
    kit::ledger::SigningKey::from_pem(&pem).with_context(context)
}

/// Takes categories over from a CSV file; those that are there already get the file's names.
///
/// # Errors
/// The file is unreadable, or a row is malformed: then nothing is taken over.
pub async fn import_categories(database: &kit::config::Database, file: &Path) -> anyhow::Result<()> {
    let database = Database::try_new(database, SERVICE)?;
    let reader = csv::Reader::from_path(file).with_context(|| format!("can't read {}", file.display()))?;
    let count = app::categories::import(&database, reader).await?;
    tracing::info!(count, "categories imported");
    Ok(())
}

/// Takes the boundaries of kelurahan over from a GeoJSON file.
///
/// # Errors
/// The file is unreadable or too large, or a feature is bad: then nothing is taken over, and each fault is logged.
pub async fn import_boundaries(database: &kit::config::Database, file: &Path) -> anyhow::Result<()> {
    let database = Database::try_new(database, SERVICE)?;
    let context = || format!("can't read {}", file.display());
    let size = std::fs::metadata(file).with_context(context)?.len();
    anyhow::ensure!(
        usize::try_from(size).is_ok_and(|size| size <= domain::place::MAX_BYTES),
        "{} is larger than 32 MiB",
        file.display()
    );
    let bytes = std::fs::read(file).with_context(context)?;
    let imported = app::routing::import_file(&database, bytes).await?;
    if !imported.unserved_codes.is_empty() {
        tracing::warn!(codes = imported.unserved_codes.join(" "), "no unit serves these kelurahan");
    }
    tracing::info!(imported.version, imported.features, imported.positions, "boundaries imported");
    Ok(())
}

#[cfg(test)]
mod tests;
