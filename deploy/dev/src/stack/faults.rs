//! What can happen to a running stack, made to happen: parts that freeze, die and come back, and more processes of a
//! service.

use anyhow::{Context, Result};

use super::{Stack, Way, locked};
use crate::process::{Process, Signal};
use crate::proxy::Proxy;
use crate::services::ServiceProcess;

/// A part of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A service, by its name: its first process.
    Service(&'static str),
    /// NATS.
    Nats,
    /// Postgres.
    Postgres,
}

impl Stack {
    /// Lets a part stand still (SIGSTOP), with all that it holds.
    ///
    /// # Errors
    /// There is no such part, or the system refuses.
    pub fn freeze(&self, part: Part) -> Result<()> {
        self.with(part, |process| process.signal(Signal::Stop))
    }

    /// Lets a frozen part go on.
    ///
    /// # Errors
    /// There is no such part, or the system refuses.
    pub fn thaw(&self, part: Part) -> Result<()> {
        self.with(part, |process| process.signal(Signal::Continue))
    }

    /// Ends a part at once, as a crash would. What it had written is kept.
    ///
    /// # Errors
    /// There is no such part, or the system refuses.
    pub fn crash(&self, part: Part) -> Result<()> {
        self.with(part, |process| {
            if part == Part::Postgres {
                // Its children would outlive a killed postmaster for a while; this ends them too, and writes nothing.
                process.signal(Signal::Quit)?;
                process.wait(super::DRAIN_TIMEOUT)?.context("Postgres did not end")?;
                return Ok(());
            }
            process.kill().map(drop)
        })
    }

    /// Starts a part again that crashed, at its old address, and waits until it is ready. Of a service that runs nothing is
    /// left to be started.
    ///
    /// # Errors
    /// There is no such part, it runs, or it isn't ready in time.
    pub async fn revive(&self, part: Part) -> Result<()> {
        match part {
            Part::Service(name) => self.restart(name).await.map(drop),
            // Both block for a moment, which a test's stack can bear.
            Part::Nats => tokio::task::block_in_place(|| locked(&self.servers).nats.start_again()),
            Part::Postgres => tokio::task::block_in_place(|| locked(&self.servers).postgres.start_again()),
        }
    }

    /// Starts one more process of a service and waits until it is ready.
    ///
    /// # Errors
    /// There is none of this name, or it doesn't start or isn't ready in time.
    pub async fn add_replica(&self, name: &str) -> Result<ServiceProcess> {
        let member = self.member(name)?;
        let running = member.program.serve().await?;
        let seen = running.seen.clone();
        locked(&member.replicas).push(running);
        Ok(seen)
    }

    /// Where all processes of a service serve gRPC, as clients take it.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn addresses(&self, name: &str) -> Result<Vec<String>> {
        let member = self.member(name)?;
        let first = locked(&member.running).seen.url();
        let replicas = locked(&member.replicas);
        Ok(std::iter::once(first).chain(replicas.iter().map(|running| running.seen.url())).collect())
    }

    /// The proxy on a service's way to a server.
    ///
    /// # Errors
    /// The stack was started without one there.
    pub fn proxy(&self, service: &str, way: Way) -> Result<&Proxy> {
        self.ways.get(service, way).with_context(|| format!("{service} goes straight to {way:?}"))
    }

    /// Ends the further processes of a service at once, by SIGKILL.
    ///
    /// # Errors
    /// There is none of this name, or the system refuses.
    pub fn end_replicas(&self, name: &str) -> Result<()> {
        let mut replicas = std::mem::take(&mut *locked(&self.member(name)?.replicas));
        replicas.iter_mut().try_for_each(|running| running.process.kill().map(drop))
    }

    pub(super) fn signal_replicas(&self) {
        for member in &self.members {
            for replica in locked(&member.replicas).iter_mut() {
                // Each is then waited for when it is dropped, and killed if it takes too long.
                let _ = replica.process.signal(Signal::Terminate);
            }
        }
    }

    fn with<T>(&self, part: Part, act: impl FnOnce(&mut Process) -> Result<T>) -> Result<T> {
        match part {
            Part::Service(name) => act(&mut locked(&self.member(name)?.running).process),
            Part::Nats => act(locked(&self.servers).nats.process_mut()),
            Part::Postgres => act(locked(&self.servers).postgres.process_mut()),
        }
    }
}
