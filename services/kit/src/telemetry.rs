//! Logs as JSON on stdout, with the trace id of the call they belong to. Nothing personal goes into a log.

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// What is logged where `RUST_LOG` says nothing.
const DEFAULT_FILTER: &str = "info,async_nats=warn,sqlx=warn,h2=warn,hyper=warn,tonic=warn,tower=warn";

/// Starts logging; a second start in one process is ignored.
pub(crate) fn start(service: &'static str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let tracer = SdkTracerProvider::builder().build().tracer(service);
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let logs = tracing_subscriber::fmt::layer().json().with_current_span(true).with_span_list(false);
    let traces = tracing_opentelemetry::layer().with_tracer(tracer);
    if tracing_subscriber::registry().with(filter).with(traces).with(logs).try_init().is_err() {
        tracing::debug!("logging was started before");
    }
}
