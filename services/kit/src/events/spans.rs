//! The spans around publishing and applying an event, named by OpenTelemetry's conventions for messaging; each is a trace of
//! its own, linked to the one that the event was written in. No attribute holds an id.

use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::TraceContextExt,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The header of the trace that an event was written in.
pub(super) const TRACEPARENT: &str = "traceparent";

/// Around the publishing of an event to a stream.
pub(super) fn send(stream: &str, traceparent: &str) -> Span {
    let span = info_span!(
        parent: None,
        "send",
        otel.name = format!("send {stream}"),
        otel.kind = "producer",
        messaging.system = "nats",
        messaging.operation.name = "send",
        "messaging.operation.type" = "send",
        messaging.destination.name = stream,
    );
    link(&span, traceparent);
    span
}

/// Around the applying of events of a stream.
pub(super) fn process<'a>(stream: &str, traceparents: impl IntoIterator<Item = &'a str>) -> Span {
    let span = info_span!(
        parent: None,
        "process",
        otel.name = format!("process {stream}"),
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.operation.name = "process",
        "messaging.operation.type" = "process",
        messaging.destination.name = stream,
    );
    for traceparent in traceparents {
        link(&span, traceparent);
    }
    span
}

fn link(span: &Span, traceparent: &str) {
    let nothing = Context::new();
    let written = TraceContextPropagator::new().extract_with_context(&nothing, &Header(traceparent));
    // What is no trace is not linked.
    span.add_link(written.span().span_context().clone());
}

struct Header<'a>(&'a str);

impl Extractor for Header<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry::trace::{SpanKind, TracerProvider};
    use opentelemetry_sdk::{
        error::OTelSdkResult,
        trace::{SdkTracerProvider, SpanData, SpanExporter},
    };
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const WRITTEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(batch);
            Ok(())
        }
    }

    #[test]
    fn spans_are_traces_of_their_own_linked_to_the_one_the_event_was_written_in() {
        let kept = Kept::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let _outer = tracing::info_span!("outer").entered();
            send("EVT_STAFF", WRITTEN).in_scope(|| {});
            process("EVT_STAFF", [WRITTEN, WRITTEN]).in_scope(|| {});
            process("EVT_STAFF", [""]).in_scope(|| {});
        });
        let spans = kept.0.lock().unwrap();
        let told: Vec<_> = spans
            .iter()
            .filter(|span| span.name != "outer")
            .map(|span| (span.name.as_ref(), span.span_kind.clone(), span.links.len()))
            .collect();
        let expected = [
            ("send EVT_STAFF", SpanKind::Producer, 1),
            ("process EVT_STAFF", SpanKind::Consumer, 2),
            ("process EVT_STAFF", SpanKind::Consumer, 0),
        ];
        assert_eq!(told, expected);
        let link = &spans[0].links[0].span_context;
        assert_eq!(link.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_ne!(spans[0].span_context.trace_id(), link.trace_id());
        let names: Vec<_> = spans[0].attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        for name in [
            "messaging.system",
            "messaging.operation.name",
            "messaging.operation.type",
            "messaging.destination.name",
        ] {
            assert!(names.contains(&name), "no {name} in {names:?}");
        }
    }
}
