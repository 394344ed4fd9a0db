//! Ids as types of their own, and resource names made of them.

use std::fmt;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(pub(crate) Uuid);
    };
    ($(#[$doc:meta])* $name:ident, $collection:literal) => {
        id!($(#[$doc])* $name);

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
    /// A need's id, which is that of the signal behind it; displayed as its resource name.
    NeedId,
    "needs"
);
id!(
    /// A programme's id; displayed as its resource name.
    ProgrammeId,
    "programmes"
);
id!(
    /// An enrolment's id; displayed as its resource name.
    EnrolmentId,
    "enrolments"
);
id!(
    /// A lottery's id; displayed as its resource name.
    LotteryId,
    "lotteries"
);
id!(
    /// A unit's id; displayed as its resource name.
    UnitId,
    "units"
);
id!(
    /// A person's id; displayed as its resource name.
    PersonId,
    "people"
);
id!(
    /// A batch's id; its resource name has its programme's before it.
    BatchId
);
id!(
    /// An intervention's id.
    InterventionId
);

impl fmt::Display for InterventionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "interventions/{}", self.0)
    }
}

/// A batch within its programme; displayed as its resource name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchName {
    pub(crate) programme: ProgrammeId,
    pub(crate) batch: BatchId,
}

impl BatchName {
    /// Reads a resource name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (programme, batch) = name.split_once("/batches/")?;
        Some(Self { programme: ProgrammeId::parse(programme)?, batch: BatchId(Uuid::parse_str(batch).ok()?) })
    }
}

impl fmt::Display for BatchName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/batches/{}", self.programme, self.batch.0)
    }
}
