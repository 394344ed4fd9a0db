//! The settings of the service.

/// Settings of the complaints service.
#[derive(Clone, Debug, clap::Parser)]
pub struct Config {
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become clap's help of the group")]
    pub shell: kit::config::Shell,

    /// The keys that reporters' access codes are derived with: `id:key` with commas between, the current one first; a key
    /// has 64 hexadecimal characters, and alone it has the id 1. Codes given out stay valid as long as their key is here.
    #[arg(long, env = "PRIMA_ACCESS_CODE_KEY", hide_env_values = true)]
    pub access_code_key: String,

    /// A file with the master keys that wrap the keys of reports: one in each line, its id and 64 hexadecimal characters,
    /// the current one first. It is read anew when it changes; what the older ones wrap is wrapped anew, and once nothing
    /// is left they may go.
    #[arg(long, env = "PRIMA_MASTER_KEYS_FILE")]
    pub master_keys_file: std::path::PathBuf,

    /// Where evidence is kept, and the ledger's roots: a folder, which is made where it is missing, or `s3://bucket/prefix`
    /// (endpoint, region and keys by the usual `AWS_…` variables).
    #[arg(long, env = "PRIMA_EVIDENCE_STORE", default_value = "evidence")]
    pub evidence_store: String,

    /// A file with the Ed25519 key that signs the ledger's daily roots: PKCS#8 as PEM, as
    /// `openssl genpkey -algorithm ed25519` writes it.
    #[arg(long, env = "PRIMA_LEDGER_KEY_FILE")]
    pub ledger_key_file: std::path::PathBuf,
}
