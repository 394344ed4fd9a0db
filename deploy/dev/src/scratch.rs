//! A fresh folder under the system's temp folder for one stack's data, sockets and logs, and the
//! user its servers run as. Gone on drop; what a killed process left is removed by the next one.
//! Never touches a folder that another user made or a living process holds.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, fchown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use uuid::Uuid;

use crate::process::RunAs;

/// The kernel's limit for the path of a unix socket.
const SOCKET_PATH_BYTES: usize = 107;
/// Room below the folder for `/sockets/.s.PGSQL.65535`.
const SOCKET_NAME_BYTES: usize = 24;
/// How often a name is tried before giving up.
const ATTEMPTS: usize = 8;
/// Users that own nothing of importance, in order of preference. The name has to be in
/// `/etc/passwd`, since initdb refuses a user without one.
const UNPRIVILEGED: [&str; 3] = ["nobody", "postgres", "daemon"];

/// One stack's folder. The lock on it says that its owner lives; the kernel frees it at any end.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    run_as: RunAs,
    _lock: File,
}

impl Scratch {
    /// Makes `<temp>/<prefix>-<8 hex digits>`, mode 0711, owned by the user the servers run as,
    /// after removing such folders whose owner has died.
    ///
    /// # Errors
    /// No temp folder suits, or as root there is no other user to run as.
    pub fn try_new(prefix: &str) -> Result<Self> {
        let run_as = server_user()?;
        let base = base_folder(prefix, run_as)?;
        remove_abandoned(&base, prefix, run_as);
        for _ in 0..ATTEMPTS {
            let name = Uuid::new_v4().simple().to_string();
            let path = base.join(format!("{prefix}-{}", &name[..8]));
            let made =
                make_folder(&path, 0o711, run_as).with_context(|| format!("cannot make {}", path.display()));
            if let Err(error) = made {
                if error.downcast_ref::<std::io::Error>().is_some_and(is_name_taken) {
                    continue;
                }
                return Err(error);
            }
            // Another process may take it for abandoned before it is locked; then try again.
            if let Some(lock) = lock_folder(&path)? {
                return Ok(Self { path, run_as, _lock: lock });
            }
        }
        bail!("cannot make a folder of our own in {}", base.display())
    }

    /// Removes folders of this prefix whose owner has died.
    ///
    /// # Errors
    /// No temp folder suits, or as root there is no other user to run as.
    pub fn clear_abandoned(prefix: &str) -> Result<()> {
        let run_as = server_user()?;
        remove_abandoned(&base_folder(prefix, run_as)?, prefix, run_as);
        Ok(())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The user its servers run as: us, or as root an unprivileged one.
    #[must_use]
    pub fn run_as(&self) -> RunAs {
        self.run_as
    }

    /// Makes a folder in it that belongs to the servers' user.
    ///
    /// # Errors
    /// It exists, or can't be made.
    pub fn folder(&self, name: &str, mode: u32) -> Result<PathBuf> {
        let path = self.path.join(name);
        make_folder(&path, mode, self.run_as).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(path)
    }

    /// Writes a file in it that only the servers' user (and root) can read.
    ///
    /// # Errors
    /// It exists, or can't be written.
    pub fn private_file(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            if let RunAs::User { uid, gid } = self.run_as {
                fchown(&file, Some(uid), Some(gid))?;
            }
            file.write_all(content.as_bytes())
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What can't be removed now is removed by the next `try_new`, once the lock is gone.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Copies a file or a folder with all in it, readable and, where it was so, runnable by everyone.
///
/// # Errors
/// Something can't be read or written.
pub fn copy_for_everyone(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot copy {} to {}", from.display(), to.display());
    if fs::metadata(from).with_context(context)?.is_dir() {
        make_folder(to, 0o755, RunAs::Us).with_context(context)?;
        for entry in fs::read_dir(from).with_context(context)? {
            let name = entry.with_context(context)?.file_name();
            copy_for_everyone(&from.join(&name), &to.join(&name))?;
        }
    } else {
        fs::copy(from, to).with_context(context)?;
        let mode = fs::metadata(to).with_context(context)?.mode();
        let mode = if mode & 0o100 == 0 { 0o644 } else { 0o755 };
        fs::set_permissions(to, Permissions::from_mode(mode)).with_context(context)?;
    }
    Ok(())
}

/// The user that owns our processes by default.
fn effective_uid() -> u32 {
    #[expect(unsafe_code, reason = "std has no call for it")]
    // SAFETY: the call takes nothing, touches no memory and can't fail.
    unsafe {
        libc::geteuid()
    }
}

/// Postgres refuses root, so as root the servers run as somebody else.
fn server_user() -> Result<RunAs> {
    if effective_uid() != 0 {
        return Ok(RunAs::Us);
    }
    let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    for name in UNPRIVILEGED {
        for line in users.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            if let [user, _, uid, gid, ..] = fields[..]
                && user == name
                && let (Ok(uid), Ok(gid)) = (uid.parse(), gid.parse())
            {
                return Ok(RunAs::User { uid, gid });
            }
        }
    }
    bail!("Postgres refuses to run as root, and /etc/passwd has none of {UNPRIVILEGED:?} to run it as")
}

/// The first temp folder that the servers' user can enter and whose path leaves room for a socket.
fn base_folder(prefix: &str, run_as: RunAs) -> Result<PathBuf> {
    let own_bytes = prefix.len() + "/-01234567".len() + SOCKET_NAME_BYTES;
    let candidates = [std::env::temp_dir(), PathBuf::from("/tmp")];
    let suits = |folder: &&PathBuf| {
        folder.is_dir()
            && folder.is_absolute()
            && folder.as_os_str().len() + own_bytes <= SOCKET_PATH_BYTES
            && (run_as == RunAs::Us || everyone_can_enter(folder))
    };
    candidates.iter().find(suits).cloned().with_context(|| {
        format!("none of {candidates:?} is a temp folder that another user can enter and whose path is short enough for a socket; set TMPDIR to one")
    })
}

fn everyone_can_enter(folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    folder.ancestors().all(|part| fs::metadata(part).is_ok_and(|found| found.mode() & 0o001 != 0))
}

/// Makes a folder with exactly this mode, whatever the umask, and gives it to `run_as`.
fn make_folder(path: &Path, mode: u32, run_as: RunAs) -> std::io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    if let RunAs::User { uid, gid } = run_as {
        chown(path, Some(uid), Some(gid))?;
    }
    Ok(())
}

fn is_name_taken(error: &std::io::Error) -> bool {
    // NotFound: taken for abandoned and removed between two of the calls.
    matches!(error.kind(), std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotFound)
}

/// Locks the folder, or says `None` if somebody else holds or has removed it.
fn lock_folder(path: &Path) -> Result<Option<File>> {
    let Ok(folder) = File::open(path) else { return Ok(None) };
    match folder.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    let ours = folder.metadata().context("cannot look at a locked folder")?.ino();
    Ok(fs::metadata(path).is_ok_and(|found| found.ino() == ours).then_some(folder))
}

/// Removes folders of this prefix that nobody holds; what fails is left for the next time.
fn remove_abandoned(base: &Path, prefix: &str, run_as: RunAs) {
    // Ours as well as the servers': one may die before it gives its folder away.
    let servers = match run_as {
        RunAs::Us => effective_uid(),
        RunAs::User { uid, .. } => uid,
    };
    let owners = [effective_uid(), servers];
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        let ours = entry.metadata().is_ok_and(|found| found.is_dir() && owners.contains(&found.uid()));
        if ours
            && is_scratch_name(&entry.file_name(), prefix)
            && let Ok(Some(_lock)) = lock_folder(&entry.path())
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_scratch_name(name: &OsStr, prefix: &str) -> bool {
    let digits = name.to_str().and_then(|name| name.strip_prefix(prefix)?.strip_prefix('-'));
    digits.is_some_and(|digits| digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
