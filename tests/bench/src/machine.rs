//! Where it is measured: what figures of another machine can't be compared with.

use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::bed::TestBed;
use crate::measure::{median, milliseconds, rounded};

/// Writes whose way to the disk is timed, each of a page.
const WRITES: usize = 200;
const PAGE: [u8; 8_192] = [7; 8_192];

/// A machine, and how busy it is.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    cores: usize,
    cpu: String,
    memory_mib: u64,
    kernel: String,
    postgres: String,
    nats: String,
    /// Processes that wanted to run, in the minute before the first and before the last row's end.
    load_before: f64,
    load_after: f64,
    /// The median of writing a page and waiting until the disk has it, where the database is.
    fdatasync_ms: f64,
    /// How the services were built.
    profile: &'static str,
}

impl Machine {
    pub(crate) fn look() -> Result<Self> {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let value = |text: &str, key: &str| {
            let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
            line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let memory = value(&read("/proc/meminfo"), "MemTotal");
        let memory_kib: u64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            cpu: value(&read("/proc/cpuinfo"), "model name"),
            memory_mib: memory_kib / 1_024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            postgres: String::new(),
            nats: String::new(),
            load_before: load()?,
            load_after: 0.0,
            fdatasync_ms: rounded(fdatasync()?),
            profile: "release",
        })
    }

    pub(crate) async fn servers(&mut self, bed: &TestBed) -> Result<()> {
        self.postgres = sqlx::query_scalar("SHOW server_version").fetch_one(&bed.database).await?;
        self.nats = bed.jetstream.client().server_info().version;
        Ok(())
    }

    pub(crate) fn look_again(&mut self) -> Result<()> {
        self.load_after = load()?;
        Ok(())
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cores,
            cpu,
            memory_mib,
            kernel,
            postgres,
            nats,
            load_before,
            load_after,
            fdatasync_ms,
            profile,
        } = self;
        write!(
            formatter,
            "{cores} cores ({cpu}), {memory_mib} MiB, Linux {kernel}; Postgres {postgres}, NATS {nats}; {profile} build; \
             load {load_before} before, {load_after} after; fdatasync {fdatasync_ms} ms"
        )
    }
}

fn load() -> Result<f64> {
    let text = fs::read_to_string("/proc/loadavg").context("no /proc/loadavg")?;
    text.split(' ').next().and_then(|first| first.parse().ok()).context("/proc/loadavg is empty")
}

/// In milliseconds.
fn fdatasync() -> Result<f64> {
    let path = std::env::temp_dir().join(format!("prima-bench-{}", std::process::id()));
    let mut file = File::create(&path).context("no file for timing the disk")?;
    let mut times = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        file.write_all(&PAGE)?;
        let begun = Instant::now();
        file.sync_data()?;
        times.push(milliseconds(begun.elapsed()));
    }
    fs::remove_file(path)?;
    Ok(median(&times))
}
