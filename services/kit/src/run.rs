//! A process as four verbs: configure, build, serve, drain. It owns the signals and the runtime; what is served is the
//! service's.

use std::{future::Future, process::ExitCode, time::Duration};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long a process may take to drain before it ends all the same.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(20);
/// Fewer workers stall where telemetry blocks one.
const MIN_WORKERS: usize = 2;

/// Runs a process: SIGTERM or SIGINT cancels the token, and `serve` has [`DRAIN_DEADLINE`] to return; a second signal
/// ends it at once.
#[must_use]
pub fn run<F, Served>(service: &'static str, serve: F) -> ExitCode
where
    F: FnOnce(CancellationToken) -> Served,
    Served: Future<Output = anyhow::Result<()>>,
{
    crate::telemetry::start(service);
    let workers = std::thread::available_parallelism().map_or(MIN_WORKERS, |n| n.get().max(MIN_WORKERS));
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                tracing::error!(error = %error, "the runtime can't start");
                return ExitCode::FAILURE;
            }
        };
    let outcome = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        tokio::select! {
            outcome = serve(shutdown.clone()) => outcome,
            overdue = drained_too_late(shutdown) => overdue,
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the process ends with an error");
            ExitCode::FAILURE
        }
    }
}

/// Resolves only where a drain took too long or a second signal came.
async fn drained_too_late(shutdown: CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    tracing::info!("draining");
    shutdown.cancel();
    tokio::select! {
        _ = terminate.recv() => anyhow::bail!("a second signal came"),
        _ = interrupt.recv() => anyhow::bail!("a second signal came"),
        () = tokio::time::sleep(DRAIN_DEADLINE) => anyhow::bail!("the drain took longer than {DRAIN_DEADLINE:?}"),
    }
}

/// Runs work that holds a transaction to its end even where the caller goes away in the middle: a handler that is
/// dropped would leave its transaction open.
///
/// # Panics
/// Where the work panics.
pub async fn to_the_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(tracing::Instrument::in_current_span(work)).await {
        Ok(outcome) => outcome,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
