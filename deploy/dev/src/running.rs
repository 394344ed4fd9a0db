//! The stacks of this clone that run: each `cargo dev up` leaves a file with its addresses for as long as it lives, so that
//! other commands find it. A lock on the file says that its owner lives; the kernel frees it at any end.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::process::{Signal, Whom, send};
use crate::stack::Stack;

const END_TIMEOUT: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);

/// The services' addresses, `http://127.0.0.1:port` each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the service of its name")]
pub struct ServiceUrls {
    pub complaints: String,
    pub staff: String,
    pub training: String,
    pub evaluation: String,
}

impl ServiceUrls {
    /// Those of a stack.
    ///
    /// # Errors
    /// It lacks a service.
    pub fn of(stack: &Stack) -> Result<Self> {
        let url = |name| stack.service(name).map(|service| service.url());
        Ok(Self {
            complaints: url("complaints")?,
            staff: url("staff")?,
            training: url("training")?,
            evaluation: url("evaluation")?,
        })
    }
}

/// What is noted of a stack.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Note {
    /// The process that owns it.
    pub pid: u32,
    /// Its services.
    pub services: ServiceUrls,
    /// Its database, as the superuser.
    pub postgres: String,
    /// Its NATS.
    pub nats: String,
    /// What its tokens are signed with.
    pub signing_key: String,
}

/// A note of ours, gone on drop.
#[derive(Debug)]
pub struct Noted {
    path: PathBuf,
    _lock: File,
}

impl Drop for Noted {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Leaves a note below `target_dev`: `stack/<pid>.json`, for its owner to read.
///
/// # Errors
/// It can't be written.
pub fn note(target_dev: &Path, note: &Note) -> Result<Noted> {
    let folder = target_dev.join("stack");
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .context("cannot make the stacks' folder")?;
    // Complete and locked before it has its name, which no living stack but this one can have.
    let partial = folder.join(format!("{}.partial", note.pid));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.lock().context("cannot lock a file of our own")?;
    file.write_all(serde_json::to_string_pretty(note)?.as_bytes())?;
    let path = folder.join(format!("{}.json", note.pid));
    fs::rename(&partial, &path).context("cannot note the stack")?;
    Ok(Noted { path, _lock: file })
}

/// The stacks that run, newest first. What a killed one left is removed.
///
/// # Errors
/// A note can't be read.
pub fn all(target_dev: &Path) -> Result<Vec<Note>> {
    let Ok(entries) = fs::read_dir(target_dev.join("stack")) else { return Ok(Vec::new()) };
    let mut notes: Vec<(SystemTime, Note)> = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        if is_abandoned(&path) {
            let _ = fs::remove_file(&path);
            continue;
        }
        // One that ends just now takes its note along.
        let Ok(text) = fs::read(&path) else { continue };
        let note = serde_json::from_slice(&text).with_context(|| format!("{} is no note", path.display()))?;
        notes.push((
            fs::metadata(&path).and_then(|found| found.modified()).unwrap_or(SystemTime::UNIX_EPOCH),
            note,
        ));
    }
    notes.sort_by_key(|(written, _)| std::cmp::Reverse(*written));
    Ok(notes.into_iter().map(|(_, note)| note).collect())
}

/// The stack of this process id, or the newest.
///
/// # Errors
/// None runs, or not this one.
pub fn find(target_dev: &Path, pid: Option<u32>) -> Result<Note> {
    let notes = all(target_dev)?;
    let running: Vec<u32> = notes.iter().map(|note| note.pid).collect();
    let found = notes.into_iter().find(|note| pid.is_none_or(|pid| note.pid == pid));
    match (found, pid) {
        (Some(note), _) => Ok(note),
        (None, Some(pid)) => bail!("no stack {pid} runs from this clone; these do: {running:?}"),
        (None, None) => bail!("no stack runs from this clone: start one with `cargo dev up`"),
    }
}

/// Asks a stack's owner to end and waits until it has.
///
/// # Errors
/// It has not ended within a minute.
pub async fn end(target_dev: &Path, pid: u32) -> Result<()> {
    let asked = send(pid, Whom::Process, Signal::Terminate);
    // It may have ended since it was found.
    if asked.is_err() && all(target_dev)?.iter().all(|note| note.pid != pid) {
        return Ok(());
    }
    asked.with_context(|| format!("cannot ask {pid} to end"))?;
    let deadline = Instant::now() + END_TIMEOUT;
    while all(target_dev)?.iter().any(|note| note.pid == pid) {
        ensure!(Instant::now() < deadline, "{pid} has not ended within {END_TIMEOUT:?}");
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// Whether nobody holds the file.
fn is_abandoned(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn note_of(pid: u32) -> Note {
        let url = String::new;
        let services = ServiceUrls { complaints: url(), staff: url(), training: url(), evaluation: url() };
        Note { pid, services, postgres: url(), nats: url(), signing_key: url() }
    }

    #[test]
    fn two_stacks_of_a_clone_are_told_apart_and_a_dead_one_is_forgotten() {
        let scratch = Scratch::try_new("prima-test").unwrap();
        let target = scratch.path();
        assert!(find(target, None).is_err());
        let first = note(target, &note_of(1)).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let second = note(target, &note_of(2)).unwrap();
        assert!(first.path.ends_with("stack/1.json") && second.path.ends_with("stack/2.json"));
        assert_eq!((find(target, None).unwrap().pid, find(target, Some(1)).unwrap().pid), (2, 1));

        // As after a kill: the file is there, the lock is not.
        let left = first.path.clone();
        fs::copy(&left, target.join("stack/3.json")).unwrap();
        drop(first);
        assert_eq!(all(target).unwrap().iter().map(|note| note.pid).collect::<Vec<_>>(), [2]);
        assert!(!left.exists() && !target.join("stack/3.json").exists());
        assert!(find(target, Some(3)).unwrap_err().to_string().contains("[2]"));
    }

    #[test]
    fn stacks_that_start_at_once_beside_dead_ones_all_leave_a_note() {
        const AT_ONCE: u32 = 8;
        for _ in 0..50 {
            let scratch = Scratch::try_new("prima-test").unwrap();
            let target = scratch.path();
            // As after kills: the files are there, the locks are not.
            let folder = target.join("stack");
            fs::create_dir(&folder).unwrap();
            for name in ["1.json", "99.json"] {
                fs::write(folder.join(name), "{}").unwrap();
            }
            let begin = std::sync::Barrier::new(AT_ONCE as usize);
            let start = &|pid| {
                begin.wait();
                note(target, &note_of(pid)).unwrap()
            };
            let noted: Vec<Noted> = std::thread::scope(|scope| {
                let starts: Vec<_> = (1..=AT_ONCE).map(|pid| scope.spawn(move || start(pid))).collect();
                starts.into_iter().map(|start| start.join().unwrap()).collect()
            });
            let mut pids: Vec<u32> = all(target).unwrap().iter().map(|note| note.pid).collect();
            pids.sort_unstable();
            assert_eq!(pids, (1..=AT_ONCE).collect::<Vec<_>>());
            drop(noted);
        }
    }
}
