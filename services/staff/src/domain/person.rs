//! People: civil servants (ASN), and what is stored of them. Their names and NIPs never show themselves in a log.

use std::fmt;

use jiff::{Timestamp, civil::Date};

use super::{Refusal, names::PersonId, nip::Nip, words::words};

/// Golongan of PNS and CPNS (PP 11/2017, PP 99/2000).
const CIVIL_RANKS: [&str; 17] = [
    "I/a", "I/b", "I/c", "I/d", "II/a", "II/b", "II/c", "II/d", "III/a", "III/b", "III/c", "III/d", "IV/a",
    "IV/b", "IV/c", "IV/d", "IV/e",
];
/// Golongan of PPPK (Perpres 98/2020).
const CONTRACT_RANKS: [&str; 17] = [
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI",
    "XVII",
];

/// A civil servant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: PersonId,
    pub(crate) version: i64,
    pub(crate) profile: Profile,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What is known of a civil servant.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) nip: Nip,
    pub(crate) display_name: String,
    pub(crate) employment: EmploymentType,
    pub(crate) rank: RankClass,
    pub(crate) education: EducationLevel,
}

/// The form of employment (UU 20/2023).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmploymentType {
    /// Pegawai negeri sipil.
    Pns,
    /// By contract.
    Pppk,
    /// On probation.
    Cpns,
}

words!(EmploymentType { Pns = "PNS", Pppk = "PPPK", Cpns = "CPNS" });

/// The highest education that counts for the post, by the steps of PermenPANRB 38/2018.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EducationLevel {
    BelowUpperSecondary,
    UpperSecondary,
    Diploma1,
    Diploma2,
    Diploma3,
    Diploma4,
    Bachelor,
    Master,
    Doctorate,
}

words!(EducationLevel {
    BelowUpperSecondary = "BELOW_UPPER_SECONDARY",
    UpperSecondary = "UPPER_SECONDARY",
    Diploma1 = "DIPLOMA_1",
    Diploma2 = "DIPLOMA_2",
    Diploma3 = "DIPLOMA_3",
    Diploma4 = "DIPLOMA_4",
    Bachelor = "BACHELOR",
    Master = "MASTER",
    Doctorate = "DOCTORATE",
});

/// A golongan that its employment type has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RankClass(String);

/// What is odd about a person, though it is not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Warning {
    /// Digits 9 to 14 of the NIP are not a month.
    AppointmentMonth,
}

impl Person {
    /// Takes a person in.
    pub(crate) fn take_in(id: PersonId, profile: Profile, at: Timestamp) -> Self {
        Self { id, version: 1, profile, created_at: at, updated_at: at }
    }

    /// What is odd about it.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        if self.profile.nip.has_appointment_month() { Vec::new() } else { vec![Warning::AppointmentMonth] }
    }

    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }
}

impl Profile {
    /// Checks what was written of a civil servant.
    pub(crate) fn try_new(
        (nip, display_name): (&str, String),
        (employment, rank): (EmploymentType, &str),
        education: EducationLevel,
        today: Date,
    ) -> Result<Self, Refusal> {
        let nip = Nip::parse(nip, employment, today)?;
        let rank = RankClass::parse(rank, employment)?;
        Ok(Self { nip, display_name, employment, rank, education })
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Profile").field("employment", &self.employment).finish_non_exhaustive()
    }
}

impl RankClass {
    /// Reads a golongan.
    pub(crate) fn parse(text: &str, employment: EmploymentType) -> Result<Self, Refusal> {
        let known = match employment {
            EmploymentType::Pns | EmploymentType::Cpns => CIVIL_RANKS,
            EmploymentType::Pppk => CONTRACT_RANKS,
        };
        if known.contains(&text) { Ok(Self(text.to_owned())) } else { Err(Refusal::RankClass) }
    }

    /// A rank class that was checked when it was stored.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    /// As it is written.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}
