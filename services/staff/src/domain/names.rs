//! Ids as types of their own, and resource names made of them.

use std::fmt;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $collection:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(pub(crate) Uuid);

        impl $name {
            /// Reads a resource name.
            pub(crate) fn parse(name: &str) -> Option<Self> {
                Uuid::parse_str(name.strip_prefix(concat!($collection, "/"))?).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!($collection, "/{}"), self.0)
            }
        }
    };
}

id!(
    /// A unit's id; displayed as its resource name.
    UnitId,
    "units"
);
id!(
    /// A seat's id; displayed as its resource name.
    SeatId,
    "seats"
);
id!(
    /// A person's id; displayed as its resource name.
    PersonId,
    "people"
);
id!(
    /// An assignment's id, one for all its versions; displayed as its resource name.
    AssignmentId,
    "assignments"
);

/// A calendar's id; displayed as its resource name. Callers name a calendar by its year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CalendarId(pub(crate) Uuid);

impl fmt::Display for CalendarId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "calendars/{}", self.0)
    }
}
