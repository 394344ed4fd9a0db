//! The settings of the service.

/// Settings of the evaluation service.
#[derive(Clone, Debug, clap::Parser)]
pub struct Config {
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become clap's help of the group")]
    pub shell: kit::config::Shell,
}
