//! Reading signals.

use super::{App, Failure, limit};
use crate::{
    domain::{SignalId, UnitId, signal::Signal},
    store::{self, After},
};

impl App {
    /// A signal.
    pub(crate) async fn signal(&self, id: SignalId) -> Result<Signal, Failure> {
        let found = store::signal::get(&mut *self.database.acquire().await?, id).await?;
        found.ok_or_else(|| Failure::NotFound(id.to_string()))
    }

    /// Signals, newest first, with one more than the page where there are more.
    pub(crate) async fn signals(
        &self,
        filter: (Option<UnitId>, &str),
        (after, size): (After, usize),
    ) -> Result<Vec<Signal>, Failure> {
        let mut connection = self.database.acquire().await?;
        Ok(store::signal::list(&mut connection, filter, (after, limit(size) + 1)).await?)
    }
}
