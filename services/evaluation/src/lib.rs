//! Figures that can be trusted: the arithmetic that anyone may recompute (`domain`), use cases (`app`), SQL (`store`), the RPCs (`grpc`), and
//! the facts taken from others' events (`events`).

mod app;
mod config;
pub mod domain;
mod events;
mod grpc;
mod store;

use kit::{server::Server, server::Shell};
use proto::evaluation::v1::figure_service_server::FigureServiceServer;
use tokio_util::sync::CancellationToken;

pub use config::Config;

/// The service's name, and its schema's.
pub const SERVICE: &str = "evaluation";
/// The schema's history.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Serves until `shutdown` is cancelled.
///
/// # Errors
/// A port is taken, or a setting is wrong.
pub async fn serve(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let shell = Shell::try_new(&config.shell, SERVICE, &MIGRATIONS, shutdown)?;
    let app = app::App::new(&shell);
    Server::new(shell)
        .service(FigureServiceServer::new(grpc::Figures::new(app)))
        .consume("staff", events::consume::StaffEvents)
        .consume("complaints", events::consume::ComplaintEvents)
        .serve()
        .await
}

#[cfg(test)]
mod tests;
