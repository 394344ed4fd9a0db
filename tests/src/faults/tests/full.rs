//! The disk that JetStream writes to is full, and then it isn't.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use dev::stack::{Part, Stack};
use tokio::time::Instant;

use crate::faults::{checker::Checker, load::Load, options, start};

use super::{QUIET_WITHIN, WORKERS, seed};

const DISK: &str = "48m";
/// Events on the outbox by which it is seen that nothing is carried any more.
const WAITING: i64 = 100;

/// A small disk in the place of a folder, with what the folder held; the folder is there again when it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// Puts a disk there.
    fn mount(folder: &Path) -> Result<Self> {
        let owner = std::fs::metadata(folder)?;
        let options = format!("size={DISK},mode=700,uid={},gid={}", owner.uid(), owner.gid());
        let before = folder.with_extension("before");
        std::fs::rename(folder, &before)?;
        std::fs::create_dir(folder)?;
        let mounted = run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", &folder.display().to_string()]);
        if let Err(error) = mounted {
            std::fs::remove_dir(folder)?;
            std::fs::rename(&before, folder)?;
            return Err(error);
        }
        let disk = Self(folder.to_owned());
        run("cp", &["-a", &format!("{}/.", before.display()), &folder.display().to_string()])?;
        Ok(disk)
    }

    /// Writes until nothing more goes on it; answers what has to be removed again.
    fn fill(&self) -> Result<PathBuf> {
        let path = self.0.join("ballast");
        let mut file = std::fs::File::create(&path)?;
        let block = [0; 1 << 16];
        while file.write_all(&block).is_ok() {}
        Ok(path)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Nobody is left to be told of a failure; the folder then goes with the machine.
        let _ = run("umount", &["-l", &self.0.display().to_string()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).output().with_context(|| format!("no {program}"))?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

async fn outbox_holds(checker: &Checker, events: i64) -> Result<()> {
    let deadline = Instant::now() + QUIET_WITHIN;
    while checker.pending().await? < events {
        ensure!(Instant::now() < deadline, "the outbox does not grow");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_commands_go_on_and_what_waits_is_carried_once_there_is_room() {
    let mut options = options().unwrap();
    options.settings = vec![("PRIMA_STREAM_CHECK_SECONDS", "1".to_owned())];
    let stack = start(options, &[]).await.unwrap();
    let checker = Checker::connect(&stack).await.unwrap();
    stack.crash(Part::Nats).unwrap();
    let mounted = Disk::mount(&stack.folder().join("jetstream"));
    stack.revive(Part::Nats).await.unwrap();
    match mounted {
        Ok(disk) => filled_and_freed(&stack, &checker, &disk).await.unwrap(),
        Err(error) => {
            // Past what the test's runner keeps to itself.
            let _ = writeln!(std::io::stderr(), "SKIPPED: no small disk can be mounted here: {error:#}");
        }
    }
    drop(checker);
    stack.stop().await.unwrap();
}

async fn filled_and_freed(stack: &Stack, checker: &Checker, disk: &Disk) -> Result<()> {
    let load = Load::start(stack, &stack.addresses("complaints")?, WORKERS, seed()).await?;
    load.more_than(load.done()).await?;
    let ballast = disk.fill()?;
    outbox_holds(checker, WAITING).await?;
    load.more_than(load.done()).await?;
    std::fs::remove_file(ballast)?;
    // A server that met a full disk has put its streams away until it is started again.
    stack.crash(Part::Nats)?;
    stack.revive(Part::Nats).await?;
    load.more_than(load.done()).await?;
    load.stop().await?;
    let found = checker.quiet(QUIET_WITHIN).await?;
    ensure!(found.wrong().is_empty(), "{:?}", found.wrong());
    Ok(())
}
