//! What every call passes before its handler: trace, load shedding, authentication, the scope, the deadline. It knows
//! paths and scopes, never a message.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use opentelemetry::{propagation::Extractor, trace::TraceContextExt};
use proto::options::v1::ErrorReason;
use tokio::sync::Semaphore;
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{
    database::Deadline,
    identity::{TokenRefused, Verifier},
    scopes::{PUBLIC, Rule, Scopes},
    status::Answer,
};

/// The deadline of a unary call whose caller states none.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);
/// The longest deadline of a unary call.
const MAX_DEADLINE: Duration = Duration::from_secs(60);
/// What needs no token, besides RPCs of the scope `public`: the contract itself, for tools that ask for it.
const REFLECTION: &str = "/grpc.reflection.";

/// Makes gates.
#[derive(Clone, Debug)]
pub(crate) struct GateLayer(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    domain: String,
    scopes: Scopes,
    verifier: Verifier,
    places: Arc<Semaphore>,
}

impl GateLayer {
    pub(crate) fn new(domain: String, scopes: Scopes, verifier: Verifier, concurrency_limit: usize) -> Self {
        Self(Arc::new(Rules {
            domain,
            scopes,
            verifier,
            places: Arc::new(Semaphore::new(concurrency_limit)),
        }))
    }
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Gate { inner, rules: Arc::clone(&self.0) }
    }
}

/// A gate before a service.
#[derive(Clone, Debug)]
pub(crate) struct Gate<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> Service<Request<Body>> for Gate<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The service that was polled ready is the one to call; its clone takes the next.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        let rules = Arc::clone(&self.rules);
        let span = span(&request);
        Box::pin(
            async move {
                let response = match rules.admit(request) {
                    Ok(Admitted { request, deadline, _place }) => {
                        let response = match deadline {
                            Some(deadline) => within(deadline, inner, request, &rules.domain).await,
                            None => call(inner, request).await,
                        };
                        unreadable(&response, &rules.domain).map_or(response, Status::into_http)
                    }
                    Err(refused) => refused.into_http(),
                };
                Ok(response)
            }
            .instrument(span),
        )
    }
}

struct Admitted {
    request: Request<Body>,
    deadline: Option<Deadline>,
    _place: tokio::sync::OwnedSemaphorePermit,
}

impl Rules {
    fn admit(&self, mut request: Request<Body>) -> Result<Admitted, Status> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            Answer::shared(
                Code::ResourceExhausted,
                ErrorReason::Overloaded,
                "too many calls at once; try again",
            )
            .retry()
            .status(&self.domain)
        })?;
        let path = request.uri().path();
        let deadline = if path.starts_with(REFLECTION) {
            None
        } else {
            let rule = self.scopes.rule(path).ok_or_else(|| {
                Answer::shared(
                    Code::Unimplemented,
                    ErrorReason::RpcUnknown,
                    format!("there is no RPC {path}"),
                )
                .status(&self.domain)
            })?;
            let streams = rule.streams;
            self.authorise(rule, &mut request)?;
            let deadline =
                Deadline::after(grpc_timeout(&request).unwrap_or(DEFAULT_DEADLINE).min(MAX_DEADLINE));
            request.extensions_mut().insert(deadline);
            (!streams).then_some(deadline)
        };
        Ok(Admitted { request, deadline, _place: place })
    }

    fn authorise(&self, rule: &Rule, request: &mut Request<Body>) -> Result<(), Status> {
        let is_public = rule.scope == PUBLIC;
        if is_public && !request.headers().contains_key(http::header::AUTHORIZATION) {
            return Ok(());
        }
        // Who comes with a token all the same is known by it.
        let caller = bearer(request).and_then(|token| self.verifier.verify(token)).map_err(|refused| {
            tracing::info!(reason = refused.reason().as_str_name(), "denied");
            Answer::shared(Code::Unauthenticated, refused.reason(), refused.to_string()).status(&self.domain)
        })?;
        if !is_public && !caller.may(&rule.scope) {
            tracing::info!(reason = "SCOPE_MISSING", scope = rule.scope, subject = caller.subject, "denied");
            let message = format!("the token lacks the scope {}", rule.scope);
            return Err(Answer::shared(Code::PermissionDenied, ErrorReason::ScopeMissing, message)
                .fact("scope", &rule.scope)
                .status(&self.domain));
        }
        request.extensions_mut().insert(caller);
        Ok(())
    }
}

async fn within<S>(deadline: Deadline, inner: S, request: Request<Body>, domain: &str) -> Response<Body>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    tokio::time::timeout(deadline.left(), call(inner, request)).await.unwrap_or_else(|_| {
        let message = "the deadline passed; the outcome is unknown: repeat the call with the same request id";
        Answer::shared(Code::DeadlineExceeded, ErrorReason::DeadlineExceeded, message)
            .status(domain)
            .into_http()
    })
}

async fn call<S>(mut inner: S, request: Request<Body>) -> Response<Body>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    match inner.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// What is said of a message that is too large or that can't be decoded: the transport refuses it without a reason, and
/// calls the caller's fault one of the service.
fn unreadable(response: &Response<Body>, domain: &str) -> Option<Status> {
    let header = |key: &str| response.headers().get(key)?.to_str().ok();
    if header("grpc-status-details-bin").is_some() {
        return None;
    }
    let message = header("grpc-message")?;
    let (reason, why) = match header("grpc-status")? {
        "11" if message.contains("message%20length%20too%20large") => {
            (ErrorReason::MessageTooLarge, "the message is longer than 4 MiB")
        }
        "13" if message.starts_with("failed%20to%20decode%20Protobuf") => {
            (ErrorReason::MessageUnreadable, "the message can't be decoded")
        }
        _ => return None,
    };
    Some(Answer::shared(Code::InvalidArgument, reason, why).status(domain))
}

fn bearer(request: &Request<Body>) -> Result<&str, TokenRefused> {
    request
        .headers()
        .get(http::header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .and_then(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer").then_some(token))
        .ok_or(TokenRefused::Missing)
}

/// The caller's `grpc-timeout`: up to eight digits and a unit.
fn grpc_timeout(request: &Request<Body>) -> Option<Duration> {
    let text = request.headers().get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = (digits.len() <= 8).then(|| digits.parse().ok()).flatten()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3_600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

fn span(request: &Request<Body>) -> tracing::Span {
    let span =
        tracing::info_span!("rpc", rpc.method = request.uri().path(), trace_id = tracing::field::Empty);
    let parent = opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.extract(&HeaderExtractor(request.headers()))
    });
    // Refused only where no OpenTelemetry layer is installed (tests), which loses nothing.
    let _ = span.set_parent(parent);
    span.record("trace_id", span.context().span().span_context().trace_id().to_string());
    span
}

struct HeaderExtractor<'a>(&'a http::HeaderMap);

impl Extractor for HeaderExtractor<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
