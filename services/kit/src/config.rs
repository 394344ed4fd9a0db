//! The settings that every service has, each with its environment name. A service's own config flattens this one.

use std::{net::SocketAddr, path::PathBuf};

/// Settings of the shell.
#[derive(Clone, Debug, clap::Args)]
pub struct Shell {
    /// Where gRPC is served; port 0 takes a free one.
    #[arg(long, env = "PRIMA_LISTEN", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,

    /// Where health is served, in plain text; port 0 takes a free one.
    #[arg(long, env = "PRIMA_HEALTH_LISTEN", default_value = "127.0.0.1:0")]
    pub health_listen: SocketAddr,

    /// A file that the addresses are written to, once they are known, as one JSON object.
    #[arg(long, env = "PRIMA_ADDRESS_FILE")]
    pub address_file: Option<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become clap's help of the group")]
    pub database: Database,

    /// What the relay connects with, as the service's relay role.
    #[arg(long, env = "PRIMA_RELAY_DATABASE_URL", hide_env_values = true)]
    pub relay_database_url: String,

    /// The NATS servers, comma-separated, such as `nats://user:password@host:4222`.
    #[arg(long, env = "PRIMA_NATS_URL", hide_env_values = true)]
    pub nats_url: String,

    /// How many NATS servers hold a copy of the stream that this service makes where it is missing.
    #[arg(long, env = "PRIMA_STREAM_REPLICAS", default_value_t = 1)]
    pub stream_replicas: usize,

    /// The size, in bytes, at which the stream that this service makes refuses more.
    #[arg(long, env = "PRIMA_STREAM_MAX_BYTES", default_value_t = 8 << 30)]
    pub stream_max_bytes: i64,

    /// How often, in seconds, the stream is asked whether it still holds what it acknowledged.
    #[arg(long, env = "PRIMA_STREAM_CHECK_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub stream_check_seconds: u64,

    /// How often, in seconds, the stream is searched for holes.
    #[arg(long, env = "PRIMA_STREAM_AUDIT_SECONDS", default_value_t = 3_600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub stream_audit_seconds: u64,

    /// A file with the address of each service whose events this one takes, `service=http://host:port` in each line. It is
    /// read anew at each use. Without it, what this service knows of them is not compared with what they know.
    #[arg(long, env = "PRIMA_PEERS_FILE")]
    pub peers_file: Option<PathBuf>,

    /// A file with a token for these services, of the scopes `<service>.replay`; read anew at each use.
    #[arg(long, env = "PRIMA_PEERS_TOKEN_FILE", requires = "peers_file")]
    pub peers_token_file: Option<PathBuf>,

    /// The JSON Web Key Set with the issuer's public keys (EdDSA).
    #[arg(long, env = "PRIMA_JWKS_FILE")]
    pub jwks_file: PathBuf,

    /// The `iss` that tokens must carry.
    #[arg(long, env = "PRIMA_TOKEN_ISSUER")]
    pub token_issuer: String,

    /// The `aud` that tokens must carry.
    #[arg(long, env = "PRIMA_TOKEN_AUDIENCE", default_value = "prima")]
    pub token_audience: String,

    /// How many calls are worked on at once; more are refused with RESOURCE_EXHAUSTED.
    #[arg(long, env = "PRIMA_CONCURRENCY_LIMIT", default_value_t = 512)]
    pub concurrency_limit: usize,

    /// A file with an offset in seconds that is added to business time: for a development stack only, refused unless
    /// every listener is on loopback.
    #[arg(long, env = "PRIMA_DEVELOPMENT_CLOCK")]
    pub development_clock: Option<PathBuf>,
}

/// Where the service's schema is.
#[derive(Clone, Debug, clap::Args)]
pub struct Database {
    /// The database, as the service's app role (for `migrate`: its owner role).
    #[arg(long, env = "PRIMA_DATABASE_URL", hide_env_values = true)]
    pub database_url: String,

    /// How many connections the service holds at most, besides the relay's.
    #[arg(long, env = "PRIMA_DATABASE_CONNECTIONS", default_value_t = 12)]
    pub database_connections: u32,
}
