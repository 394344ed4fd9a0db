//! Units.

use kit::clock::to_proto;
use proto::staff::v1;

use crate::domain::{Unit, UnitId, UnitKind};

/// A unit as the contract shows it.
pub(crate) fn unit(unit: &Unit) -> v1::Unit {
    v1::Unit {
        name: unit.id.to_string(),
        code: unit.code.clone(),
        display_name: unit.display_name.clone(),
        kind: kind(unit.kind).into(),
        parent: unit.parent.map(|parent| parent.to_string()).unwrap_or_default(),
        area_codes: unit.area_codes.clone(),
        create_time: Some(to_proto(unit.created_at)),
        update_time: Some(to_proto(unit.updated_at)),
        etag: unit.etag(),
        // Nothing ends a unit yet.
        successors: Vec::new(),
    }
}

/// The unit of a name that the contract's rules let pass; one that is no UUID is of no unit.
pub(crate) fn id(name: &str) -> UnitId {
    UnitId::parse(name).unwrap_or(UnitId(uuid::Uuid::nil()))
}

/// A kind; none where it is not said.
pub(crate) fn to_kind(kind: v1::UnitKind) -> Option<UnitKind> {
    match kind {
        v1::UnitKind::Unspecified => None,
        v1::UnitKind::Province => Some(UnitKind::Province),
        v1::UnitKind::City => Some(UnitKind::City),
        v1::UnitKind::District => Some(UnitKind::District),
        v1::UnitKind::Subdistrict => Some(UnitKind::Subdistrict),
        v1::UnitKind::Agency => Some(UnitKind::Agency),
        v1::UnitKind::External => Some(UnitKind::External),
    }
}

fn kind(kind: UnitKind) -> v1::UnitKind {
    match kind {
        UnitKind::Province => v1::UnitKind::Province,
        UnitKind::City => v1::UnitKind::City,
        UnitKind::District => v1::UnitKind::District,
        UnitKind::Subdistrict => v1::UnitKind::Subdistrict,
        UnitKind::Agency => v1::UnitKind::Agency,
        UnitKind::External => v1::UnitKind::External,
    }
}
