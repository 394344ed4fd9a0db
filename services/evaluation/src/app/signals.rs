//! Reading signals.

use super::{App, Callers, Failure, limit};
use crate::{
    domain::{SignalId, UnitId, signal::Signal},
    store::{self, After},
};

impl App {
    /// A signal.
    pub(crate) async fn signal(&self, callers: &Callers, id: SignalId) -> Result<Signal, Failure> {
        let mut connection = self.database.acquire().await?;
        let found = store::signal::get(&mut connection, id).await?;
        let signal = found.ok_or_else(|| Failure::NotFound(id.to_string()))?;
        callers.hold_all(&mut connection, &[signal.unit]).await?;
        Ok(signal)
    }

    /// Signals, newest first, with one more than the page where there are more.
    pub(crate) async fn signals(
        &self,
        callers: &Callers,
        filter: (Option<UnitId>, &str),
        (after, size): (After, usize),
    ) -> Result<Vec<Signal>, Failure> {
        let mut connection = self.database.acquire().await?;
        Ok(store::signal::list(&mut connection, (callers.ids(), filter), (after, limit(size) + 1)).await?)
    }
}
