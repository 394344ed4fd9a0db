//! Service figures, counted from facts when they are asked for.

use super::{App, Callers, Failure};
use crate::{
    domain::{Figures, Period, UnitId, count},
    store,
};

impl App {
    /// A unit's figures of a period, its subtree included.
    pub(crate) async fn figures(
        &self,
        callers: &Callers,
        unit: UnitId,
        period: Period,
    ) -> Result<Figures, Failure> {
        let mut connection = self.database.acquire().await?;
        if store::unit::known(&mut connection, &[unit]).await?.is_empty() {
            return Err(Failure::NotFound(unit.to_string()));
        }
        callers.hold_all(&mut connection, &[unit]).await?;
        let span = period.instants(&kit::clock::jakarta());
        Ok(count(&store::fact::reports(&mut connection, unit.0, span).await?))
    }
}
