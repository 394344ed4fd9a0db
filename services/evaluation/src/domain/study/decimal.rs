//! An outcome's value as an exact decimal: six places, no floats, no exponents.
//! It never rounds what it reads; what does not fit is refused.

use std::fmt;
use std::str::FromStr;

/// Most digits before the point.
const MOST_WHOLE_DIGITS: usize = 12;
/// Most digits after it.
const MOST_PLACES: usize = 6;

/// An exact decimal between −(10^12 − 10^−6) and 10^12 − 10^−6 in steps of 10^−6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal {
    millionths: i64,
}

/// Why a text is not a [`Decimal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal of at most 12 digits before and 6 after the point")]
pub struct DecimalError;

impl Decimal {
    /// The value of a published index, such as 8831 for 88.31.
    pub fn from_hundredths(hundredths: u32) -> Self {
        Self { millionths: i64::from(hundredths) * 10_000 }
    }

    /// The value times 10^6.
    pub fn millionths(self) -> i64 {
        self.millionths
    }
}

/// Parses `-?[0-9]{1,12}(\.[0-9]{1,6})?`: no plus sign, comma, blank or exponent.
impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, places) = match unsigned.split_once('.') {
            Some((_, "")) => return Err(DecimalError),
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(places) {
            return Err(DecimalError);
        }
        if whole.is_empty() || whole.len() > MOST_WHOLE_DIGITS || places.len() > MOST_PLACES {
            return Err(DecimalError);
        }
        let millionths: i64 = format!("{whole}{places:0<MOST_PLACES$}").parse().map_err(|_| DecimalError)?;
        let negative = unsigned.len() < text.len();
        Ok(Self { millionths: if negative { -millionths } else { millionths } })
    }
}

/// The shortest text that parses back, such as `78.5`, `-0.25`, `80`; the same for 80 and 80.00.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.millionths.unsigned_abs();
        let sign = if self.millionths < 0 { "-" } else { "" };
        let (whole, places) = (size / 1_000_000, format!("{:06}", size % 1_000_000));
        match places.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            places => write!(f, "{sign}{whole}.{places}"),
        }
    }
}
