//! Capacity and culture, where the figures say they are needed. So far a process with its schema, its stream and its
//! health; what it offers follows.

mod config;

use kit::{server::Server, server::Shell};
use tokio_util::sync::CancellationToken;

pub use config::Config;

/// The service's name, and its schema's.
pub const SERVICE: &str = "training";
/// The schema's history.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Serves until `shutdown` is cancelled.
///
/// # Errors
/// A port is taken, or a setting is wrong.
pub async fn serve(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    Server::new(Shell::try_new(&config.shell, SERVICE, &MIGRATIONS, shutdown)?).serve().await
}
