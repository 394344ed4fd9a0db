//! Whose figures a caller may see, and have made: those of its units and of the units below them.

use kit::identity::Caller;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Failure;
use crate::{domain::UnitId, store};

/// The units that a caller's token is for. They are the token's alone until staff's seats are projected here.
#[derive(Clone, Debug)]
pub(crate) struct Callers(Vec<Uuid>);

impl Callers {
    pub(crate) fn of(caller: &Caller) -> Self {
        Self(caller.units.clone())
    }

    /// The ids, for lists that show only what they hold.
    pub(crate) fn ids(&self) -> &[Uuid] {
        &self.0
    }

    /// Refuses where one of these units is outside.
    pub(super) async fn hold_all(
        &self,
        connection: &mut PgConnection,
        units: &[UnitId],
    ) -> Result<(), Failure> {
        let covered = store::unit::covered(connection, &self.0, units).await?;
        if units.iter().all(|unit| covered.contains(unit)) { Ok(()) } else { Err(Failure::UnitUnknown) }
    }

    /// Refuses where all of these units are outside.
    pub(super) async fn hold_any(
        &self,
        connection: &mut PgConnection,
        units: &[UnitId],
    ) -> Result<(), Failure> {
        let covered = store::unit::covered(connection, &self.0, units).await?;
        if covered.is_empty() { Err(Failure::UnitUnknown) } else { Ok(()) }
    }
}
