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
/// the newest position is read, then which transactions write steps, and once all those have ended every step up to that
/// position is there, or never will be. Who begins later draws later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settling {
    /// All up to here is there.
    pub(crate) settled: i64,
    /// All up to this position is, once these transactions have ended.
    waits: Option<(i64, Vec<String>)>,
}

impl Settling {
    /// Looks again.
    async fn look(&mut self, connection: &mut PgConnection) -> Result<(), Failure> {
        let (newest, noted) = match self.waits.take() {
            Some((newest, noted)) => (newest, Some(noted)),
            None => (store::update::newest(connection).await?, None),
        };
        if newest <= self.settled {
            return Ok(());
        }
        let mut writing = store::update::writing(connection).await?;
        if let Some(noted) = noted {
            writing.retain(|transaction| noted.contains(transaction));
        }
        if writing.is_empty() {
            self.settled = newest;
        } else {
            self.waits = Some((newest, writing));
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
