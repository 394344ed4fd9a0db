//! What a channel's reports came to, for the channel that tells their reporters: every step that is for citizens, in an
//! order that can be resumed anywhere and misses none.

use sqlx::PgConnection;

use super::{App, Failure, words::of_reference};
use crate::store::{self, update::ChannelStep};

/// Steps read at once.
const BATCH: i64 = 100;

/// A step, and the channel's own reference of its report; empty where none was given, or it was erased.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) step: ChannelStep,
    pub(crate) channel_reference: String,
}

/// Up to where the order of steps is settled. A position may be drawn before another and be committed after it: so first
/// the newest position is read, then which transactions run, and once all those have ended every step up to that position
/// is there, or never will be. Who drew later stands behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settling {
    /// All up to here is there.
    pub(crate) settled: i64,
    /// All up to this position is, once the transactions before this one have ended.
    waits: Option<(i64, i64)>,
}

impl Settling {
    /// Looks again.
    async fn look(&mut self, connection: &mut PgConnection) -> Result<(), Failure> {
        if self.waits.is_none() {
            let newest = store::update::newest(connection).await?;
            if newest <= self.settled {
                return Ok(());
            }
            let (_, next) = store::update::running(connection).await?;
            self.waits = Some((newest, next));
        }
        let (oldest, _) = store::update::running(connection).await?;
        if let Some((newest, next)) = self.waits
            && oldest >= next
        {
            (self.settled, self.waits) = (newest, None);
        }
        Ok(())
    }
}

impl App {
    /// The newest position that a step has or had.
    pub(crate) async fn newest_position(&self) -> Result<i64, Failure> {
        Ok(store::update::newest(&mut *self.database.acquire().await?).await?)
    }

    /// The next steps of a channel's reports after a position, as far as their order is settled; at most a batch.
    pub(crate) async fn updates_since(
        &self,
        channel: &str,
        (after, settling): (i64, &mut Settling),
    ) -> Result<Vec<Update>, Failure> {
        let mut connection = self.database.acquire().await?;
        settling.look(&mut connection).await?;
        if settling.settled <= after {
            return Ok(Vec::new());
        }
        let steps = store::update::list(&mut connection, channel, (after, settling.settled, BATCH)).await?;
        let keys = self.keys();
        let mut updates = Vec::with_capacity(steps.len());
        for step in steps {
            let id = step.complaint;
            let channel_reference = match (&step.wrapped_key, &step.sealed_reference) {
                (Some(wrapped), Some(sealed)) => {
                    keys.unwrap(id, wrapped)?.open_text(of_reference(id), sealed)?
                }
                _ => String::new(),
            };
            updates.push(Update { step, channel_reference });
        }
        Ok(updates)
    }
}
