//! NIP: 18 digits, which are birth date (yyyymmdd), month of appointment (yyyymm), sex (1 male, 2 female) and a serial
//! number of three. It never shows itself in a log.

use std::fmt;

use jiff::civil::Date;

use super::{Refusal, person::EmploymentType};

/// No civil servant of today was born, and none appointed, before this year.
const FIRST_YEAR: i16 = 1900;

/// A NIP that was checked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Nip(String);

/// The part of a NIP that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NipPart {
    /// Not 18 characters.
    Length,
    /// Not only digits.
    Digits,
    /// Digits 1 to 8 are not a day from 1900 until today.
    BirthDate,
    /// Digits 9 to 14 are not a month.
    AppointmentMonth,
    /// Digit 15 is neither 1 nor 2.
    Sex,
}

impl NipPart {
    /// The word it is shown as.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Length => "LENGTH",
            Self::Digits => "DIGITS",
            Self::BirthDate => "BIRTH_DATE",
            Self::AppointmentMonth => "APPOINTMENT_MONTH",
            Self::Sex => "SEX",
        }
    }
}

impl Nip {
    /// Reads a NIP. For PPPK digits 9 to 14 have another meaning, and so are not looked at.
    pub(crate) fn parse(text: &str, employment: EmploymentType, today: Date) -> Result<Self, Refusal> {
        let wrong = |part| Err(Refusal::Nip(part));
        if text.chars().count() != 18 {
            return wrong(NipPart::Length);
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return wrong(NipPart::Digits);
        }
        let nip = Self(text.to_owned());
        if !nip.birth_date().is_some_and(|born| born.year() >= FIRST_YEAR && born <= today) {
            return wrong(NipPart::BirthDate);
        }
        if employment != EmploymentType::Pppk && !nip.has_appointment_month() {
            return wrong(NipPart::AppointmentMonth);
        }
        if !matches!(nip.0.as_bytes()[14], b'1' | b'2') {
            return wrong(NipPart::Sex);
        }
        Ok(nip)
    }

    /// A NIP that was checked when it was stored.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    /// The 18 digits: for the person's own record, never for a log or an event.
    pub(crate) fn digits(&self) -> &str {
        &self.0
    }

    /// Whether digits 9 to 14 are a month.
    pub(crate) fn has_appointment_month(&self) -> bool {
        i16::try_from(self.number(8, 12)).is_ok_and(|year| year >= FIRST_YEAR)
            && (1..=12).contains(&self.number(12, 14))
    }

    fn birth_date(&self) -> Option<Date> {
        let part = |from, to| i8::try_from(self.number(from, to)).ok();
        Date::new(i16::try_from(self.number(0, 4)).ok()?, part(4, 6)?, part(6, 8)?).ok()
    }

    fn number(&self, from: usize, to: usize) -> u32 {
        self.0.as_bytes()[from..to].iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
    }
}

impl fmt::Debug for Nip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Nip(…)")
    }
}
