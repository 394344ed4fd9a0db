//! Units, seats, people, and who holds which seat when: rules (`domain`), use cases (`app`), SQL (`store`), the RPCs
//! (`grpc`), what others hear (`events`).

mod app;
mod config;
mod domain;
mod events;
mod grpc;
mod store;

use std::path::Path;

use anyhow::Context;
use kit::{database::Database, server::Server, server::Shell};
use proto::staff::v1::{
    assignment_service_server::AssignmentServiceServer, calendar_service_server::CalendarServiceServer,
    person_service_server::PersonServiceServer, replay_service_server::ReplayServiceServer,
    seat_service_server::SeatServiceServer, unit_service_server::UnitServiceServer,
};
use tokio_util::sync::CancellationToken;

pub use config::Config;

/// The service's name, and its schema's.
pub const SERVICE: &str = "staff";
/// The schema's history.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Serves until `shutdown` is cancelled.
///
/// # Errors
/// A port is taken, or a setting is wrong.
pub async fn serve(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let shell = Shell::try_new(&config.shell, SERVICE, &MIGRATIONS, shutdown)?;
    let app = app::App::new(&shell);
    let replays = grpc::Replays::new(&shell);
    Server::new(shell)
        .service(UnitServiceServer::new(grpc::Units::new(app.clone())))
        .service(SeatServiceServer::new(grpc::Seats::new(app.clone())))
        .service(PersonServiceServer::new(grpc::People::new(app.clone())))
        .service(AssignmentServiceServer::new(grpc::Assignments::new(app.clone())))
        .service(CalendarServiceServer::new(grpc::Calendars::new(app.clone())))
        .service(ReplayServiceServer::new(replays))
        .job(app.announce())
        .serve()
        .await
}

/// Takes units over from a CSV file. Those that are there already, by their code, get what the file says; those that the
/// file doesn't name stay.
///
/// # Errors
/// The file is unreadable, or a row is wrong, which is named by its line: then nothing is taken over.
pub async fn import_units(database: &kit::config::Database, file: &Path) -> anyhow::Result<()> {
    let database = Database::try_new(database, SERVICE)?;
    let reader = csv::Reader::from_path(file).with_context(|| format!("can't read {}", file.display()))?;
    let imported = app::units::import(&database, &kit::clock::Clock::default(), reader).await?;
    tracing::info!(rows = imported.rows, changed = imported.changed, "units imported");
    Ok(())
}

/// Takes holidays over from a CSV file: for each year that it names, its days replace those known before.
///
/// # Errors
/// The file is unreadable, or a row is wrong, which is named by its line: then nothing is taken over.
pub async fn import_holidays(database: &kit::config::Database, file: &Path) -> anyhow::Result<()> {
    let database = Database::try_new(database, SERVICE)?;
    let opened = std::fs::File::open(file).with_context(|| format!("can't read {}", file.display()))?;
    let imported = app::calendars::import(&database, &kit::clock::Clock::default(), opened).await?;
    tracing::info!(rows = imported.rows, changed = imported.calendars.len(), "holidays imported");
    Ok(())
}

#[cfg(test)]
mod tests;
