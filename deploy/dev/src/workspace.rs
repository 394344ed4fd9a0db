//! Where things are: the repository, and the target folder that this program was built into.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A clone and its target folder.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The repository's top folder.
    pub root: PathBuf,
    /// What cargo builds into.
    pub target: PathBuf,
}

/// How the services are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// For debugging.
    Dev,
    /// As they are shipped.
    Release,
}

impl Workspace {
    /// The clone that this program was built from.
    ///
    /// # Errors
    /// It isn't there any more, or this program doesn't lie in a target folder.
    pub fn find() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest)
            .ancestors()
            .find(|folder| folder.join("deploy/dev").is_dir())
            .with_context(|| format!("the repository is not above {}", Path::new(&manifest).display()))?
            .to_owned();
        Ok(Self { root, target: target()? })
    }

    /// What the local stack installs and notes: `target/dev`.
    #[must_use]
    pub fn target_dev(&self) -> PathBuf {
        self.target.join("dev")
    }

    /// The folder with the services' binaries.
    #[must_use]
    pub fn binaries(&self, profile: Profile) -> PathBuf {
        self.target.join(match profile {
            Profile::Dev => "debug",
            Profile::Release => "release",
        })
    }
}

/// The target folder that this program, or this test, was built into.
///
/// # Errors
/// It lies in none.
pub fn target() -> Result<PathBuf> {
    let program = env::current_exe().context("this process has no program")?;
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    Ok(target.with_context(|| format!("{} lies in no target folder", program.display()))?.to_owned())
}
