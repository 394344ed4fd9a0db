//! The table of needs.

use jiff::Timestamp;
use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{After, incomplete, staff::Told, word};
use crate::domain::{Answered, Need, NeedId, NeedPhase, NeedState, PersonId, UnitId};

/// A need's row.
struct Row {
    id: Uuid,
    version: i64,
    unit: Uuid,
    element: String,
    identified: Vec<u8>,
    state: String,
    answer: Option<String>,
    answer_reason: Option<String>,
    answered_by: Option<Uuid>,
    answered_at: Option<Instant>,
    created_at: Instant,
    updated_at: Instant,
}

/// A need as evaluation tells of it.
#[derive(Debug)]
pub(crate) struct Identified {
    /// Its id, and which telling is newer.
    pub(crate) told: Told,
    pub(crate) unit: Uuid,
    pub(crate) element: String,
    /// The event as it came.
    pub(crate) event: Vec<u8>,
    pub(crate) at: Timestamp,
}

/// Takes a need in, or what evaluation tells anew of one; where it stands is this service's and stays.
pub(crate) async fn project(
    connection: &mut PgConnection,
    identified: &Identified,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO training.need AS stored (id, version, signal_epoch, signal_version, unit, element, identified, state,
             created_at, updated_at)
         VALUES ($1, 1, $2, $3, $4, $5, $6, 'OPEN', $7, $7)
         ON CONFLICT (id) DO UPDATE SET version = stored.version + 1, signal_epoch = excluded.signal_epoch,
             signal_version = excluded.signal_version, unit = excluded.unit, element = excluded.element,
             identified = excluded.identified, updated_at = greatest(stored.updated_at, excluded.updated_at)
         WHERE (excluded.signal_epoch, excluded.signal_version) > (stored.signal_epoch, stored.signal_version)",
        identified.told.id,
        identified.told.epoch,
        identified.told.version,
        identified.unit,
        identified.element,
        identified.event,
        identified.at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a need.
pub(crate) async fn get(connection: &mut PgConnection, id: NeedId) -> Result<Option<Need>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, version, unit, element, identified, state, answer, answer_reason, answered_by, answered_at,
                created_at, updated_at
         FROM training.need WHERE id = $1",
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::load)
    .transpose()
}

/// Reads a need and holds its row until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, id: NeedId) -> Result<Option<Need>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, version, unit, element, identified, state, answer, answer_reason, answered_by, answered_at,
                created_at, updated_at
         FROM training.need WHERE id = $1 FOR UPDATE",
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::load)
    .transpose()
}

/// Likewise, but passes over one that somebody else holds.
pub(crate) async fn lock_if_free(
    connection: &mut PgConnection,
    id: NeedId,
) -> Result<Option<Need>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT id, version, unit, element, identified, state, answer, answer_reason, answered_by, answered_at,
                created_at, updated_at
         FROM training.need WHERE id = $1 FOR UPDATE SKIP LOCKED",
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::load)
    .transpose()
}

/// Stores what a command changed. The caller holds the row's lock.
pub(crate) async fn update(connection: &mut PgConnection, need: &Need) -> Result<(), sqlx::Error> {
    let answered = need.answered();
    sqlx::query!(
        "UPDATE training.need SET version = $2, state = $3, answer = $4, answer_reason = $5, answered_by = $6,
             answered_at = $7, updated_at = $8
         WHERE id = $1",
        need.id.0,
        need.version,
        need.state().word(),
        answered.map(|answered| answered.answer.word()),
        answered.map(|answered| answered.reason.as_str()),
        answered.map(|answered| answered.by.0),
        answered.map(|answered| answered.at.stored()) as _,
        need.updated_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which needs to list.
#[derive(Debug)]
pub(crate) struct Selection {
    /// Only in the subtree of this unit.
    pub(crate) unit: Option<UnitId>,
    /// Only in this state.
    pub(crate) state: Option<NeedState>,
    /// Only for this element; empty for any.
    pub(crate) element: String,
    /// Only those that come after, in the list's order.
    pub(crate) after: After,
    /// At most this many.
    pub(crate) limit: i64,
}

/// Needs of units that `callers` hold, newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    callers: &[Uuid],
    selection: &Selection,
) -> Result<Vec<Need>, sqlx::Error> {
    let (after_time, after_id) = selection.after.unzip();
    sqlx::query_as!(
        Row,
        "SELECT id, version, unit, element, identified, state, answer, answer_reason, answered_by, answered_at,
                created_at, updated_at
         FROM training.need
         WHERE unit IN (SELECT training.subtree($7))
           AND ($1::uuid IS NULL OR unit IN (SELECT training.subtree(ARRAY[$1])))
           AND ($2::text IS NULL OR state = $2)
           AND ($3 = '' OR element = $3)
           AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $6",
        selection.unit.map(|unit| unit.0),
        selection.state.map(NeedState::word),
        selection.element,
        after_time.map(ToStored::stored) as _,
        after_id,
        selection.limit,
        callers
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

impl Row {
    fn load(self) -> Result<Need, sqlx::Error> {
        let phase = match word(&self.state)? {
            NeedState::Open => NeedPhase::Open,
            NeedState::Nominated => NeedPhase::Nominated,
            NeedState::Answered => {
                let (Some(answer), Some(reason), Some(by), Some(at)) =
                    (self.answer, self.answer_reason, self.answered_by, self.answered_at)
                else {
                    return Err(incomplete("need.answer"));
                };
                NeedPhase::Answered(Answered {
                    answer: word(&answer)?,
                    reason,
                    by: PersonId(by),
                    at: at.to_jiff(),
                })
            }
        };
        Ok(Need {
            id: NeedId(self.id),
            version: self.version,
            unit: UnitId(self.unit),
            element: self.element,
            identified: self.identified,
            phase,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}
