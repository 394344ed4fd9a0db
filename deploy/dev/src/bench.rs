//! Builds for release and runs the bench (tests/bench), whose arguments are handed on. Measures nothing itself.

use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::up::{self, Signals};
use crate::workspace::{Profile, Workspace};

/// Builds all programs for release and runs the bench among them.
///
/// # Errors
/// The build fails, or the bench does.
pub async fn bench(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let mut signals = Signals::listen()?;
    let work = async {
        up::build(workspace, Profile::Release).await?;
        let mut bench = Command::new(workspace.binaries(Profile::Release).join("bench"));
        bench.args(arguments);
        command::run(bench).await
    };
    signals.unless_ended(work).await?.context("cut by a signal")
}
