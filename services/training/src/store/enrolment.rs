//! The table of enrolments.

use jiff::civil::Date;
use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{After, incomplete, word};
use crate::domain::{
    BatchId, Decision, Enrolment, EnrolmentId, EnrolmentState, NeedId, Nomination, PersonId, Phase,
    ProgrammeId, UnitId,
};

/// An enrolment's row, with its place on the waiting list.
struct Row {
    id: Uuid,
    version: i64,
    person: Uuid,
    unit: Uuid,
    programme: Uuid,
    need: Option<Uuid>,
    nominated_by: Option<Uuid>,
    state: String,
    batch: Option<Uuid>,
    waitlist_number: Option<i64>,
    waitlist_position: i64,
    hours_jp: Option<i32>,
    decline_reason: Option<String>,
    decided_by: Option<Uuid>,
    decided_at: Option<Instant>,
    completed_at: Option<Instant>,
    created_at: Instant,
    updated_at: Instant,
}

/// An enrolment, and its place on its batch's waiting list.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) enrolment: Enrolment,
    /// From 1; 0 where it is on none.
    pub(crate) waitlist_position: i64,
}

/// Adds enrolments just nominated; passes over who is in the programme already, or was nominated for the need by the
/// service before. Answers how many it added.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    enrolments: &[Enrolment],
) -> Result<u64, sqlx::Error> {
    let column = |pick: fn(&Nomination) -> Uuid| -> Vec<Uuid> {
        enrolments.iter().map(|enrolment| pick(&enrolment.nomination)).collect()
    };
    let optional = |pick: fn(&Nomination) -> Option<Uuid>| -> Vec<Option<Uuid>> {
        enrolments.iter().map(|enrolment| pick(&enrolment.nomination)).collect()
    };
    let ids: Vec<Uuid> = enrolments.iter().map(|enrolment| enrolment.id.0).collect();
    let times: Vec<Instant> = enrolments.iter().map(|enrolment| enrolment.nomination.at.stored()).collect();
    let inserted = sqlx::query!(
        "INSERT INTO training.enrolment
             (id, version, person, unit, programme, need, nominated_by, state, created_at, updated_at)
         SELECT id, 1, person, unit, programme, need, nominated_by, 'NOMINATED', created_at, created_at
         FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::timestamptz[])
              AS proposed (id, person, unit, programme, need, nominated_by, created_at)
         ORDER BY person
         ON CONFLICT DO NOTHING",
        &ids,
        &column(|nomination| nomination.person.0),
        &column(|nomination| nomination.unit.0),
        &column(|nomination| nomination.programme.0),
        &optional(|nomination| nomination.need.map(|need| need.0)) as _,
        &optional(|nomination| nomination.by.map(|person| person.0)) as _,
        times as _
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected())
}

/// Stores what a command changed. The caller holds the row's lock.
pub(crate) async fn update(connection: &mut PgConnection, enrolment: &Enrolment) -> Result<(), sqlx::Error> {
    let (number, reason) = match &enrolment.phase {
        Phase::Waitlisted { number, .. } => (Some(*number), None),
        Phase::Declined { reason } => (None, Some(reason.as_str())),
        Phase::Nominated | Phase::Enrolled { .. } | Phase::Completed { .. } => (None, None),
    };
    let (hours_jp, completed_at) = enrolment.credit().unzip();
    sqlx::query!(
        "UPDATE training.enrolment SET version = $2, state = $3, batch = $4, waitlist_number = $5, hours_jp = $6,
             completed_at = $7, decline_reason = $8, decided_by = $9, decided_at = $10, updated_at = $11
         WHERE id = $1",
        enrolment.id.0,
        enrolment.version,
        enrolment.state().word(),
        enrolment.batch().map(|batch| batch.0),
        number,
        hours_jp,
        completed_at.map(ToStored::stored) as _,
        reason,
        enrolment.decision.map(|decision| decision.by.0),
        enrolment.decision.map(|decision| decision.at.stored()) as _,
        enrolment.updated_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads an enrolment.
pub(crate) async fn get(
    connection: &mut PgConnection,
    id: EnrolmentId,
) -> Result<Option<Loaded>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT id, version, person, unit, programme, need, nominated_by, state, batch, waitlist_number,
                  (SELECT count(*) FROM training.enrolment before
                   WHERE before.batch = enrolment.batch AND before.waitlist_number <= enrolment.waitlist_number)
                      AS "waitlist_position!",
                  hours_jp, decline_reason, decided_by, decided_at, completed_at, created_at, updated_at
           FROM training.enrolment WHERE id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::load)
    .transpose()
}

/// Reads an enrolment and holds its row until the transaction ends. Its batches' rows are locked after it.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    id: EnrolmentId,
) -> Result<Option<Enrolment>, sqlx::Error> {
    sqlx::query!("SELECT id FROM training.enrolment WHERE id = $1 FOR UPDATE", id.0)
        .fetch_optional(&mut *connection)
        .await?;
    Ok(get(connection, id).await?.map(|loaded| loaded.enrolment))
}

/// The person's enrolment in a programme that stands in the way of another.
pub(crate) async fn current(
    connection: &mut PgConnection,
    person: PersonId,
    programme: ProgrammeId,
) -> Result<Option<EnrolmentId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM training.enrolment
         WHERE person = $1 AND programme = $2 AND state IN ('NOMINATED', 'ENROLLED', 'WAITLISTED')",
        person.0,
        programme.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(EnrolmentId))
}

/// How many enrolments for a need are completed.
pub(crate) async fn completed_for(connection: &mut PgConnection, need: NeedId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "completed!" FROM training.enrolment WHERE need = $1 AND state = 'COMPLETED'"#,
        need.0
    )
    .fetch_one(connection)
    .await
}

/// Who is to be nominated for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) need: NeedId,
    pub(crate) programme: ProgrammeId,
    pub(crate) person: PersonId,
}

/// At most `limit` who are to be nominated, by need, the oldest first: the people with a seat on that day in the unit of
/// a need that is not answered, for the first programme that addresses its element. Not who has an enrolment for the need
/// already, is in the programme, or completed it since the need arose.
pub(crate) async fn candidates(
    connection: &mut PgConnection,
    day: Date,
    limit: i64,
) -> Result<Vec<Candidate>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT need.created_at, need.id AS need, programme.id AS programme, seating.person AS "person!"
           FROM training.need
           CROSS JOIN LATERAL (
               SELECT id FROM training.programme WHERE elements @> ARRAY[need.element] ORDER BY id LIMIT 1
           ) AS programme
           JOIN training.seating ON seating.unit = need.unit
           WHERE need.state <> 'ANSWERED'
             AND seating.valid_from <= $1 AND (seating.valid_until IS NULL OR seating.valid_until > $1)
             AND NOT EXISTS (
                 SELECT FROM training.enrolment WHERE enrolment.need = need.id AND enrolment.person = seating.person
             )
             AND NOT EXISTS (
                 SELECT FROM training.enrolment
                 WHERE enrolment.person = seating.person AND enrolment.programme = programme.id
                   AND (enrolment.state IN ('NOMINATED', 'ENROLLED', 'WAITLISTED')
                        OR enrolment.completed_at >= need.created_at)
             )
           ORDER BY need.created_at, need.id, seating.person LIMIT $2"#,
        day.stored(),
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Candidate {
            need: NeedId(row.need),
            programme: ProgrammeId(row.programme),
            person: PersonId(row.person),
        })
        .collect())
}

/// Which enrolments to list.
#[derive(Debug)]
pub(crate) struct Selection {
    /// Only for this need.
    pub(crate) need: Option<NeedId>,
    /// Only in the subtree of this unit.
    pub(crate) unit: Option<UnitId>,
    /// Only in this state.
    pub(crate) state: Option<EnrolmentState>,
    /// Only in this batch.
    pub(crate) batch: Option<BatchId>,
    /// Only those that come after, in the list's order.
    pub(crate) after: After,
    /// At most this many.
    pub(crate) limit: i64,
}

/// Enrolments of units that `callers` hold and those of a person, newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    (callers, person): (&[Uuid], Option<PersonId>),
    selection: &Selection,
) -> Result<Vec<Loaded>, sqlx::Error> {
    let (after_time, after_id) = selection.after.unzip();
    sqlx::query_as!(
        Row,
        r#"SELECT id, version, person, unit, programme, need, nominated_by, state, batch, waitlist_number,
                  (SELECT count(*) FROM training.enrolment before
                   WHERE before.batch = enrolment.batch AND before.waitlist_number <= enrolment.waitlist_number)
                      AS "waitlist_position!",
                  hours_jp, decline_reason, decided_by, decided_at, completed_at, created_at, updated_at
           FROM training.enrolment
           WHERE (unit IN (SELECT training.subtree($8)) OR person = $9)
             AND ($1::uuid IS NULL OR need = $1)
             AND ($2::uuid IS NULL OR unit IN (SELECT training.subtree(ARRAY[$2])))
             AND ($3::text IS NULL OR state = $3)
             AND ($4::uuid IS NULL OR batch = $4)
             AND ($5::timestamptz IS NULL OR (created_at, id) < ($5, $6::uuid))
           ORDER BY created_at DESC, id DESC LIMIT $7"#,
        selection.need.map(|need| need.0),
        selection.unit.map(|unit| unit.0),
        selection.state.map(EnrolmentState::word),
        selection.batch.map(|batch| batch.0),
        after_time.map(ToStored::stored) as _,
        after_id,
        selection.limit,
        callers,
        person.map(|person| person.0)
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

impl Row {
    fn load(self) -> Result<Loaded, sqlx::Error> {
        let missing = || incomplete(&self.state);
        let batch = || self.batch.map(BatchId).ok_or_else(missing);
        let phase = match word(&self.state)? {
            EnrolmentState::Nominated => Phase::Nominated,
            EnrolmentState::Enrolled => Phase::Enrolled { batch: batch()? },
            EnrolmentState::Waitlisted => {
                Phase::Waitlisted { batch: batch()?, number: self.waitlist_number.ok_or_else(missing)? }
            }
            EnrolmentState::Completed => Phase::Completed {
                batch: batch()?,
                hours_jp: self.hours_jp.ok_or_else(missing)?,
                at: self.completed_at.ok_or_else(missing)?.to_jiff(),
            },
            EnrolmentState::Declined => {
                Phase::Declined { reason: self.decline_reason.clone().ok_or_else(missing)? }
            }
        };
        let enrolment = Enrolment {
            id: EnrolmentId(self.id),
            version: self.version,
            nomination: Nomination {
                person: PersonId(self.person),
                unit: UnitId(self.unit),
                programme: ProgrammeId(self.programme),
                need: self.need.map(NeedId),
                by: self.nominated_by.map(PersonId),
                at: self.created_at.to_jiff(),
            },
            phase,
            decision: self
                .decided_by
                .zip(self.decided_at)
                .map(|(by, at)| Decision { by: PersonId(by), at: at.to_jiff() }),
            updated_at: self.updated_at.to_jiff(),
        };
        Ok(Loaded { enrolment, waitlist_position: self.waitlist_position })
    }
}
