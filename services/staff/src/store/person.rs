//! The table of people. No statement of it may fail over a NIP or a name, since the database's log would show them.

use std::collections::HashMap;

use jiff::Timestamp;
use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::unknown_word;
use crate::domain::{EducationLevel, EmploymentType, Nip, Person, PersonId, Profile, RankClass};

/// A person's row.
struct Row {
    id: Uuid,
    version: i64,
    nip: String,
    display_name: String,
    employment_type: String,
    rank_class: String,
    education_level: String,
    created_at: Instant,
    updated_at: Instant,
}

/// Adds a person; false where its NIP is taken.
pub(crate) async fn insert(connection: &mut PgConnection, person: &Person) -> Result<bool, sqlx::Error> {
    let profile = &person.profile;
    let inserted = sqlx::query!(
        "INSERT INTO staff.person (id, version, nip, display_name, employment_type, rank_class, education_level,
             created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT ON CONSTRAINT person_nip_key DO NOTHING",
        person.id.0,
        person.version,
        profile.nip.digits(),
        profile.display_name,
        profile.employment.word(),
        profile.rank.text(),
        profile.education.word(),
        person.created_at.stored(),
        person.updated_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Reads a person.
pub(crate) async fn get(connection: &mut PgConnection, id: PersonId) -> Result<Option<Person>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, version, nip, display_name, employment_type, rank_class, education_level, created_at, updated_at
         FROM staff.person WHERE id = $1",
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::load)
    .transpose()
}

/// Holds a person's row until the transaction ends, so that its assignments are recorded one after the other; answers
/// whether there is one.
pub(crate) async fn lock(connection: &mut PgConnection, id: PersonId) -> Result<bool, sqlx::Error> {
    let found = sqlx::query_scalar!("SELECT id FROM staff.person WHERE id = $1 FOR NO KEY UPDATE", id.0)
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// The names of people, by their ids.
pub(crate) async fn names(
    connection: &mut PgConnection,
    people: &[PersonId],
) -> Result<HashMap<PersonId, String>, sqlx::Error> {
    let ids: Vec<Uuid> = people.iter().map(|person| person.0).collect();
    let rows = sqlx::query!("SELECT id, display_name FROM staff.person WHERE id = ANY($1)", &ids)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (PersonId(row.id), row.display_name)).collect())
}

/// Whether callers with these units may see a person: some seat that the person has, had or is to have is of a unit that
/// they hold, or they hold the whole tree, to which also people without a seat belong.
pub(crate) async fn visible(
    connection: &mut PgConnection,
    callers: &[Uuid],
    id: PersonId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM staff.unit WHERE parent IS NULL AND id = ANY($1))
               OR EXISTS (
                   SELECT FROM staff.assignment JOIN staff.seat ON seat.id = assignment.seat
                   WHERE assignment.person = $2 AND seat.unit IN (SELECT staff.subtree($1))
               ) AS "visible!""#,
        callers,
        id.0
    )
    .fetch_one(connection)
    .await
}

/// Which people to list.
#[derive(Debug)]
pub(crate) struct Selection {
    /// Only of this employment type.
    pub(crate) employment: Option<EmploymentType>,
    /// Only those that were taken in after this moment and id.
    pub(crate) after: Option<(Timestamp, Uuid)>,
    /// At most this many.
    pub(crate) limit: i64,
}

/// The people whom callers with these units may see and the person who calls, first taken in first; only the one of `nip`
/// where it is not empty.
pub(crate) async fn list(
    connection: &mut PgConnection,
    (callers, own): (&[Uuid], Option<PersonId>),
    nip: &str,
    selection: &Selection,
) -> Result<Vec<Person>, sqlx::Error> {
    let (after_time, after_id) = selection.after.unzip();
    sqlx::query_as!(
        Row,
        "SELECT id, version, nip, display_name, employment_type, rank_class, education_level, created_at, updated_at
         FROM staff.person
         WHERE (id = $7 OR EXISTS (SELECT FROM staff.unit WHERE parent IS NULL AND id = ANY($6))
                OR id IN (
                    SELECT assignment.person FROM staff.assignment JOIN staff.seat ON seat.id = assignment.seat
                    WHERE seat.unit IN (SELECT staff.subtree($6))
                ))
           AND ($1 = '' OR nip = $1)
           AND ($2::text IS NULL OR employment_type = $2)
           AND ($3::timestamptz IS NULL OR (created_at, id) > ($3, $4::uuid))
         ORDER BY created_at, id LIMIT $5",
        nip,
        selection.employment.map(EmploymentType::word),
        after_time.map(ToStored::stored) as _,
        after_id,
        selection.limit,
        callers,
        own.map(|person| person.0)
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

impl Row {
    fn load(self) -> Result<Person, sqlx::Error> {
        let employment = EmploymentType::from_word(&self.employment_type);
        let education = EducationLevel::from_word(&self.education_level);
        Ok(Person {
            id: PersonId(self.id),
            version: self.version,
            profile: Profile {
                nip: Nip::stored(self.nip),
                display_name: self.display_name,
                employment: employment.ok_or_else(|| unknown_word(&self.employment_type))?,
                rank: RankClass::stored(self.rank_class),
                education: education.ok_or_else(|| unknown_word(&self.education_level))?,
            },
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}
