//! Copies of the data folder, and the return to one: as after a disaster, on a timeline of its own.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{Postgres, STOP_TIMEOUT};
use crate::process::Signal;

/// Nothing is archived: recovery ends with what the copy holds.
const RECOVERY: &str = "restore_command = 'false'\n";

impl Postgres {
    /// Ends the server as a crash would, copies its data, and starts it again.
    ///
    /// # Errors
    /// It doesn't end, its data can't be copied, or it doesn't start.
    pub fn back_up(&mut self, to: &Path) -> Result<()> {
        self.crash()?;
        copy(&self.launch.data, to)?;
        self.start_again()
    }

    /// Ends the server as a crash would, puts a copy in the place of its data, and starts it by recovery, which begins a
    /// new timeline. What was committed since the copy is gone.
    ///
    /// # Errors
    /// There is no such copy, the server doesn't end, or it doesn't start.
    pub fn restore(&mut self, from: &Path) -> Result<()> {
        ensure!(from.is_dir(), "there is no copy in {}", from.display());
        self.crash()?;
        let data = &self.launch.data;
        fs::remove_dir_all(data).context("cannot remove the data")?;
        copy(from, data)?;
        let settings = data.join("postgresql.auto.conf");
        let mut settings =
            OpenOptions::new().append(true).open(settings).context("a copy without settings")?;
        settings.write_all(RECOVERY.as_bytes()).context("cannot write settings")?;
        fs::write(data.join("recovery.signal"), "").context("cannot ask for recovery")?;
        self.start_again()
    }

    fn crash(&mut self) -> Result<()> {
        // To Postgres this is an immediate end, of its children too, that writes nothing.
        self.process.signal(Signal::Quit)?;
        self.process.wait(STOP_TIMEOUT)?.context("Postgres did not end")?;
        Ok(())
    }
}

/// With owners and times, as a backup has them.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let status = Command::new("cp").arg("-a").args([from, to]).status().context("cp can't be run")?;
    ensure!(status.success(), "{} can't be copied", from.display());
    Ok(())
}
