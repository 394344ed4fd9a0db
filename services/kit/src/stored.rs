//! Instants and days as Postgres stores them, in binary: microseconds, and days, since 2000-01-01.

use jiff::{Timestamp, civil::Date};
use sqlx::{
    Decode, Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef},
};

/// 2000-01-01T00:00:00Z in Unix microseconds.
const EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;
/// 2000-01-01.
const EPOCH_DAY: Date = Date::constant(2000, 1, 1);

/// A `timestamptz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(Timestamp);

/// A `date`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(Date);

/// What has a stored form.
pub trait ToStored {
    /// The stored form.
    type Stored;
    /// The value in its stored form.
    fn stored(self) -> Self::Stored;
}

impl ToStored for Timestamp {
    type Stored = Instant;

    fn stored(self) -> Instant {
        Instant(self)
    }
}

impl ToStored for Date {
    type Stored = Day;

    fn stored(self) -> Day {
        Day(self)
    }
}

impl Instant {
    /// The value.
    #[must_use]
    pub fn to_jiff(self) -> Timestamp {
        self.0
    }
}

impl Day {
    /// The value.
    #[must_use]
    pub fn to_jiff(self) -> Date {
        self.0
    }
}

impl Type<Postgres> for Instant {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("TIMESTAMPTZ")
    }
}

impl PgHasArrayType for Instant {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("_TIMESTAMPTZ")
    }
}

impl Encode<'_, Postgres> for Instant {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode(self.0.as_microsecond() - EPOCH_MICROSECONDS, buffer)
    }
}

impl Decode<'_, Postgres> for Instant {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let microseconds = <i64 as Decode<Postgres>>::decode(value)?;
        Ok(Self(Timestamp::from_microsecond(microseconds.saturating_add(EPOCH_MICROSECONDS))?))
    }
}

impl Type<Postgres> for Day {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("DATE")
    }
}

impl PgHasArrayType for Day {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("_DATE")
    }
}

impl Encode<'_, Postgres> for Day {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode((self.0 - EPOCH_DAY).get_days(), buffer)
    }
}

impl Decode<'_, Postgres> for Day {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let days = <i32 as Decode<Postgres>>::decode(value)?;
        Ok(Self(EPOCH_DAY.checked_add(jiff::Span::new().try_days(days)?)?))
    }
}
