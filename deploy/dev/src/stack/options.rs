//! What a stack is made of.

use std::path::{Path, PathBuf};

use super::ways::Way;

/// What a stack is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder with the services' binaries, such as `target/debug`.
    pub binaries: PathBuf,
    /// The folder for what is installed once, such as `target/dev`.
    pub target_dev: PathBuf,
    /// What is imported before the services serve.
    pub seeds: Vec<Seed>,
    /// By which time the services do their business.
    pub business_time: BusinessTime,
    /// What every service finds in its environment besides, such as `PRIMA_STREAM_CHECK_SECONDS`.
    pub settings: Vec<(&'static str, String)>,
    /// Which ways of which services lead through a proxy (`Stack::proxy`).
    pub proxied: Vec<(&'static str, Way)>,
    /// The service that has a Postgres server of its own, so that its database alone can be restored.
    pub apart: Option<&'static str>,
}

/// By which time the services of a stack do their business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusinessTime {
    /// The machine's.
    Machine,
    /// The machine's, shifted by a file (`Stack::clock`).
    Shifted,
}

/// A file that a service imports before it serves.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The service.
    pub service: &'static str,
    /// Its subcommand, which takes the file.
    pub import: &'static str,
    /// The file.
    pub file: PathBuf,
}

impl Options {
    /// Services in `binaries`, with these seeds, by this time; nothing else out of the ordinary.
    #[must_use]
    pub fn new(
        binaries: PathBuf,
        target_dev: PathBuf,
        seeds: Vec<Seed>,
        business_time: BusinessTime,
    ) -> Self {
        let (settings, proxied) = (Vec::new(), Vec::new());
        Self { binaries, target_dev, seeds, business_time, settings, proxied, apart: None }
    }
}

impl Seed {
    /// Jakarta's units, holidays and categories, in the repository at `root`.
    #[must_use]
    pub fn jakarta(root: &Path) -> Vec<Self> {
        [
            ("staff", "import-units", "units.csv"),
            ("staff", "import-holidays", "holidays.csv"),
            ("complaints", "import-categories", "categories.csv"),
        ]
        .map(|(service, import, file)| Self {
            service,
            import,
            file: root.join("services").join(service).join("data/jakarta").join(file),
        })
        .into()
    }
}
