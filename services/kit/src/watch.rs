//! Wake-ups for watchers: per resource the newest version, held, not queued, so that a burst is never lost and nothing
//! grows. It carries no content: a woken watcher reads what changed from the store. The other replicas are told over NATS;
//! what one of them misses is found by whoever looks from time to time.

mod road;
mod sending;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, watch};
use uuid::Uuid;

pub use sending::{Pace, Sending, Watch, open};

/// Wake-ups that wait to be told to the other replicas; more are left to be found.
const OUTWARD_MAX: usize = 10_000;

/// The resources that are watched in this process; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    channels: Mutex<HashMap<Uuid, watch::Sender<i64>>>,
    outward: Mutex<Vec<(Uuid, i64)>>,
    told: Notify,
}

impl Hub {
    /// Wakes the watchers of a resource, here and at the other replicas.
    pub fn wake(&self, id: Uuid, version: i64) {
        self.wake_here(id, version);
        let mut outward = self.shared.outward.lock().unwrap_or_else(PoisonError::into_inner);
        if outward.len() < OUTWARD_MAX {
            outward.push((id, version));
            self.shared.told.notify_one();
        }
    }

    /// Wakes the watchers of a resource in this process.
    pub fn wake_here(&self, id: Uuid, version: i64) {
        if let Some(channel) = self.channels().get(&id) {
            channel.send_if_modified(|newest| {
                let newer = version > *newest;
                *newest = version.max(*newest);
                newer
            });
        }
    }

    /// Follows a resource until the subscription is dropped.
    #[must_use]
    pub fn subscribe(&self, id: Uuid) -> Subscription {
        let receiver = self.channels().entry(id).or_insert_with(|| watch::channel(0).0).subscribe();
        Subscription { id, receiver, hub: self.clone() }
    }

    /// What is watched here: each resource once.
    #[must_use]
    pub fn watched(&self) -> Vec<Uuid> {
        self.channels().keys().copied().collect()
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<Uuid, watch::Sender<i64>>> {
        self.shared.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One watcher's wake-ups.
#[derive(Debug)]
pub struct Subscription {
    id: Uuid,
    receiver: watch::Receiver<i64>,
    hub: Hub,
}

impl Subscription {
    /// Waits until something is newer than at the last call.
    pub async fn woken(&mut self) {
        if self.receiver.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The newest version that was heard of; 0 where nothing was.
    #[must_use]
    pub fn newest(&self) -> i64 {
        *self.receiver.borrow()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut channels = self.hub.channels();
        // This subscription still counts as one receiver.
        if channels.get(&self.id).is_some_and(|channel| channel.receiver_count() <= 1) {
            channels.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests;
