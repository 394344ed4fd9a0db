//! Seats (jabatan) of units, whether somebody holds them or not.

use jiff::Timestamp;

use super::{
    names::{SeatId, UnitId},
    words::words,
};

/// A seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) id: SeatId,
    pub(crate) version: i64,
    pub(crate) post: Post,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What makes a seat the one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Post {
    pub(crate) unit: UnitId,
    /// The official code; none where it has none.
    pub(crate) code: Option<String>,
    pub(crate) display_name: String,
    pub(crate) class: SeatClass,
    /// Whether it leads the unit.
    pub(crate) is_head: bool,
}

/// What sort of seat a seat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeatClass {
    /// Gubernur.
    Governor,
    /// Walikota.
    Mayor,
    /// Bupati.
    Regent,
    /// Camat.
    DistrictHead,
    /// Lurah.
    SubdistrictHead,
    /// Kepala Dinas or Kepala Badan.
    AgencyHead,
    /// Sekretaris.
    Secretary,
    /// Kepala Seksi or another head of a part of a unit.
    SectionHead,
    /// Any other.
    Staff,
}

words!(SeatClass {
    Governor = "GOVERNOR",
    Mayor = "MAYOR",
    Regent = "REGENT",
    DistrictHead = "DISTRICT_HEAD",
    SubdistrictHead = "SUBDISTRICT_HEAD",
    AgencyHead = "AGENCY_HEAD",
    Secretary = "SECRETARY",
    SectionHead = "SECTION_HEAD",
    Staff = "STAFF",
});

impl Seat {
    /// Makes a seat, vacant.
    pub(crate) fn make(id: SeatId, post: Post, at: Timestamp) -> Self {
        Self { id, version: 1, post, created_at: at, updated_at: at }
    }

    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }
}
