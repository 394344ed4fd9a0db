//! Service figures, counted from facts when they are asked for.

use kit::identity::Caller;

use super::{App, Failure};
use crate::{
    domain::{Figures, Period, UnitId, count},
    store,
};

impl App {
    /// A unit's figures of a period, its subtree included.
    pub(crate) async fn figures(
        &self,
        caller: &Caller,
        unit: UnitId,
        period: Period,
    ) -> Result<Figures, Failure> {
        let mut connection = self.database.acquire().await?;
        match store::unit::known_and_covered(&mut connection, &caller.units, unit.0).await? {
            (false, _) => Err(Failure::NotFound(unit.to_string())),
            // A caller's units are those of its token alone until staff's seats are projected here.
            (true, false) => Err(Failure::UnitUnknown),
            (true, true) => {
                let span = period.instants(&kit::clock::jakarta());
                Ok(count(&store::fact::reports(&mut connection, unit.0, span).await?))
            }
        }
    }
}
