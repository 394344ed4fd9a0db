//! Whether the protos still keep what was promised: `proto/contract.binpb.gz` holds them as they landed last. A change that
//! only adds is taken up by `cargo dev contract`; one that would break a client is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::command;
use crate::wheels::find_buf;
use crate::workspace::Workspace;

const PROMISED: &str = "contract.binpb.gz";
const CURRENT: &str = "contract-now.binpb.gz";

/// buf, and where it works.
pub(crate) struct Contract {
    buf: PathBuf,
    protos: PathBuf,
    target_dev: PathBuf,
}

impl Contract {
    pub(crate) async fn find(workspace: &Workspace) -> Result<Self> {
        let (protos, target_dev) = (workspace.root.join("proto"), workspace.target_dev());
        let wheels = target_dev.clone();
        let buf = tokio::task::spawn_blocking(move || find_buf(&wheels, &mut |line| eprintln!("    {line}")));
        Ok(Self { buf: buf.await.context("the search for buf was cut")??, protos, target_dev })
    }

    /// Whether the protos are well made and formatted.
    pub(crate) async fn lint(&self) -> Result<()> {
        self.buf(&["lint"]).await?;
        self.buf(&["format", "--diff", "--exit-code", "--exclude-path", "buf"]).await
    }

    /// Whether all that was promised is kept, and the promise is up to date.
    pub(crate) async fn check(&self) -> Result<()> {
        self.buf(&["breaking", "--against", PROMISED]).await?;
        let now = self.build().await?;
        let is_same = read(&now)? == read(&self.protos.join(PROMISED))?;
        ensure!(is_same, "the protos offer more than proto/{PROMISED} says; run `cargo dev contract`");
        Ok(())
    }

    /// Promises what the protos are now.
    async fn promise(&self) -> Result<()> {
        if self.protos.join(PROMISED).is_file() {
            self.buf(&["breaking", "--against", PROMISED]).await?;
        }
        let now = self.build().await?;
        fs::copy(now, self.protos.join(PROMISED)).context("the promise can't be written")?;
        Ok(())
    }

    async fn build(&self) -> Result<PathBuf> {
        fs::create_dir_all(&self.target_dev).context("no folder to build in")?;
        let now = self.target_dev.join(CURRENT);
        self.buf(&["build", "--exclude-source-info", "--output", &now.display().to_string()]).await?;
        Ok(now)
    }

    async fn buf(&self, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(&self.buf);
        command.args(arguments).current_dir(&self.protos);
        command::run(command).await
    }
}

/// Writes `proto/contract.binpb.gz`: what clients may rely on from here on.
///
/// # Errors
/// The protos would break a client of what was promised before.
pub async fn promise(workspace: &Workspace) -> Result<()> {
    Contract::find(workspace).await?.promise().await
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
