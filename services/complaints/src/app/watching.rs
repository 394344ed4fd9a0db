//! What watchers of reports read: a step is read from the timeline once for all who watch the same report, and what was
//! changed without a wake-up is found. Nothing is kept of a report that nobody watches.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use uuid::Uuid;

use super::{App, Failure, Sight, read::seen};
use crate::{
    domain::{ComplaintId, Step},
    store,
};

/// How often it is looked for changes of which no wake-up told.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Reports of which one statement asks.
const LOOK_AT: usize = 1_000;
/// Steps of one read.
const STEPS: i64 = 100;
/// From so many on it is looked which are left.
const SWEEP_FROM: usize = 64;

/// The reports that are watched in this process.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    feeds: Mutex<HashMap<Uuid, Weak<Feed>>>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Feed {
    id: ComplaintId,
    /// Held while it is read, so that the others find it read.
    read: tokio::sync::Mutex<Read>,
}

/// What was last read: all steps after a version, up to the newest.
#[derive(Debug, Default)]
struct Read {
    after: i64,
    steps: Vec<Step>,
}

impl Read {
    /// Whether it holds all steps between two versions.
    fn covers(&self, after: i64, newest: i64) -> bool {
        self.after <= after && self.steps.last().is_some_and(|step| step.version >= newest)
    }
}

impl Feeds {
    fn of(&self, id: ComplaintId) -> Arc<Feed> {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = feeds.get(&id.0).and_then(Weak::upgrade) {
            return feed;
        }
        // What nobody watches any more is cleared away before the table would grow.
        if feeds.len() >= SWEEP_FROM && feeds.len() == feeds.capacity() {
            feeds.retain(|_, feed| feed.strong_count() > 0);
        }
        let feed = Arc::new(Feed { id, read: tokio::sync::Mutex::default() });
        feeds.insert(id.0, Arc::downgrade(&feed));
        feed
    }
}

impl App {
    /// What all watchers of a report share.
    pub(crate) fn feed(&self, id: ComplaintId) -> Arc<Feed> {
        self.feeds.of(id)
    }

    /// The steps after a version, for a watch that was let in before; at most a batch. `newest` was heard of.
    pub(crate) async fn steps_since(
        &self,
        (feed, sight): (&Feed, Sight),
        (after, newest): (i64, i64),
    ) -> Result<Vec<Step>, Failure> {
        let mut read = feed.read.lock().await;
        if !read.covers(after, newest) {
            let mut connection = self.database.acquire().await?;
            let steps = store::timeline::list(&mut connection, feed.id, (after, STEPS)).await?;
            *read = Read { after, steps: self.open_steps(&mut connection, feed.id, steps).await? };
        }
        let steps = read.steps.iter().filter(|step| step.version > after).cloned().collect();
        Ok(seen(steps, sight))
    }

    /// Wakes the watchers of this process for changes of which no wake-up told them, for as long as the process lives.
    pub(crate) async fn find_changes(self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Err(failure) = self.look().await {
                tracing::warn!(error = %failure, "what is watched can't be looked at; trying again");
            }
        }
    }

    async fn look(&self) -> Result<(), Failure> {
        for ids in self.hub.watched().chunks(LOOK_AT) {
            let mut connection = self.database.acquire().await?;
            for (id, version) in store::complaint::versions(&mut connection, ids).await? {
                self.hub.wake_here(id, version);
            }
        }
        Ok(())
    }
}
