//! Whether the process may be sent calls: a set of named conditions, all of which must hold; not before the first was
//! looked at. Health shows it; it never acts on it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;

/// The conditions, shared by all parts of a process.
#[derive(Clone, Debug)]
pub struct Readiness {
    conditions: Arc<Mutex<BTreeMap<&'static str, Option<String>>>>,
    changed: watch::Sender<bool>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self { conditions: Arc::default(), changed: watch::channel(false).0 }
    }
}

impl Readiness {
    /// Says what is missing of a condition; `None` where it holds.
    pub fn set(&self, condition: &'static str, missing: Option<String>) {
        let mut conditions = self.conditions.lock().unwrap_or_else(PoisonError::into_inner);
        let before = conditions.insert(condition, missing.clone());
        let ready = conditions.values().all(Option::is_none);
        drop(conditions);
        if before.flatten() != missing {
            match missing {
                Some(why) => tracing::warn!(condition, why, "not ready"),
                None => tracing::info!(condition, "ready"),
            }
        }
        self.changed.send_replace(ready);
    }

    /// What is missing, by condition.
    #[cfg(test)]
    pub(crate) fn missing(&self) -> Vec<(&'static str, String)> {
        let conditions = self.conditions.lock().unwrap_or_else(PoisonError::into_inner);
        conditions.iter().filter_map(|(condition, missing)| Some((*condition, missing.clone()?))).collect()
    }

    /// Follows whether all conditions hold.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<bool> {
        self.changed.subscribe()
    }
}
