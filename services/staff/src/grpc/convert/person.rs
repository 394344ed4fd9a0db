//! People.

use jiff::Timestamp;
use kit::clock::to_proto;
use proto::staff::v1;
use uuid::Uuid;

use crate::domain::{EducationLevel, EmploymentType, Person, PersonId, Warning};

/// A person as the contract shows it.
pub(crate) fn person(person: &Person) -> v1::Person {
    let profile = &person.profile;
    v1::Person {
        name: person.id.to_string(),
        nip: profile.nip.digits().to_owned(),
        display_name: profile.display_name.clone(),
        employment_type: employment(profile.employment).into(),
        rank_class: profile.rank.text().to_owned(),
        education_level: education(profile.education).into(),
        create_time: Some(to_proto(person.created_at)),
        update_time: Some(to_proto(person.updated_at)),
        etag: person.etag(),
    }
}

/// A person as it was taken in.
pub(crate) fn created(taken_in: &Person) -> v1::CreatePersonResponse {
    let warning = |warning| match warning {
        Warning::AppointmentMonth => v1::PersonWarning::AppointmentMonth.into(),
    };
    let warnings = taken_in.warnings().into_iter().map(warning).collect();
    v1::CreatePersonResponse { person: Some(person(taken_in)), warnings }
}

/// The person of a name that the contract's rules let pass; one that is no UUID is no person's.
pub(crate) fn id(name: &str) -> PersonId {
    PersonId::parse(name).unwrap_or(PersonId(Uuid::nil()))
}

/// Where a list goes on after a person, as its page token holds it.
pub(crate) fn to_list_key(person: &Person) -> String {
    format!("{} {}", person.created_at.as_microsecond(), person.id.0)
}

/// Where a list goes on: `Some(None)` from the start, `None` for a key that is none.
#[expect(clippy::option_option, reason = "the start of a list and a broken key are two things")]
pub(crate) fn list_key(key: &str) -> Option<Option<(Timestamp, Uuid)>> {
    if key.is_empty() {
        return Some(None);
    }
    let (microsecond, id) = key.split_once(' ')?;
    let time = Timestamp::from_microsecond(microsecond.parse().ok()?).ok()?;
    Some(Some((time, id.parse().ok()?)))
}

pub(crate) fn employment(employment: EmploymentType) -> v1::EmploymentType {
    match employment {
        EmploymentType::Pns => v1::EmploymentType::Pns,
        EmploymentType::Pppk => v1::EmploymentType::Pppk,
        EmploymentType::Cpns => v1::EmploymentType::Cpns,
    }
}

/// An employment type; none where it is not said.
pub(crate) fn to_employment(employment: v1::EmploymentType) -> Option<EmploymentType> {
    match employment {
        v1::EmploymentType::Unspecified => None,
        v1::EmploymentType::Pns => Some(EmploymentType::Pns),
        v1::EmploymentType::Pppk => Some(EmploymentType::Pppk),
        v1::EmploymentType::Cpns => Some(EmploymentType::Cpns),
    }
}

pub(crate) fn education(education: EducationLevel) -> v1::EducationLevel {
    match education {
        EducationLevel::BelowUpperSecondary => v1::EducationLevel::BelowUpperSecondary,
        EducationLevel::UpperSecondary => v1::EducationLevel::UpperSecondary,
        EducationLevel::Diploma1 => v1::EducationLevel::Diploma1,
        EducationLevel::Diploma2 => v1::EducationLevel::Diploma2,
        EducationLevel::Diploma3 => v1::EducationLevel::Diploma3,
        EducationLevel::Diploma4 => v1::EducationLevel::Diploma4,
        EducationLevel::Bachelor => v1::EducationLevel::Bachelor,
        EducationLevel::Master => v1::EducationLevel::Master,
        EducationLevel::Doctorate => v1::EducationLevel::Doctorate,
    }
}

/// An education level; none where it is not said.
pub(crate) fn to_education(education: v1::EducationLevel) -> Option<EducationLevel> {
    match education {
        v1::EducationLevel::Unspecified => None,
        v1::EducationLevel::BelowUpperSecondary => Some(EducationLevel::BelowUpperSecondary),
        v1::EducationLevel::UpperSecondary => Some(EducationLevel::UpperSecondary),
        v1::EducationLevel::Diploma1 => Some(EducationLevel::Diploma1),
        v1::EducationLevel::Diploma2 => Some(EducationLevel::Diploma2),
        v1::EducationLevel::Diploma3 => Some(EducationLevel::Diploma3),
        v1::EducationLevel::Diploma4 => Some(EducationLevel::Diploma4),
        v1::EducationLevel::Bachelor => Some(EducationLevel::Bachelor),
        v1::EducationLevel::Master => Some(EducationLevel::Master),
        v1::EducationLevel::Doctorate => Some(EducationLevel::Doctorate),
    }
}
