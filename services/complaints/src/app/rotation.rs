//! The master keys of a running process: read from their file, read anew when it changes, and what older keys wrap wrapped
//! anew by the current one. Any number of replicas share the work, and nobody waits for it.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use anyhow::Context;
use kit::database::Deadline;

use super::{App, Failure, seal::MasterKeys};
use crate::store;

/// How often the file is read, and the tables are searched for what older keys wrap.
const EVERY: Duration = Duration::from_secs(5);
/// Keys wrapped anew in one transaction.
const BATCH: i64 = 500;

/// The master keys, from a file.
pub(crate) struct KeyFile {
    file: PathBuf,
    /// The text that was read last, and its keys.
    read: RwLock<(String, Arc<MasterKeys>)>,
}

impl KeyFile {
    /// Reads the file.
    ///
    /// # Errors
    /// It is unreadable, or holds a line that is no key.
    pub(crate) fn try_new(file: PathBuf) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("can't read the master keys in {}", file.display()))?;
        let keys = Arc::new(MasterKeys::try_new(&text)?);
        Ok(Self { file, read: RwLock::new((text, keys)) })
    }

    pub(super) fn current(&self) -> Arc<MasterKeys> {
        Arc::clone(&self.read.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// Takes the file over where it changed; keys that are none change nothing.
    async fn follow(&self) -> anyhow::Result<()> {
        let text = tokio::fs::read_to_string(&self.file).await?;
        if self.read.read().unwrap_or_else(PoisonError::into_inner).0 == text {
            return Ok(());
        }
        let keys = Arc::new(MasterKeys::try_new(&text)?);
        tracing::info!(key = keys.current(), "the master keys were read anew");
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = (text, keys);
        Ok(())
    }
}

impl App {
    /// Follows the file, and wraps anew what older keys wrap, for as long as the process lives.
    pub(crate) async fn rotate_keys(self) {
        loop {
            if let Err(error) = self.master_keys.follow().await {
                tracing::error!(error = %error, "the master keys can't be read anew; the last good ones stay");
            }
            match self.rewrap_all().await {
                Ok(0) => {}
                Ok(keys) => tracing::info!(keys, "reports' keys were wrapped anew"),
                Err(failure) => {
                    tracing::warn!(error = %failure, "reports' keys can't be wrapped anew yet; trying again");
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Wraps anew what other keys than the current one wrap; how many that were.
    pub(crate) async fn rewrap_all(&self) -> Result<usize, Failure> {
        let mut all = 0;
        loop {
            let app = self.clone();
            match kit::run::to_the_end(async move { app.rewrap_some().await }).await? {
                0 => return Ok(all),
                some => all += some,
            }
        }
    }

    async fn rewrap_some(&self) -> Result<usize, Failure> {
        let keys = self.keys();
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        let held = store::reporter::lock_wrapped_otherwise(&mut transaction, (keys.current(), BATCH)).await?;
        let mut anew = Vec::with_capacity(held.len());
        for (complaint, wrapped) in &held {
            anew.push((*complaint, keys.rewrap(*complaint, wrapped)?.bytes));
        }
        if !anew.is_empty() {
            store::reporter::rewrap(&mut transaction, keys.current(), &anew).await?;
        }
        transaction.commit().await?;
        Ok(anew.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_no_keys_changes_nothing_and_a_good_one_is_taken_over() {
        let file = std::env::temp_dir().join(format!("prima-master-keys-{}", uuid::Uuid::new_v4()));
        let line = |id| format!("{id} {}\n", "5a".repeat(32));
        std::fs::write(&file, line("a")).unwrap();
        let keys = KeyFile::try_new(file.clone()).unwrap();
        std::fs::write(&file, "b and no key").unwrap();
        keys.follow().await.unwrap_err();
        assert_eq!(keys.current().current(), "a");
        std::fs::write(&file, line("b")).unwrap();
        keys.follow().await.unwrap();
        assert_eq!(keys.current().current(), "b");
        std::fs::remove_file(&file).unwrap();
        keys.follow().await.unwrap_err();
        assert_eq!(keys.current().current(), "b");
    }
}
