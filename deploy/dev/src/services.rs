//! One service as a process: its commands run to their end, then it serves until it is ended. Knows no other service; what
//! all have in common is given to it.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::client;
use crate::process::{Process, RunAs, Signal};

/// How long `migrate` or an import may take.
const COMMAND_TIMEOUT: Duration = Duration::from_mins(2);
/// How long a service may take from its start until it is ready.
pub const READY_TIMEOUT: Duration = Duration::from_mins(1);
/// A little more than the services give themselves to drain.
pub(crate) const DRAIN_TIMEOUT: Duration = Duration::from_secs(25);
/// How often a service that finds its port taken is started again.
const PORT_ATTEMPTS: usize = 5;
const POLL: Duration = Duration::from_millis(5);
const LOG_LINES: usize = 20;

/// A service that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceProcess {
    /// Its name, such as `staff`.
    pub name: &'static str,
    /// Where it serves gRPC.
    pub grpc: SocketAddr,
    /// Where it says how it is.
    pub health: SocketAddr,
    /// How long it took from its start until it was ready.
    pub ready_ms: u64,
    /// Its process id.
    pub pid: u32,
}

impl ServiceProcess {
    /// Its gRPC address as clients take it: `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.grpc)
    }

    fn addresses(&self) -> Addresses {
        Addresses { grpc: self.grpc, health: self.health }
    }
}

/// What a service writes to its address file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Addresses {
    pub(crate) grpc: SocketAddr,
    pub(crate) health: SocketAddr,
}

impl Addresses {
    /// Any free ports.
    const ANY: Self = Self {
        grpc: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0),
        health: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0),
    };

    /// The addresses in a file, once it is there.
    pub(crate) fn read(file: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(file).ok()?).ok()
    }
}

/// A service's program with all that it is started with.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// The file to run.
    pub(crate) binary: PathBuf,
    /// Where its logs and its address file go.
    pub(crate) folder: PathBuf,
    /// The database as the owner of the service's schema.
    pub(crate) owner_url: String,
    /// The database as the running service.
    pub(crate) app_url: String,
    /// What `serve` finds in its environment beside the database.
    pub(crate) settings: Vec<(&'static str, String)>,
}

/// A service that runs, or did.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) seen: ServiceProcess,
}

impl Program {
    /// Brings the service's schema up to date.
    pub(crate) async fn migrate(&self) -> Result<()> {
        self.run("migrate", Command::new(&self.binary).arg("migrate"), &self.owner_url).await
    }

    /// Runs an import of a file.
    pub(crate) async fn import(&self, what: &str, file: &Path) -> Result<()> {
        self.run(what, Command::new(&self.binary).arg(what).arg(file), &self.app_url).await
    }

    /// Starts it on free ports and waits until it is ready.
    pub(crate) async fn serve(&self) -> Result<Running> {
        self.serve_at(Addresses::ANY).await
    }

    /// Starts it where it was and waits until it is ready. On a port that somebody took meanwhile it is tried again.
    pub(crate) async fn serve_again(&self, before: &ServiceProcess) -> Result<Running> {
        let mut attempt = 1;
        loop {
            match self.serve_at(before.addresses()).await {
                Err(error) if attempt < PORT_ATTEMPTS && is_port_taken(&error) => {
                    attempt += 1;
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn serve_at(&self, addresses: Addresses) -> Result<Running> {
        let file = self.folder.join(format!("{}.json", self.name));
        if let Err(error) = fs::remove_file(&file)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(error).with_context(|| format!("cannot remove {}", file.display()));
        }
        let mut command = Command::new(&self.binary);
        command.arg("serve");
        self.prepare(&mut command);
        command
            .env("PRIMA_LISTEN", addresses.grpc.to_string())
            .env("PRIMA_HEALTH_LISTEN", addresses.health.to_string())
            .env("PRIMA_ADDRESS_FILE", &file)
            .env("PRIMA_DATABASE_URL", &self.app_url)
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
        let begun = Instant::now();
        let log = self.new_log("serve")?;
        let mut process = Process::spawn(command, self.name, &log, RunAs::Us, Signal::Kill)?;
        let addresses = wait_until_ready(&mut process, &file, begun + READY_TIMEOUT).await?;
        let ready_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Addresses { grpc, health } = addresses;
        let seen = ServiceProcess { name: self.name, grpc, health, ready_ms, pid: process.pid() };
        Ok(Running { process, seen })
    }

    async fn run(&self, what: &str, command: &mut Command, database_url: &str) -> Result<()> {
        let mut command = std::mem::replace(command, Command::new(""));
        self.prepare(&mut command);
        command.env("PRIMA_DATABASE_URL", database_url);
        let name = format!("{} {what}", self.name);
        let mut process = Process::spawn(command, &name, &self.new_log(what)?, RunAs::Us, Signal::Kill)?;
        match ended_within(&mut process, COMMAND_TIMEOUT).await? {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("{name} failed ({status}):\n{}", process.log_tail(LOG_LINES)),
            None => {
                bail!("{name} has not ended within {COMMAND_TIMEOUT:?}:\n{}", process.log_tail(LOG_LINES))
            }
        }
    }

    /// Runs in its own folder, and no setting of the caller's environment reaches it.
    fn prepare(&self, command: &mut Command) {
        command.current_dir(&self.folder);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PRIMA_") {
                command.env_remove(name);
            }
        }
    }

    /// A log file that isn't there yet: the one before says why a service ended.
    fn new_log(&self, what: &str) -> Result<PathBuf> {
        let mut number = 1;
        loop {
            let path = self.folder.join(format!("{}-{what}-{number}.log", self.name));
            match File::create_new(&path) {
                Ok(_) => return Ok(path),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error).with_context(|| format!("cannot write {}", path.display())),
            }
        }
    }
}

/// Waits at most `timeout` for a process's own end; `None` if it still runs then.
pub(crate) async fn ended_within(process: &mut Process, timeout: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + timeout;
    loop {
        let status = process.try_wait()?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn wait_until_ready(process: &mut Process, file: &Path, deadline: Instant) -> Result<Addresses> {
    loop {
        if let Some(status) = process.try_wait()? {
            let (name, log) = (process.name(), process.log_tail(LOG_LINES));
            bail!("{name} ended while starting ({status}):\n{log}");
        }
        if let Some(addresses) = Addresses::read(file)
            && client::is_ready(&format!("http://{}", addresses.health)).await
        {
            return Ok(addresses);
        }
        ensure!(
            Instant::now() < deadline,
            "{} is not ready within {READY_TIMEOUT:?}:\n{}",
            process.name(),
            process.log_tail(LOG_LINES)
        );
        tokio::time::sleep(POLL).await;
    }
}

fn is_port_taken(error: &anyhow::Error) -> bool {
    error.to_string().contains("Address already in use")
}
