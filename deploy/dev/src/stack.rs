//! The whole stack: the two servers, a database, and the four services, started together, watched, and ended in order
//! however the stack ends. Knows no business; what runs on it is the caller's.

mod apart;
mod faults;
mod options;
mod peers;
mod ways;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures::future::{join_all, try_join_all};

use crate::client;
use crate::clock::DevelopmentClock;
use crate::cluster::{Cluster, Role, SERVICES, random_key};
use crate::nats;
use crate::process::{Process, Signal};
use crate::servers::Servers;
use crate::services::{DRAIN_TIMEOUT, Program, Running, ServiceProcess};
use crate::token::{AUDIENCE, ISSUER, Identity, Issuer, LONGEST_LIFE};

use apart::Apart;
use ways::Ways;

pub use faults::Part;
pub use options::{BusinessTime, Options, Seed};
pub use ways::Way;

const DATABASE: &str = "prima";
/// The file with the key that wraps the keys of reports.
const MASTER_KEYS: &str = "master-keys";
/// The file with the services' addresses.
const PEERS: &str = "peers";
/// Enough for a long day's work, and little beside what a developer's disk has.
const STREAM_MAX_BYTES: u64 = 1 << 30;
const POLL: Duration = Duration::from_millis(50);
const LOG_LINES: usize = 20;

/// Gets a line for every choice made on the way.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// A running stack. The order of the fields is the order of the end: services before servers.
#[derive(Debug)]
pub struct Stack {
    members: Vec<Member>,
    servers: Mutex<Servers>,
    apart: Option<Apart>,
    ways: Ways,
    folder: PathBuf,
    cluster: Cluster,
    nats_url: String,
    issuer: Issuer,
    clock: Option<DevelopmentClock>,
}

#[derive(Debug)]
struct Member {
    program: Program,
    running: Mutex<Running>,
    /// More processes of the same service.
    replicas: Mutex<Vec<Running>>,
}

impl Stack {
    /// Starts the servers, makes the database, and brings each service through `migrate`, its imports and `serve`, all
    /// four side by side. `say` gets a line for every step.
    ///
    /// # Errors
    /// A binary or a seed is missing, a server or service doesn't start (the end of its log is in the message), or one
    /// isn't ready in time; nothing is left running then.
    pub async fn start(options: Options, say: &Say) -> Result<Self> {
        for file in options.seeds.iter().map(|seed| &seed.file) {
            ensure!(file.is_file(), "there is no {} to import", file.display());
        }
        let target_dev = options.target_dev;
        let servers = start_servers(target_dev.clone(), 1, say).await?;
        let folder = servers.scratch.path().to_owned();
        let cluster =
            Cluster::try_new(&servers.postgres.superuser_url("postgres"), Cluster::random_secret())?;
        cluster.create_database(DATABASE).await?;
        let issuer = Issuer::try_new()?;
        let jwks_file = folder.join("jwks.json");
        std::fs::write(&jwks_file, issuer.key_set()).context("cannot write the key set")?;
        let clock = match options.business_time {
            BusinessTime::Machine => None,
            BusinessTime::Shifted => Some(DevelopmentClock::try_new(folder.join("clock"))?),
        };
        let peers_token = folder.join("peers.token");
        peers::write_token(&peers_token, &issuer)?;
        let nats_url = servers.nats.url(0);
        let apart = match options.apart {
            Some(service) => Some(Apart::start(service, target_dev).await?),
            None => None,
        };
        let (mut ways, mut programs) = (Ways::default(), Vec::with_capacity(SERVICES.len()));
        for name in SERVICES {
            let own = apart.as_ref().filter(|apart| apart.service == name);
            let cluster = own.map_or(&cluster, |apart| &apart.cluster);
            let mut lead = |way, url: &str| ways.lead(&options.proxied, (name, way), url);
            let mut settings = vec![
                ("PRIMA_RELAY_DATABASE_URL", lead(Way::Postgres, &cluster.url(name, Role::Relay, DATABASE))?),
                ("PRIMA_NATS_URL", lead(Way::Nats, &nats::service_url(&nats_url, name))?),
                ("PRIMA_STREAM_MAX_BYTES", STREAM_MAX_BYTES.to_string()),
                ("PRIMA_JWKS_FILE", jwks_file.display().to_string()),
                ("PRIMA_TOKEN_ISSUER", ISSUER.to_owned()),
                ("PRIMA_TOKEN_AUDIENCE", AUDIENCE.to_owned()),
            ];
            settings.push(("PRIMA_PEERS_FILE", folder.join(PEERS).display().to_string()));
            settings.push(("PRIMA_PEERS_TOKEN_FILE", peers_token.display().to_string()));
            settings.extend(options.settings.iter().cloned());
            if let Some(clock) = &clock {
                settings.push(("PRIMA_DEVELOPMENT_CLOCK", clock.file().display().to_string()));
            }
            if name == "complaints" {
                settings.push(("PRIMA_ACCESS_CODE_KEY", random_key()));
                let file = folder.join(MASTER_KEYS);
                std::fs::write(&file, format!("dev {}\n", random_key()))
                    .context("cannot write a master key")?;
                settings.push(("PRIMA_MASTER_KEYS_FILE", file.display().to_string()));
                let file = folder.join("ledger-key.pem");
                std::fs::write(&file, crate::token::signing_key_pem()?)
                    .context("cannot write the ledger's key")?;
                settings.push(("PRIMA_LEDGER_KEY_FILE", file.display().to_string()));
            }
            programs.push(Program {
                name,
                binary: options.binaries.join(name),
                folder: folder.clone(),
                owner_url: cluster.url(name, Role::Owner, DATABASE),
                app_url: lead(Way::Postgres, &cluster.url(name, Role::App, DATABASE))?,
                settings,
            });
        }
        try_join_all(programs.iter().map(|program| prepare(program, &options.seeds))).await?;
        let mut members = Vec::with_capacity(programs.len());
        // One after the other, so that what each takes to start is its own.
        for program in programs {
            members.push(start_member(program, say).await?);
        }
        let seen: Vec<ServiceProcess> =
            members.iter().map(|member| locked(&member.running).seen.clone()).collect();
        peers::write_addresses(&folder.join(PEERS), &seen)?;
        let servers = Mutex::new(servers);
        Ok(Self { members, servers, apart, ways, folder, cluster, nats_url, issuer, clock })
    }

    /// The services, in the order of `SERVICES`.
    #[must_use]
    pub fn services(&self) -> Vec<ServiceProcess> {
        self.members.iter().map(|member| locked(&member.running).seen.clone()).collect()
    }

    /// One service.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn service(&self, name: &str) -> Result<ServiceProcess> {
        Ok(locked(&self.member(name)?.running).seen.clone())
    }

    /// Ends a service at once, by SIGKILL.
    ///
    /// # Errors
    /// There is none of this name, or the system refuses.
    pub fn kill(&self, name: &str) -> Result<()> {
        locked(&self.member(name)?.running).process.kill().map(drop)
    }

    /// Starts a service again at the same addresses, after a graceful end if it still runs, and waits until it is ready.
    ///
    /// # Errors
    /// There is none of this name, or it doesn't start or isn't ready in time.
    pub async fn restart(&self, name: &str) -> Result<ServiceProcess> {
        let member = self.member(name)?;
        end(&member.running).await?;
        let before = locked(&member.running).seen.clone();
        let running = member.program.serve_again(&before).await?;
        let seen = running.seen.clone();
        *locked(&member.running) = running;
        Ok(seen)
    }

    /// Waits until a running service is ready for calls.
    ///
    /// # Errors
    /// There is none of this name, it ends, or it isn't ready within `timeout`.
    pub async fn wait_ready(&self, name: &str, timeout: Duration) -> Result<()> {
        let member = self.member(name)?;
        let deadline = Instant::now() + timeout;
        loop {
            let health = {
                let mut running = locked(&member.running);
                if let Some(end) = ended(&mut running.process)? {
                    bail!("{end}");
                }
                running.seen.health
            };
            if client::is_ready(&format!("http://{health}")).await {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{name} is not ready within {timeout:?}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// What of the stack has ended by itself, with the end of its log; `None` while all runs.
    ///
    /// # Errors
    /// The system doesn't know a process.
    pub fn what_ended(&self) -> Result<Option<String>> {
        for member in &self.members {
            if let Some(end) = ended(&mut locked(&member.running).process)? {
                return Ok(Some(end));
            }
        }
        let mut servers = locked(&self.servers);
        Ok(match ended(servers.postgres.process_mut())? {
            Some(end) => Some(end),
            None => ended(servers.nats.process_mut())?,
        })
    }

    /// The memory that a service holds now (VmRSS), in MiB.
    ///
    /// # Errors
    /// There is none of this name, or it has ended.
    pub fn rss_mib(&self, name: &str) -> Result<u64> {
        let pid = self.service(name)?.pid;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
            .with_context(|| format!("{name} doesn't run"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kib.with_context(|| format!("{name} doesn't run"))? / 1024)
    }

    /// A token of this stack, good for 12 hours.
    ///
    /// # Errors
    /// It can't be signed.
    pub fn token(&self, identity: &Identity) -> Result<String> {
        self.issuer.token(identity, LONGEST_LIFE)
    }

    /// Who signs this stack's tokens.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The development clock, if the stack was started with one.
    #[must_use]
    pub fn clock(&self) -> Option<&DevelopmentClock> {
        self.clock.as_ref()
    }

    /// The database, as a service's role.
    #[must_use]
    pub fn database_url(&self, service: &str, role: Role) -> String {
        self.cluster_of(service).url(service, role, DATABASE)
    }

    /// The database, as the superuser.
    #[must_use]
    pub fn superuser_url(&self) -> String {
        self.cluster.superuser_url(DATABASE)
    }

    /// NATS, as who may do anything.
    #[must_use]
    pub fn nats_url(&self) -> &str {
        &self.nats_url
    }

    /// The folder with the logs, gone with the stack.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends everything: the services, each of which may drain, then the servers.
    ///
    /// # Errors
    /// A service that still ran had to be killed or ended with a failure; all is ended nevertheless.
    pub async fn stop(self) -> Result<()> {
        self.signal_replicas();
        let ends = self.members.iter().map(|member| end(&member.running));
        let ended: Result<Vec<()>> = join_all(ends).await.into_iter().collect();
        // Ending the servers blocks.
        tokio::task::spawn_blocking(move || drop(self)).await.context("the stack's end was cut")?;
        ended.map(drop)
    }

    fn member(&self, name: &str) -> Result<&Member> {
        let member = self.members.iter().find(|member| member.program.name == name);
        member.with_context(|| format!("there is no service {name:?}: {SERVICES:?}"))
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.signal_replicas();
        // So that they drain at the same time; each is then waited for, and killed if it takes too long.
        for member in &self.members {
            let _ = locked(&member.running).process.signal(Signal::Terminate);
        }
    }
}

/// Starts both servers; blocking, so on a thread for that.
pub(crate) async fn start_servers(target_dev: PathBuf, accounts: usize, say: &Say) -> Result<Servers> {
    let say = Arc::clone(say);
    tokio::task::spawn_blocking(move || Servers::start(&target_dev, accounts, &mut |line| say(line)))
        .await
        .context("the start of the servers was cut")?
}

/// Brings a service's schema up to date, and its data in.
async fn prepare(program: &Program, seeds: &[Seed]) -> Result<()> {
    ensure!(program.binary.is_file(), "there is no {}: build the workspace first", program.binary.display());
    program.migrate().await?;
    for seed in seeds.iter().filter(|seed| seed.service == program.name) {
        program.import(seed.import, &seed.file).await?;
    }
    Ok(())
}

async fn start_member(program: Program, say: &Say) -> Result<Member> {
    let running = program.serve().await?;
    say(&format!("{} is ready after {} ms", program.name, running.seen.ready_ms));
    Ok(Member { program, running: Mutex::new(running), replicas: Mutex::default() })
}

/// Ends a service gracefully; does nothing if it has ended. The lock isn't held while it drains.
async fn end(running: &Mutex<Running>) -> Result<()> {
    {
        let process = &mut locked(running).process;
        if process.try_wait()?.is_some() {
            return Ok(());
        }
        process.signal(Signal::Terminate)?;
    }
    let deadline = Instant::now() + DRAIN_TIMEOUT;
    loop {
        {
            let process = &mut locked(running).process;
            if let Some(status) = process.try_wait()? {
                let (name, log) = (process.name(), process.log_tail(LOG_LINES));
                ensure!(status.success(), "{name} ended with a failure ({status}):\n{log}");
                return Ok(());
            }
            if Instant::now() >= deadline {
                process.kill()?;
                bail!("{} had not drained within {DRAIN_TIMEOUT:?} and was killed", process.name());
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

/// A sentence on a process that has ended.
fn ended(process: &mut Process) -> Result<Option<String>> {
    let status = process.try_wait()?;
    Ok(status
        .map(|status| format!("{} has ended ({status}):\n{}", process.name(), process.log_tail(LOG_LINES))))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
