//! Build tools run in view: their output is the user's, and they end with us, whatever they started included.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::process::{Process, Signal};
use crate::workspace::Workspace;

const POLL: Duration = Duration::from_millis(20);

/// Runs a command to its end.
///
/// # Errors
/// It can't be started, or fails.
pub async fn run(command: Command) -> Result<()> {
    let name = shown(&command);
    let mut running = InView(Process::spawn_in_view(command, &name)?);
    loop {
        if let Some(status) = running.0.try_wait()? {
            ensure!(status.success(), "{name}: {status}");
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
}

/// `cargo` in the workspace, building into the folder that we were built into. Settings of sqlx's macros are the
/// caller's to give: none come from the environment.
#[must_use]
pub fn cargo(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(&workspace.root).env("CARGO_TARGET_DIR", &workspace.target);
    for name in ["DATABASE_URL", "SQLX_OFFLINE", "SQLX_OFFLINE_DIR"] {
        command.env_remove(name);
    }
    command
}

/// Ends the command's whole group where it is dropped before its end.
struct InView(Process);

impl Drop for InView {
    fn drop(&mut self) {
        // What of it remains gets SIGKILL with the process's own drop.
        let _ = self.0.signal_group(Signal::Terminate);
    }
}

/// The command as one would type it, without the folders of its program.
fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
