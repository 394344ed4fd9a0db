//! Where a service is and who calls: the options that all commands share, and requests that carry them.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use proto::ops::v1::operations_service_client::OperationsServiceClient;
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

use crate::failure::Failure;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A retry runs the service's handler, which may wait for locks.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The options that all commands share.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The service's address, such as `http://127.0.0.1:50051`.
    #[arg(long, env = "PRIMA_URL", global = true, value_parser = address)]
    url: Option<String>,

    /// The service by name, such as `staff`; it goes before --url.
    #[arg(long, global = true)]
    service: Option<String>,

    /// Where services are: a file with one `service=http://host:port` in each line, as services take it themselves.
    #[arg(long, env = "PRIMA_PEERS_FILE", global = true)]
    peers_file: Option<PathBuf>,

    /// A token with the scope that the command wants: `ops.read`, and `ops.manage` for what changes something, where it says
    /// nothing else.
    #[arg(long, env = "PRIMA_TOKEN", hide_env_values = true, global = true)]
    token: Option<String>,

    /// Print the answer as JSON, as the contract names it.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// A service that can be called.
pub(crate) struct Connection {
    pub(crate) client: OperationsServiceClient<Channel>,
    /// For what else a service serves.
    pub(crate) channel: Channel,
    token: Option<MetadataValue<Ascii>>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// No address is given, the token can't be one, or nobody answers there.
    pub(crate) async fn open(options: &Options) -> Result<Self, Failure> {
        let url = match &options.service {
            Some(service) => address_of(service, options.peers_file.as_deref())?,
            None => options.url.clone().ok_or(Failure::NoUrl)?,
        };
        let token = options
            .token
            .as_ref()
            .map(|token| MetadataValue::try_from(format!("Bearer {}", token.trim())))
            .transpose()
            .map_err(|_| Failure::NoToken)?;
        let unreachable = |error| Failure::Unreachable { url: url.clone(), error };
        let endpoint = Endpoint::from_shared(url.clone()).map_err(unreachable)?;
        let channel = endpoint.connect_timeout(CONNECT_TIMEOUT).connect().await.map_err(unreachable)?;
        Ok(Self { client: OperationsServiceClient::new(channel.clone()), channel, token })
    }

    /// A request with the caller's token and a deadline.
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(CALL_TIMEOUT);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        request
    }
}

/// The address that a file of addresses gives a service.
fn address_of(service: &str, file: Option<&Path>) -> Result<String, Failure> {
    let file = file.ok_or(Failure::NoPeersFile)?;
    let name = || file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| Failure::PeersFile { file: name(), error })?;
    let peers: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(peer, address)| (peer.trim(), address.trim()))
        .collect();
    let found = peers.iter().find(|(peer, _)| *peer == service);
    found.map(|(_, address)| (*address).to_owned()).ok_or_else(|| Failure::UnknownService {
        service: service.to_owned(),
        file: name(),
        known: peers.iter().map(|(peer, _)| *peer).collect::<Vec<_>>().join(", "),
    })
}

fn address(text: &str) -> Result<String, String> {
    if text.starts_with("http://") {
        Ok(text.to_owned())
    } else {
        Err("it must begin with http:// (TLS is not spoken yet)".to_owned())
    }
}
