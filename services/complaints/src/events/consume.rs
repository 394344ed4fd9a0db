//! What this service takes from others' events: the tree of units, by which reports are routed and seen.

use kit::events::{Handler, HandlerError, Projection, Received};
use prost::{Message, Name};
use proto::staff::{events::v1::UnitChanged, v1};
use sqlx::PgConnection;
use tonic::async_trait;
use uuid::Uuid;

use crate::store::{self, unit::Unit};

/// Staff's events.
pub(crate) struct StaffEvents;

#[async_trait]
impl Handler for StaffEvents {
    async fn apply(&self, connection: &mut PgConnection, event: &Received) -> Result<(), HandlerError> {
        // What else staff tells has no use here.
        if event.event_type != UnitChanged::full_name() {
            return Ok(());
        }
        let told = UnitChanged::decode(event.payload.as_slice())
            .map_err(|error| HandlerError::Permanent(format!("undecodable: {error}")))?
            .unit
            .ok_or_else(|| HandlerError::Permanent("it holds no unit".to_owned()))?;
        store::unit::project(connection, &unit(told, event)?).await?;
        Ok(())
    }

    fn is_repeatable(&self, _: &str) -> bool {
        true
    }

    fn projections(&self) -> &'static [Projection] {
        const { &[Projection::of("unit", "unit")] }
    }
}

fn unit(told: v1::Unit, event: &Received) -> Result<Unit, HandlerError> {
    let id = |name: &str| {
        name.strip_prefix("units/")
            .and_then(|id| Uuid::parse_str(id).ok())
            .ok_or_else(|| HandlerError::Permanent(format!("not a unit's name: {name}")))
    };
    Ok(Unit {
        id: id(&told.name)?,
        epoch: event.epoch,
        version: event.version,
        code: told.code,
        parent: if told.parent.is_empty() { None } else { Some(id(&told.parent)?) },
        area_codes: told.area_codes,
    })
}
