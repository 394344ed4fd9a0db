//! A private NATS server with JetStream on a free loopback port: separate accounts, so that those who share it can't see
//! each other, each with the users of deploy/nats/accounts.conf. Creates no stream and never listens beyond loopback.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use uuid::Uuid;

use crate::cluster::SERVICES;
use crate::process::{Process, RunAs, Signal};
use crate::scratch::{Scratch, copy_for_everyone};
use crate::wheels::Binaries;

const START_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
const GREETING_TIMEOUT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);
const LOG_LINES: usize = 20;
const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;
/// What an operator's server includes, with one account and its users.
const ACCOUNTS_CONF: &str = include_str!("../../nats/accounts.conf");
const ACCOUNT: &str = "PRIMA: {";
/// The user for people, who may do anything in the account.
const OPERATOR: &str = "operator";

/// A running NATS server; dropping it stops it.
#[derive(Debug)]
pub struct Nats {
    process: Process,
    launch: Launch,
    port: u16,
    accounts: usize,
}

impl Nats {
    /// Starts a server with accounts `a0`, `a1`, …, each with a JetStream of its own and with the users of
    /// deploy/nats/accounts.conf, as `a0_staff`, and waits until it greets. All have one password.
    ///
    /// # Errors
    /// The program doesn't run as the scratch folder's user, or the server ends or isn't ready in
    /// time; the end of its log is in the message.
    pub fn start(binaries: &Binaries, scratch: &Scratch, accounts: usize) -> Result<Self> {
        let program = reachable_server(&binaries.nats_server, scratch)?;
        // A number would not be taken for text.
        let password = format!("p{}", Uuid::new_v4().simple());
        let store = scratch.folder("jetstream", 0o700)?;
        let ports = scratch.folder("ports", 0o700)?;
        let config = scratch.private_file("nats.conf", &config_text(&store, &ports, accounts)?)?;
        let launch = Launch {
            program,
            config,
            ports,
            folder: scratch.path().to_owned(),
            log_file: scratch.path().join("nats.log"),
            run_as: scratch.run_as(),
            password,
        };
        let (process, port) = launch.start(None)?;
        Ok(Self { process, launch, port, accounts })
    }

    /// Starts it again, at the same port, with what is in its store; it must have ended.
    ///
    /// # Errors
    /// It still runs, ends or isn't ready in time; the end of its log is in the message.
    pub fn start_again(&mut self) -> Result<()> {
        ensure!(self.process.try_wait()?.is_some(), "nats-server still runs");
        (self.process, self.port) = self.launch.start(Some(self.port))?;
        Ok(())
    }

    /// Has all users come in by another password once it is started again.
    pub fn change_password(&mut self, password: String) {
        self.launch.password = password;
    }

    /// The address for who may do anything in an account: `nats://a0_operator:password@127.0.0.1:port`.
    ///
    /// # Panics
    /// The server was started with fewer accounts.
    #[must_use]
    pub fn url(&self, account: usize) -> String {
        assert!(account < self.accounts, "account {account} of {}", self.accounts);
        format!("nats://a{account}_{OPERATOR}:{}@127.0.0.1:{}", self.launch.password, self.port)
    }

    /// The TCP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many accounts it has.
    #[must_use]
    pub fn accounts(&self) -> usize {
        self.accounts
    }

    /// The server's process.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The server's process, to ask whether it still runs.
    #[must_use]
    pub fn process_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// How the server is started.
#[derive(Debug)]
struct Launch {
    program: PathBuf,
    config: PathBuf,
    ports: PathBuf,
    folder: PathBuf,
    log_file: PathBuf,
    run_as: RunAs,
    password: String,
}

impl Launch {
    /// Starts the server, at any port where none is given, and waits until it greets.
    fn start(&self, port: Option<u16>) -> Result<(Process, u16)> {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).arg("--config").arg(&self.config);
        for user in SERVICES.into_iter().chain([OPERATOR]) {
            command.env(format!("PRIMA_NATS_{}_PASSWORD", user.to_uppercase()), &self.password);
        }
        if let Some(port) = port {
            command.args(["--port", &port.to_string()]);
        }
        let mut process = Process::spawn(command, "nats-server", &self.log_file, self.run_as, Signal::Kill)?;
        let port = wait_until_ready(&mut process, &self.ports)?;
        Ok((process, port))
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        // Nobody is left to be told of a failure, and SIGKILL follows a stop that takes too long.
        let _ = self.process.stop(Signal::Terminate, STOP_TIMEOUT);
    }
}

/// The program, or a copy in `scratch` where the servers' user can't reach it.
pub(crate) fn reachable_server(program: &Path, scratch: &Scratch) -> Result<PathBuf> {
    if scratch.run_as().can_run(program) {
        return Ok(program.to_owned());
    }
    let copy = scratch.path().join("nats-server");
    copy_for_everyone(program, &copy)?;
    Ok(copy)
}

/// The same address for a service, which may do less: `nats://a0_staff:password@127.0.0.1:port`.
#[must_use]
pub(crate) fn service_url(operator_url: &str, service: &str) -> String {
    operator_url.replacen(&format!("_{OPERATOR}:"), &format!("_{service}:"), 1)
}

/// The same address in another account.
#[must_use]
pub(crate) fn in_account(url: &str, account: usize) -> String {
    url.replacen("//a0_", &format!("//a{account}_"), 1)
}

/// The store's limit is only there because streams reserve their `max_bytes` against it, and the
/// default depends on the disk: many small stacks would be refused on a small one.
fn config_text(store: &Path, ports: &Path, accounts: usize) -> Result<String> {
    let body = ACCOUNTS_CONF
        .split_once(ACCOUNT)
        .and_then(|(_, rest)| rest.trim_end().strip_suffix('}'))
        .context("deploy/nats/accounts.conf is not one account")?;
    let accounts: String = (0..accounts)
        .map(|number| {
            let body = body.replace("user: \"", &format!("user: \"a{number}_"));
            format!("  a{number}: {{{body}")
        })
        .collect();
    Ok(format!(
        "listen: \"127.0.0.1:-1\"\n\
         ports_file_dir: {ports:?}\n\
         max_payload: {MAX_PAYLOAD_BYTES}\n\
         jetstream {{ store_dir: {store:?}, max_memory_store: 1GB, max_file_store: 10TB }}\n\
         accounts {{\n{accounts}}}\n"
    ))
}

/// The server chooses its port and writes it to a file once it listens; its greeting says that it
/// answers.
fn wait_until_ready(process: &mut Process, ports: &Path) -> Result<u16> {
    let file = ports.join(format!("nats-server_{}.ports", process.pid()));
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        if let Some(status) = process.try_wait()? {
            bail!("nats-server ended while starting ({status}):\n{}", process.log_tail(LOG_LINES));
        }
        if let Some(port) = fs::read(&file).ok().and_then(|text| port_in(&text)) {
            greet(port).with_context(|| format!("nats-server's log:\n{}", process.log_tail(LOG_LINES)))?;
            return Ok(port);
        }
        ensure!(
            Instant::now() < deadline,
            "nats-server is not ready within {START_TIMEOUT:?}:\n{}",
            process.log_tail(LOG_LINES)
        );
        thread::sleep(POLL);
    }
}

/// The client port in the server's file, if it is fully written.
fn port_in(text: &[u8]) -> Option<u16> {
    let ports: serde_json::Value = serde_json::from_slice(text).ok()?;
    ports["nats"][0].as_str()?.rsplit_once(':')?.1.parse().ok()
}

fn greet(port: u16) -> Result<()> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let stream =
        TcpStream::connect_timeout(&address, GREETING_TIMEOUT).context("cannot connect to nats-server")?;
    stream.set_read_timeout(Some(GREETING_TIMEOUT)).context("a socket without timeouts")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).context("nats-server doesn't greet")?;
    ensure!(line.starts_with("INFO "), "nats-server greets with {line:?}");
    Ok(())
}

#[cfg(test)]
mod tests;
