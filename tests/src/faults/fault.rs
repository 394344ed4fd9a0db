//! What can happen, how it is made to happen, and how it ends.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use dev::{
    proxy::Weather,
    stack::{Part, Stack, Way},
};

use super::checker::Checker;

/// Two of the sixteen shards.
const PURGED: [&str; 2] = ["evt.complaints.*.3.>", "evt.complaints.*.11.>"];
/// Of so many answers of Postgres one is lost, where some are.
const LOST_ANSWER_OF: u32 = 40;
/// How long everything waits on a slow way.
const SLOW: Duration = Duration::from_millis(30);

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
    /// A producer's Postgres does what it is asked, commits included, and now and then the answer is lost with its
    /// connection.
    AnswersLost,
    /// A producer's connections to Postgres are cut, and no new ones are to be had.
    ProducerWithoutPostgres,
    /// A consumer's connections to Postgres are cut, and no new ones are to be had.
    ConsumerWithoutPostgres,
    /// A consumer's Postgres is silent; connections stay.
    ConsumerPostgresSilent,
    /// A producer is parted from NATS, without a word.
    ProducerParted,
    /// A consumer's connections to NATS are cut, and no new ones are to be had.
    ConsumerWithoutNats,
    /// Everything between a producer and NATS takes long.
    RoadSlow,
}

impl Fault {
    pub(super) const ALL: [Self; 20] = [
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
        Self::AnswersLost,
        Self::ProducerWithoutPostgres,
        Self::ConsumerWithoutPostgres,
        Self::ConsumerPostgresSilent,
        Self::ProducerParted,
        Self::ConsumerWithoutNats,
        Self::RoadSlow,
    ];

    async fn strike(self, stack: &Stack, checker: &Checker) -> Result<()> {
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
            _ => {
                let (service, way, weather) = self.weather().context("no weather to make")?;
                stack.proxy(service, way)?.set(weather);
            }
        }
        Ok(())
    }

    async fn heal(self, stack: &Stack) -> Result<()> {
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
                stack.thaw(self.frozen().context("nothing to thaw")?)?;
            }
            _ => {
                let (service, way, _) = self.weather().context("no weather to clear")?;
                stack.proxy(service, way)?.set(Weather::Fair);
            }
        }
        Ok(())
    }

    /// Strikes, lasts for a while, and is healed; the checker takes note of what it takes from the stream.
    pub(super) async fn happen(self, stack: &Stack, checker: &Checker, lasting: Duration) -> Result<()> {
        let begun = SystemTime::now();
        self.strike(stack, checker).await.with_context(|| format!("{self:?} could not strike"))?;
        tokio::time::sleep(lasting).await;
        self.heal(stack).await.with_context(|| format!("{self:?} could not be healed"))?;
        if self.loses() {
            checker.lost_since(begun);
        }
        Ok(())
    }

    /// Of so many faults that strike at random, how many are of this kind. After a stream was lost or cut, what was told in
    /// a quarter of an hour and more is published again: that takes its time, so it is rare.
    pub(super) fn weight(self) -> u32 {
        if matches!(self, Self::StreamDeleted | Self::StreamCut) { 1 } else { 4 }
    }

    /// How long it must last, at least, to be more than a hiccup.
    pub(super) fn lasts(self) -> Duration {
        match self {
            // Longer than the relay waits for an ack, shorter than a watch's patience.
            Self::NatsFrozen
            | Self::PostgresFrozen
            | Self::ProducerFrozen
            | Self::ConsumerFrozen
            | Self::ConsumerPostgresSilent
            | Self::ProducerParted => Duration::from_secs(3),
            _ => Duration::from_millis(700),
        }
    }

    /// Whether the stream loses what it had acknowledged.
    fn loses(self) -> bool {
        matches!(self, Self::StreamDeleted | Self::StreamCut | Self::StreamHoled)
    }

    /// On whose way to what, and what happens there.
    fn weather(self) -> Option<(&'static str, Way, Weather)> {
        Some(match self {
            Self::AnswersLost => ("complaints", Way::Postgres, Weather::LosesAnswers(LOST_ANSWER_OF)),
            Self::ProducerWithoutPostgres => ("complaints", Way::Postgres, Weather::Cut),
            Self::ConsumerWithoutPostgres => ("evaluation", Way::Postgres, Weather::Cut),
            Self::ConsumerPostgresSilent => ("evaluation", Way::Postgres, Weather::Stalled),
            Self::ProducerParted => ("complaints", Way::Nats, Weather::Stalled),
            Self::ConsumerWithoutNats => ("evaluation", Way::Nats, Weather::Cut),
            Self::RoadSlow => ("complaints", Way::Nats, Weather::Slow(SLOW)),
            _ => return None,
        })
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
