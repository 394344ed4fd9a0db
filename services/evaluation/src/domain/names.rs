//! Ids as types of their own, and resource names made of them.

use std::fmt;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $collection:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) struct $name(pub(crate) Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!($collection, "/{}"), self.0)
            }
        }

        impl $name {
            /// Reads a resource name.
            pub(crate) fn parse(name: &str) -> Option<Self> {
                Uuid::parse_str(name.strip_prefix(concat!($collection, "/"))?).ok().map(Self)
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
    /// A survey's id; displayed as its resource name.
    SurveyId,
    "surveys"
);
id!(
    /// A signal's id, which is its need's too; displayed as its resource name.
    SignalId,
    "signals"
);
id!(
    /// A study's id; displayed as its resource name.
    StudyId,
    "studies"
);
id!(
    /// The id of a programme of training's; displayed as its resource name.
    ProgrammeId,
    "programmes"
);
/// A person's id; displayed as its resource name. It comes from tokens alone, so that no name is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PersonId(pub(crate) Uuid);

impl fmt::Display for PersonId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "people/{}", self.0)
    }
}

/// A round's survey and its own id; displayed as its resource name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RoundName {
    pub(crate) survey: SurveyId,
    pub(crate) round: Uuid,
}

impl RoundName {
    /// Reads a resource name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (survey, round) = name.split_once("/rounds/")?;
        Some(Self { survey: SurveyId::parse(survey)?, round: Uuid::parse_str(round).ok()? })
    }
}

impl fmt::Display for RoundName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/rounds/{}", self.survey, self.round)
    }
}
