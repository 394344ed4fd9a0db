//! Wake-ups for watchers: per resource the newest version, held, not queued, so that a burst is never lost and nothing
//! grows. It carries no content: a woken watcher reads what changed from the store.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;
use uuid::Uuid;

type Channels = Arc<Mutex<HashMap<Uuid, watch::Sender<i64>>>>;

/// The resources that are watched in this process.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    channels: Channels,
}

impl Hub {
    /// Wakes the watchers of a resource.
    pub fn wake(&self, id: Uuid, version: i64) {
        if let Some(channel) = self.channels.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
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
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = channels.entry(id).or_insert_with(|| watch::channel(0).0).subscribe();
        Subscription { id, receiver, channels: Arc::clone(&self.channels) }
    }
}

/// One watcher's wake-ups.
#[derive(Debug)]
pub struct Subscription {
    id: Uuid,
    receiver: watch::Receiver<i64>,
    channels: Channels,
}

impl Subscription {
    /// Waits until something is newer than at the last call.
    pub async fn woken(&mut self) {
        if self.receiver.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        // This subscription still counts as one receiver.
        if channels.get(&self.id).is_some_and(|channel| channel.receiver_count() <= 1) {
            channels.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_burst_leaves_one_wake_up_and_a_dropped_watcher_leaves_nothing() {
        let hub = Hub::default();
        let id = Uuid::from_u128(1);
        let mut watcher = hub.subscribe(id);
        for version in 1..=100 {
            hub.wake(id, version);
        }
        watcher.woken().await;
        assert_eq!(*watcher.receiver.borrow(), 100);
        drop(watcher);
        assert!(hub.channels.lock().unwrap().is_empty());
    }
}
