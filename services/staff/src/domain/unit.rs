//! Units of government: one tree.

use jiff::Timestamp;

use super::{names::UnitId, words::words};

/// A unit (unit kerja).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) id: UnitId,
    pub(crate) version: i64,
    pub(crate) code: String,
    pub(crate) kind: UnitKind,
    pub(crate) display_name: String,
    /// None for the root.
    pub(crate) parent: Option<UnitId>,
    /// Kemendagri codes of the areas it serves.
    pub(crate) area_codes: Vec<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What sort of unit a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitKind {
    /// Provinsi.
    Province,
    /// Kota or kabupaten administrasi.
    City,
    /// Kecamatan.
    District,
    /// Kelurahan.
    Subdistrict,
    /// Dinas, badan or another agency of the province.
    Agency,
    /// A body outside the civil service that reports are handed to; it has no seats.
    External,
}

words!(UnitKind {
    Province = "PROVINCE",
    City = "CITY",
    District = "DISTRICT",
    Subdistrict = "SUBDISTRICT",
    Agency = "AGENCY",
    External = "EXTERNAL",
});

impl Unit {
    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }
}
