//! Capacity and culture, where the figures say they are needed: needs and who takes part in what for them (`domain`), use
//! cases (`app`), SQL (`store`), the RPCs (`grpc`), what others hear and what is heard of others (`events`).

mod app;
mod config;
mod domain;
mod events;
mod grpc;
mod store;

use kit::{server::Server, server::Shell};
use proto::training::v1::{
    batch_service_server::BatchServiceServer, enrolment_service_server::EnrolmentServiceServer,
    lottery_service_server::LotteryServiceServer, need_service_server::NeedServiceServer,
    programme_service_server::ProgrammeServiceServer, replay_service_server::ReplayServiceServer,
};
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
    let shell = Shell::try_new(&config.shell, SERVICE, &MIGRATIONS, shutdown)?;
    let app = app::App::new(&shell);
    let replays = grpc::Replays::new(&shell);
    Server::new(shell)
        .service(NeedServiceServer::new(grpc::Needs::new(app.clone())))
        .service(ProgrammeServiceServer::new(grpc::Programmes::new(app.clone())))
        .service(BatchServiceServer::new(grpc::Batches::new(app.clone())))
        .service(EnrolmentServiceServer::new(grpc::Enrolments::new(app.clone())))
        .service(LotteryServiceServer::new(grpc::Lotteries::new(app.clone())))
        .service(ReplayServiceServer::new(replays))
        .consume("evaluation", events::consume::EvaluationEvents)
        .consume("staff", events::consume::StaffEvents)
        .job(app.nominate_for_needs())
        .serve()
        .await
}

#[cfg(test)]
mod tests;
