//! How tests and the stack's own commands reach a service: a channel, a request with a token, a look at its health; and
//! how they reach NATS.

use std::time::Duration;

use anyhow::Context;
use async_nats::{ConnectOptions, ServerAddr};
use tonic::transport::{Channel, Endpoint, Error};
use tonic::{Request, metadata::MetadataValue};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);

/// A channel to an address such as `http://127.0.0.1:50051`; it connects again by itself.
///
/// # Errors
/// The address is malformed, or nobody answers there.
pub async fn channel(address: &str) -> Result<Channel, Error> {
    Endpoint::from_shared(address.to_owned())?.connect_timeout(CONNECT_TIMEOUT).connect().await
}

/// A request that carries a token.
///
/// # Panics
/// The token has characters that no header can carry.
#[must_use]
pub fn authorized<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    let value = MetadataValue::try_from(format!("Bearer {token}")).expect("a token is visible ASCII");
    request.metadata_mut().insert("authorization", value);
    request
}

/// Whether the health service at this address says that it is ready for calls.
pub async fn is_ready(address: &str) -> bool {
    let Ok(endpoint) = Endpoint::from_shared(address.to_owned()) else { return false };
    let channel = endpoint.connect_timeout(HEALTH_TIMEOUT).timeout(HEALTH_TIMEOUT).connect_lazy();
    let asked = HealthCheckRequest { service: "readiness".to_owned() };
    let answer = HealthClient::new(channel).check(asked).await;
    answer.is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving)
}

/// A connection to NATS by a URL such as `nats://user:password@127.0.0.1:4222`.
///
/// # Errors
/// The URL is malformed, or nobody answers there.
pub async fn nats(url: &str) -> anyhow::Result<async_nats::Client> {
    let server: ServerAddr = url.parse().context("this is no address of a NATS server")?;
    let mut options = ConnectOptions::new();
    // The client itself takes no notice of what the URL says here.
    if let (Some(user), Some(password)) = (server.username(), server.password()) {
        options = options.user_and_password(user.to_owned(), password.to_owned());
    }
    options.connect(server).await.context("cannot connect to NATS")
}
