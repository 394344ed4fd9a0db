//! The settings of the service.

/// Settings of the complaints service.
#[derive(Clone, Debug, clap::Parser)]
pub struct Config {
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become clap's help of the group")]
    pub shell: kit::config::Shell,

    /// The key that reporters' access codes are derived with: 64 hexadecimal characters. Codes given out stay valid only
    /// as long as it stays the same.
    #[arg(long, env = "PRIMA_ACCESS_CODE_KEY", hide_env_values = true)]
    pub access_code_key: String,
}
