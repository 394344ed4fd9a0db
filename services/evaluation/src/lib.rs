//! Surveys, figures, and what they show: indices with their uncertainty, needs for training, measured effects. Rules
//! (`domain`), use cases (`app`), SQL (`store`), the RPCs (`grpc`), what others hear and what is heard of others
//! (`events`).

mod app;
mod config;
pub mod domain;
mod events;
mod grpc;
mod store;

use kit::{server::Server, server::Shell};
use proto::evaluation::v1::{
    figure_service_server::FigureServiceServer, index_service_server::IndexServiceServer,
    norm_service_server::NormServiceServer, replay_service_server::ReplayServiceServer,
    response_service_server::ResponseServiceServer, signal_service_server::SignalServiceServer,
    study_service_server::StudyServiceServer, survey_service_server::SurveyServiceServer,
};
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
    let replays = grpc::Replays::new(&shell);
    Server::new(shell)
        .service(FigureServiceServer::new(grpc::Figures::new(app.clone())))
        .service(NormServiceServer::new(grpc::Norms::new(app.clone())))
        .service(SurveyServiceServer::new(grpc::Surveys::new(app.clone())))
        .service(ResponseServiceServer::new(grpc::Responses::new(app.clone())))
        .service(IndexServiceServer::new(grpc::Indices::new(app.clone())))
        .service(SignalServiceServer::new(grpc::Signals::new(app.clone())))
        .service(StudyServiceServer::new(grpc::Studies::new(app.clone())))
        .service(ReplayServiceServer::new(replays))
        .consume("staff", events::consume::StaffEvents)
        .consume("complaints", events::consume::ComplaintEvents)
        .consume("training", events::consume::TrainingEvents)
        .job(app.keep_mixing())
        .serve()
        .await
}

#[cfg(test)]
mod tests;
