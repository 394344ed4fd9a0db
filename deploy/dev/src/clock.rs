//! The file by which business time is shifted on a development stack. Services follow it; machine time is never touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

/// Services read the file every 50 ms and promise to follow within 100 ms.
const FOLLOWED_WITHIN: Duration = Duration::from_millis(150);

/// The development clock of one stack.
#[derive(Debug)]
pub struct DevelopmentClock {
    file: PathBuf,
}

impl DevelopmentClock {
    /// Makes the file, with an offset of 0.
    ///
    /// # Errors
    /// It can't be written.
    pub fn try_new(file: PathBuf) -> Result<Self> {
        let clock = Self { file };
        clock.write(0)?;
        Ok(clock)
    }

    /// The file, for `--development-clock`.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// How many seconds business time is ahead of machine time.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn offset(&self) -> Result<u64> {
        let text = fs::read_to_string(&self.file).context("cannot read the development clock")?;
        text.trim().parse().context("the development clock holds no number")
    }

    /// Moves business time on by so many seconds and waits until running services have followed; returns the new
    /// offset from machine time. There is no way back.
    ///
    /// # Errors
    /// The file can't be read or written.
    pub async fn shift(&self, seconds: u64) -> Result<u64> {
        let offset = self.offset()?.checked_add(seconds).context("the development clock is at its end")?;
        self.write(offset)?;
        tokio::time::sleep(FOLLOWED_WITHIN).await;
        Ok(offset)
    }

    /// In one step, so that nobody reads half a number.
    fn write(&self, offset: u64) -> Result<()> {
        let partial = self.file.with_extension("partial");
        fs::write(&partial, offset.to_string())
            .and_then(|()| fs::rename(&partial, &self.file))
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}
