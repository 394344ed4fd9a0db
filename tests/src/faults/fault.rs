//! What can happen, how it is made to happen, and how it ends.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use dev::stack::{Part, Stack};

use super::checker::Checker;

/// Longer than the relay waits for an ack, shorter than a watch's patience.
const FROZEN: Duration = Duration::from_secs(3);
/// Two of the sixteen shards.
const PURGED: [&str; 2] = ["evt.complaints.*.3.>", "evt.complaints.*.11.>"];

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The stream is deleted, and its consumers with it.
    StreamDeleted,
    /// The stream is what it was a while ago: what it acknowledged since is gone.
    StreamCut,
    /// Messages in the middle of the stream are gone.
    StreamHoled,
    /// A durable consumer is deleted.
    DurableDeleted,
    /// What a consumer knew is gone or old, though it was applied once; and its durable consumer is deleted.
    ProjectionLost,
    /// NATS is killed and comes back.
    NatsKilled,
    /// NATS stands still for a while.
    NatsFrozen,
    /// Postgres crashes and recovers.
    PostgresCrashed,
    /// Postgres stands still for a while.
    PostgresFrozen,
    /// A producer is killed and comes back.
    ProducerKilled,
    /// A consumer is killed and comes back.
    ConsumerKilled,
    /// A producer stands still for a while; another process of it goes on.
    ProducerFrozen,
    /// A consumer stands still for a while; another process of it goes on.
    ConsumerFrozen,
}

impl Fault {
    pub(super) const ALL: [Self; 13] = [
        Self::StreamDeleted,
        Self::StreamCut,
        Self::StreamHoled,
        Self::DurableDeleted,
        Self::ProjectionLost,
        Self::NatsKilled,
        Self::NatsFrozen,
        Self::PostgresCrashed,
        Self::PostgresFrozen,
        Self::ProducerKilled,
        Self::ConsumerKilled,
        Self::ProducerFrozen,
        Self::ConsumerFrozen,
    ];

    pub(super) async fn strike(self, stack: &Stack, checker: &Checker) -> Result<()> {
        match self {
            Self::StreamDeleted => {
                ensure!(checker.jetstream().delete_stream("EVT_COMPLAINTS").await?.success, "not deleted");
            }
            Self::StreamCut => {
                stack.crash(Part::Nats)?;
                copy(&stack.folder().join("jetstream"), &stack.folder().join("jetstream-before"))?;
                stack.revive(Part::Nats).await?;
            }
            Self::StreamHoled => {
                let stream = checker.jetstream().get_stream("EVT_COMPLAINTS").await?;
                for subject in PURGED {
                    stream.purge().filter(subject).await?;
                }
            }
            Self::DurableDeleted => {
                let stream = checker.jetstream().get_stream("EVT_COMPLAINTS").await?;
                ensure!(stream.delete_consumer("evaluation").await?.success, "not deleted");
            }
            Self::ProjectionLost => {
                checker.forget("DELETE FROM evaluation.unit WHERE id::text < '8'").await?;
                checker.forget("UPDATE evaluation.unit SET epoch = 1, parent = NULL").await?;
                let stream = checker.jetstream().get_stream("EVT_STAFF").await?;
                ensure!(stream.delete_consumer("evaluation").await?.success, "not deleted");
            }
            Self::NatsKilled => stack.crash(Part::Nats)?,
            Self::PostgresCrashed => stack.crash(Part::Postgres)?,
            Self::ProducerKilled => stack.crash(Part::Service("complaints"))?,
            Self::ConsumerKilled => stack.crash(Part::Service("evaluation"))?,
            Self::NatsFrozen | Self::PostgresFrozen | Self::ProducerFrozen | Self::ConsumerFrozen => {
                stack.freeze(self.frozen().context("nothing to freeze")?)?;
            }
        }
        Ok(())
    }

    pub(super) async fn heal(self, stack: &Stack, _: &Checker) -> Result<()> {
        match self {
            Self::StreamDeleted | Self::StreamHoled | Self::DurableDeleted | Self::ProjectionLost => {}
            Self::StreamCut => {
                let (store, before) =
                    (stack.folder().join("jetstream"), stack.folder().join("jetstream-before"));
                stack.crash(Part::Nats)?;
                std::fs::remove_dir_all(&store)?;
                std::fs::rename(&before, &store)?;
                stack.revive(Part::Nats).await?;
            }
            Self::NatsKilled => stack.revive(Part::Nats).await?,
            Self::PostgresCrashed => stack.revive(Part::Postgres).await?,
            Self::ProducerKilled => stack.revive(Part::Service("complaints")).await?,
            Self::ConsumerKilled => stack.revive(Part::Service("evaluation")).await?,
            Self::NatsFrozen | Self::PostgresFrozen | Self::ProducerFrozen | Self::ConsumerFrozen => {
                tokio::time::sleep(FROZEN).await;
                stack.thaw(self.frozen().context("nothing to thaw")?)?;
            }
        }
        Ok(())
    }

    /// Whether the stream loses what it had acknowledged.
    pub(super) fn loses(self) -> bool {
        matches!(self, Self::StreamDeleted | Self::StreamCut | Self::StreamHoled)
    }

    fn frozen(self) -> Option<Part> {
        match self {
            Self::NatsFrozen => Some(Part::Nats),
            Self::PostgresFrozen => Some(Part::Postgres),
            Self::ProducerFrozen => Some(Part::Service("complaints")),
            Self::ConsumerFrozen => Some(Part::Service("evaluation")),
            _ => None,
        }
    }
}

/// With owners and times, as a backup would have them.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let status = Command::new("cp").arg("-a").args([from, to]).status().context("cp can't be run")?;
    ensure!(status.success(), "{} can't be copied", from.display());
    Ok(())
}
