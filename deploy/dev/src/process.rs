//! Starts a server process that can't outlive us: it dies with this process even when this one is
//! killed, and a Ctrl-C in the terminal reaches only us. Never restarts anything, never reads stdin.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{self, Sender, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How long `Drop` waits for a graceful end.
const DROP_GRACE: Duration = Duration::from_secs(10);
/// How long the death signal may take before SIGKILL follows; Postgres kills its own children
/// five seconds after a SIGQUIT, so this is a little more.
const DEATH_GRACE: Duration = Duration::from_secs(7);
/// How often a wait looks again.
const POLL: Duration = Duration::from_millis(10);
/// How much of a log's end `log_tail` reads.
const TAIL_BYTES: u64 = 64 * 1024;

/// The user a process runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunAs {
    /// The user of this process.
    Us,
    /// Another user, for a program that refuses root; only root can ask for it.
    User {
        /// Its user id.
        uid: u32,
        /// Its group id; supplementary groups are dropped.
        gid: u32,
    },
}

impl RunAs {
    /// Makes `command` run as this user.
    pub fn apply(self, command: &mut Command) {
        if let Self::User { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }

    /// Whether this user can reach and run `program`; asks it for its `--version`.
    pub fn can_run(self, program: &Path) -> bool {
        let mut command = Command::new(program);
        command.arg("--version").current_dir("/").stdin(Stdio::null());
        self.apply(&mut command);
        command.output().is_ok_and(|output| output.status.success())
    }
}

/// The signals a stack uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT; to Postgres a fast shutdown.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGQUIT; to Postgres an immediate shutdown that ends its children too.
    Quit,
    /// SIGKILL.
    Kill,
    /// SIGSTOP: it stands still, and holds all that it holds.
    Stop,
    /// SIGCONT: it goes on.
    Continue,
}

impl Signal {
    fn number(self) -> libc::c_int {
        match self {
            Self::Interrupt => libc::SIGINT,
            Self::Terminate => libc::SIGTERM,
            Self::Quit => libc::SIGQUIT,
            Self::Kill => libc::SIGKILL,
            Self::Stop => libc::SIGSTOP,
            Self::Continue => libc::SIGCONT,
        }
    }
}

/// A running child process; dropping it ends it within a bounded time.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    log_file: Option<PathBuf>,
    death_signal: Signal,
}

impl Process {
    /// Starts `command` in its own process group, as `run_as`, with its output in `log_file`
    /// (emptied first). `death_signal` is sent to it when this process ends, however it ends.
    ///
    /// # Errors
    /// The log can't be written, or the program can't be started.
    pub fn spawn(
        mut command: Command,
        name: &str,
        log_file: &Path,
        run_as: RunAs,
        death_signal: Signal,
    ) -> Result<Self> {
        let log = File::create(log_file).with_context(|| format!("cannot write {}", log_file.display()))?;
        let errors = log.try_clone().context("cannot share a log file")?;
        command.stdout(log).stderr(errors);
        run_as.apply(&mut command);
        let child = start(command, name, death_signal)?;
        Ok(Self { child, name: name.to_owned(), log_file: Some(log_file.to_owned()), death_signal })
    }

    /// Starts `command` in its own process group, with its output where the command says (this process's own if it says
    /// nothing). SIGTERM is sent to it when this process ends, however it ends.
    ///
    /// # Errors
    /// The program can't be started.
    pub fn spawn_in_view(command: Command, name: &str) -> Result<Self> {
        let death_signal = Signal::Terminate;
        let child = start(command, name, death_signal)?;
        Ok(Self { child, name: name.to_owned(), log_file: None, death_signal })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The name given at the start, for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The exit status if it has ended.
    ///
    /// # Errors
    /// The system doesn't know the process.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot ask after {}", self.name))
    }

    /// Waits at most `timeout`; `None` if it still runs then.
    ///
    /// # Errors
    /// The system doesn't know the process.
    pub fn wait(&mut self, timeout: Duration) -> Result<Option<ExitStatus>> {
        let deadline = Instant::now() + timeout;
        loop {
            let status = self.try_wait()?;
            if status.is_some() || Instant::now() >= deadline {
                return Ok(status);
            }
            thread::sleep(POLL);
        }
    }

    /// Sends a signal; does nothing if the process has ended.
    ///
    /// # Errors
    /// The system refuses.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.try_wait()?.is_some() {
            return Ok(());
        }
        // The child isn't reaped yet, so the id is still its own.
        send(self.child.id(), Whom::Process, signal)
            .with_context(|| format!("cannot send {signal:?} to {}", self.name))
    }

    /// Sends a signal to it and to all it started that stayed in its group; does nothing if it has ended.
    ///
    /// # Errors
    /// The system refuses.
    pub fn signal_group(&mut self, signal: Signal) -> Result<()> {
        if self.try_wait()?.is_some() {
            return Ok(());
        }
        send(self.child.id(), Whom::Group, signal)
            .with_context(|| format!("cannot send {signal:?} to the group of {}", self.name))
    }

    /// Asks it to end, waits at most `timeout`, then sends its death signal and at last SIGKILL.
    ///
    /// # Errors
    /// The system refuses a signal.
    pub fn stop(&mut self, graceful: Signal, timeout: Duration) -> Result<ExitStatus> {
        for (signal, grace) in [(graceful, timeout), (self.death_signal, DEATH_GRACE)] {
            self.signal(signal)?;
            if let Some(status) = self.wait(grace)? {
                return Ok(status);
            }
        }
        self.kill()
    }

    /// Ends it at once and reaps it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::Kill)?;
        self.child.wait().with_context(|| format!("cannot wait for {}", self.name))
    }

    /// The last `lines` lines of its log, or a sentence saying that there are none.
    #[must_use]
    pub fn log_tail(&self, lines: usize) -> String {
        let Some(log_file) = &self.log_file else {
            return format!("({} wrote where this process writes)", self.name);
        };
        let text = read_end(log_file).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().collect();
        if all.is_empty() {
            return format!("({} wrote nothing)", self.name);
        }
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nobody is left to be told of a failure, and the death signal still follows at our end.
        let _ = self.stop(Signal::Terminate, DROP_GRACE);
    }
}

fn start(mut command: Command, name: &str, death_signal: Signal) -> Result<Child> {
    command.stdin(Stdio::null()).process_group(0);
    die_with_us(&mut command, death_signal);
    let program = command.get_program().to_owned();
    spawn_on_lasting_thread(command).with_context(|| format!("cannot start {name} ({})", program.display()))
}

/// Who gets a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    /// One process.
    Process,
    /// Its whole group.
    Group,
}

/// Sends a signal to the process, or the group, of this id.
pub(crate) fn send(pid: u32, whom: Whom, signal: Signal) -> Result<()> {
    let pid = libc::pid_t::try_from(pid).context("a process id out of range")?;
    let target = if whom == Whom::Group { -pid } else { pid };
    #[expect(unsafe_code, reason = "std can send no signal but SIGKILL")]
    // SAFETY: kill takes no pointers.
    let answer = unsafe { libc::kill(target, signal.number()) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error().into()) }
}

/// Asks the kernel to signal the child when its parent dies.
#[expect(unsafe_code, reason = "only pre_exec runs after the change of user, which clears the death signal")]
fn die_with_us(command: &mut Command, death_signal: Signal) {
    let parent = std::process::id();
    // The system call wants a long; every signal number fits.
    let number = libc::c_ulong::from(death_signal.number().unsigned_abs());
    let ask = move || {
        // SAFETY: prctl with this option reads one integer and touches no memory of ours.
        if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, number) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // Had we died before the line above, nobody would ever send the signal.
        if std::os::unix::process::parent_id() != parent {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes two system calls; it neither allocates nor
    // takes a lock.
    unsafe { command.pre_exec(ask) };
}

struct Order {
    command: Command,
    answer: SyncSender<io::Result<Child>>,
}

/// The kernel sends the death signal when the *thread* that started the child ends. A test's or a
/// caller's thread may end early, so one thread that never ends starts every child.
fn spawn_on_lasting_thread(command: Command) -> io::Result<Child> {
    static ORDERS: LazyLock<Sender<Order>> = LazyLock::new(|| {
        let (sender, orders) = mpsc::channel::<Order>();
        // If no thread can be had, the receiver is dropped here and the send below fails.
        let _ = thread::Builder::new().name("spawner".to_owned()).spawn(move || {
            for mut order in orders {
                let _ = order.answer.send(order.command.spawn());
            }
        });
        sender
    });
    let (answer, result) = mpsc::sync_channel(1);
    let gone = || io::Error::other("the thread that starts processes is gone");
    ORDERS.send(Order { command, answer }).map_err(|_| gone())?;
    result.recv().map_err(|_| gone())?
}

fn read_end(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut text = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut text)?;
    Ok(text)
}
