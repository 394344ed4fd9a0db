//! Seats.

use kit::clock::to_proto;
use proto::staff::v1;

use super::unit;
use crate::domain::{Post, Seat, SeatClass, SeatId};

/// A seat as the contract shows it.
pub(crate) fn seat(seat: &Seat) -> v1::Seat {
    v1::Seat {
        name: seat.id.to_string(),
        unit: seat.post.unit.to_string(),
        code: seat.post.code.clone().unwrap_or_default(),
        display_name: seat.post.display_name.clone(),
        seat_class: class(seat.post.class).into(),
        is_head: seat.post.is_head,
        create_time: Some(to_proto(seat.created_at)),
        update_time: Some(to_proto(seat.updated_at)),
        etag: seat.etag(),
    }
}

/// What seat to make; none where its class is not said.
pub(crate) fn to_post(request: v1::CreateSeatRequest) -> Option<Post> {
    Some(Post {
        unit: unit::id(&request.unit),
        class: to_class(request.seat_class())?,
        code: (!request.code.is_empty()).then_some(request.code),
        display_name: request.display_name,
        is_head: request.is_head,
    })
}

/// The seat of a name that the contract's rules let pass; one that is no UUID is of no seat.
pub(crate) fn id(name: &str) -> SeatId {
    SeatId::parse(name).unwrap_or(SeatId(uuid::Uuid::nil()))
}

pub(crate) fn class(class: SeatClass) -> v1::SeatClass {
    match class {
        SeatClass::Governor => v1::SeatClass::Governor,
        SeatClass::Mayor => v1::SeatClass::Mayor,
        SeatClass::Regent => v1::SeatClass::Regent,
        SeatClass::DistrictHead => v1::SeatClass::DistrictHead,
        SeatClass::SubdistrictHead => v1::SeatClass::SubdistrictHead,
        SeatClass::AgencyHead => v1::SeatClass::AgencyHead,
        SeatClass::Secretary => v1::SeatClass::Secretary,
        SeatClass::SectionHead => v1::SeatClass::SectionHead,
        SeatClass::Staff => v1::SeatClass::Staff,
    }
}

/// A class; none where it is not said.
pub(crate) fn to_class(class: v1::SeatClass) -> Option<SeatClass> {
    match class {
        v1::SeatClass::Unspecified => None,
        v1::SeatClass::Governor => Some(SeatClass::Governor),
        v1::SeatClass::Mayor => Some(SeatClass::Mayor),
        v1::SeatClass::Regent => Some(SeatClass::Regent),
        v1::SeatClass::DistrictHead => Some(SeatClass::DistrictHead),
        v1::SeatClass::SubdistrictHead => Some(SeatClass::SubdistrictHead),
        v1::SeatClass::AgencyHead => Some(SeatClass::AgencyHead),
        v1::SeatClass::Secretary => Some(SeatClass::Secretary),
        v1::SeatClass::SectionHead => Some(SeatClass::SectionHead),
        v1::SeatClass::Staff => Some(SeatClass::Staff),
    }
}
