//! Takes away files whose upload was cut before a row named them. Nobody writes a file that is being taken away, and nobody
//! takes one away that a row names.

use std::time::Duration;

use crate::{
    app::{App, Failure},
    store,
};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(60);
/// An upload is long done by then.
const LEFT_FOR: Duration = Duration::from_secs(3_600);
/// Files of one turn.
const BATCH: i64 = 100;

impl App {
    /// Sweeps for as long as the process lives.
    pub(crate) async fn sweep_objects(self) {
        loop {
            tokio::time::sleep(EVERY).await;
            match self.sweep(LEFT_FOR).await {
                Ok(0) => {}
                Ok(files) => tracing::info!(files, "files of uploads that were cut are taken away"),
                Err(failure) => {
                    tracing::warn!(error = %failure, "files can't be taken away yet; trying again")
                }
            }
        }
    }

    /// Takes some files away that were begun so long ago; how many.
    pub(crate) async fn sweep(&self, left_for: Duration) -> Result<usize, Failure> {
        let mut connection = self.database.acquire().await?;
        let orphans = store::object::take_orphans(&mut connection, (left_for.as_secs_f64(), BATCH)).await?;
        drop(connection);
        for object in &orphans {
            let hash = object.as_slice().try_into().map_err(|_| Failure::ObjectChanged)?;
            self.objects.delete(&hash).await?;
            store::object::forget(&mut *self.database.acquire().await?, object).await?;
        }
        Ok(orphans.len())
    }
}
