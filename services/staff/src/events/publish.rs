//! From the domain to the public events: snapshots without a name, a NIP or a free text of a person.

use kit::events::Event;
use proto::staff::events::v1::UnitChanged;

use crate::{domain::Unit, grpc::convert};

/// Every event of this service says that something changed.
const CHANGED: &str = "changed";

/// The event that tells of a unit as it stands now.
pub(crate) fn unit_changed(unit: &Unit) -> Event {
    Event::new(
        crate::SERVICE,
        ("unit", CHANGED),
        (unit.id.0, unit.version),
        unit.id.to_string(),
        unit.updated_at,
        &UnitChanged { unit: Some(convert::unit::unit(unit)) },
    )
}
