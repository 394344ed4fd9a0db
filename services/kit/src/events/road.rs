//! The way to JetStream: the connection, and the stream that this service owns. What is missing is made with the shipped
//! configuration; what exists is never changed.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_nats::{
    ClientError, ConnectOptions, Event, ServerAddr,
    connection::State,
    jetstream::{
        self, Context,
        context::GetStreamErrorKind,
        stream::{Config, DiscardPolicy, LastRawMessageErrorKind, RetentionPolicy, StorageType},
    },
};
use uuid::Uuid;

/// How long a publish waits for its ack.
pub(super) const ACK_TIMEOUT: Duration = Duration::from_secs(2);
/// A dead peer is seen after two of these.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// How long the end of the process waits for the last acks.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// How long the stream keeps events.
pub(super) const MAX_AGE: Duration = Duration::from_secs(14 * 24 * 3_600);
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
const MAX_MESSAGE_BYTES: i32 = 600 * 1024;

/// How the stream is made where it is missing.
#[derive(Clone, Debug)]
pub(crate) struct StreamSettings {
    pub(crate) replicas: usize,
    pub(crate) max_bytes: i64,
}

/// The name of a service's stream.
#[must_use]
pub fn stream_name(service: &str) -> String {
    format!("EVT_{}", service.to_uppercase())
}

/// A connection to NATS that comes back by itself.
#[derive(Clone, Debug)]
pub(crate) struct Road {
    client: async_nats::Client,
    pub(super) jetstream: Context,
    pub(super) service: &'static str,
    settings: StreamSettings,
    /// What the server or the client last refused since the connection came about.
    refusal: Arc<Mutex<Option<String>>>,
}

impl Road {
    /// Begins to connect, and goes on trying for as long as it takes.
    ///
    /// # Errors
    /// The URL is malformed.
    pub(crate) async fn connect(
        url: &str,
        service: &'static str,
        settings: StreamSettings,
    ) -> anyhow::Result<Self> {
        let servers = url.split(',').map(str::parse).collect::<Result<Vec<ServerAddr>, _>>()?;
        // Credentials in a URL count only where they are given as options.
        let first = servers.first().ok_or_else(|| anyhow::anyhow!("no NATS server is given"))?;
        let options = match (first.username(), first.password()) {
            (Some(user), Some(password)) => {
                ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
            }
            _ => ConnectOptions::new(),
        };
        let refusal = Arc::<Mutex<Option<String>>>::default();
        let noted = Arc::clone(&refusal);
        let client = options
            .name(service)
            .event_callback(move |event| {
                note(&noted, &event);
                std::future::ready(())
            })
            .retry_on_initial_connect()
            .ping_interval(PING_INTERVAL)
            .custom_inbox_prefix(format!("_INBOX_{service}"))
            .connect(servers)
            .await?;
        let jetstream = jetstream::context::ContextBuilder::new().timeout(ACK_TIMEOUT).build(client.clone());
        Ok(Self { client, jetstream, service, settings, refusal })
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Why there is no connection; `None` where there is one.
    pub(crate) fn missing(&self) -> Option<String> {
        if self.is_connected() {
            return None;
        }
        let why = self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(why.map_or("NATS is not connected".to_owned(), |why| format!("NATS is not connected: {why}")))
    }

    /// Makes this service's stream where it is missing.
    pub(super) async fn ensure_stream(&self) -> anyhow::Result<()> {
        let name = stream_name(self.service);
        match self.jetstream.get_stream(&name).await {
            Ok(_) => return Ok(()),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(refused) if refused.code() == 404 => {}
                _ => return Err(error.into()),
            },
        }
        self.jetstream.create_stream(self.shipped()).await?;
        tracing::info!(stream = name, "made the stream, which was missing");
        Ok(())
    }

    /// The event that this service's stream holds in a place; none where the place is empty.
    pub(super) async fn event_at(&self, sequence: i64) -> anyhow::Result<Option<Uuid>> {
        let stream = self.jetstream.get_stream_no_info(stream_name(self.service)).await?;
        match stream.get_raw_message(u64::try_from(sequence)?).await {
            Ok(found) => {
                let id = found.headers.get("ce-id").map(async_nats::HeaderValue::as_str);
                Ok(id.and_then(|id| Uuid::parse_str(id).ok()))
            }
            Err(error) => match error.kind() {
                LastRawMessageErrorKind::NoMessageFound => Ok(None),
                LastRawMessageErrorKind::JetStream(refused) if refused.code() == 404 => Ok(None),
                _ => Err(error.into()),
            },
        }
    }

    /// This service's stream as it is made.
    pub(super) fn shipped(&self) -> Config {
        Config {
            name: stream_name(self.service),
            subjects: vec![format!("evt.{}.>", self.service)],
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            discard: DiscardPolicy::New,
            max_age: MAX_AGE,
            max_bytes: self.settings.max_bytes,
            max_message_size: MAX_MESSAGE_BYTES,
            duplicate_window: DUPLICATE_WINDOW,
            num_replicas: self.settings.replicas,
            deny_delete: true,
            ..Config::default()
        }
    }

    /// Tells the other replicas of this service something that nobody keeps.
    pub(crate) async fn tell_replicas(&self, payload: Vec<u8>) -> Result<(), async_nats::PublishError> {
        self.client.publish(self.replicas(), payload.into()).await
    }

    /// What the replicas of this service tell, this one included, from now on.
    pub(crate) async fn hear_replicas(&self) -> Result<async_nats::Subscriber, async_nats::SubscribeError> {
        self.client.subscribe(self.replicas()).await
    }

    fn replicas(&self) -> String {
        format!("wake.{}", self.service)
    }

    /// Sends what is still buffered, acks above all; what isn't sent in time will be delivered again.
    pub(crate) async fn flush(&self) {
        if !matches!(tokio::time::timeout(FLUSH_TIMEOUT, self.client.flush()).await, Ok(Ok(()))) {
            tracing::debug!("the last acks could not be flushed");
        }
    }
}

/// Keeps what was refused until a connection comes about.
fn note(refusal: &Mutex<Option<String>>, event: &Event) {
    let mut refusal = refusal.lock().unwrap_or_else(PoisonError::into_inner);
    match event {
        Event::Connected => *refusal = None,
        Event::ServerError(error) => {
            tracing::warn!(error = %error, "NATS refused something");
            *refusal = Some(error.to_string());
        }
        Event::ClientError(ClientError::Other(why)) => *refusal = Some(why.clone()),
        Event::ClientError(error) => *refusal = Some(error.to_string()),
        _ => {}
    }
}
