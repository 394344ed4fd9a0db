//! The table of reports.

use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Complaint, ComplaintId, Filing, Kind, Outcome, Phase, State, UnitId};

/// A report's row.
struct Row {
    id: Uuid,
    number: String,
    version: i64,
    category: String,
    kind: String,
    text: String,
    kelurahan_code: String,
    channel: String,
    channel_reference: Option<Vec<u8>>,
    code_generation: i32,
    responsible_unit: Uuid,
    state: String,
    proposed_outcome: Option<String>,
    rating: Option<i16>,
    comment: Option<String>,
    filed_at: Instant,
    updated_at: Instant,
    first_accepted_at: Option<Instant>,
    resolved_times: Vec<Instant>,
    closed_at: Option<Instant>,
    verified: bool,
}

/// A report, and which generation of its access code is valid.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) complaint: Complaint,
    pub(crate) code_generation: i32,
}

/// Adds a report; false where its number is taken.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    complaint: &Complaint,
) -> Result<bool, sqlx::Error> {
    let filing = &complaint.filing;
    let inserted = sqlx::query!(
        "INSERT INTO complaints.complaint (id, number, version, category, kind, text, kelurahan_code, channel,
             channel_reference, responsible_unit, state, filed_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
         ON CONFLICT ON CONSTRAINT complaint_number_key DO NOTHING",
        complaint.id.0,
        filing.number,
        complaint.version,
        filing.category,
        filing.kind.word(),
        filing.text,
        filing.kelurahan_code,
        filing.channel,
        filing.channel_reference.as_deref(),
        complaint.responsible_unit.0,
        complaint.state().word(),
        filing.filed_at.stored()
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores what a command changed. The caller holds the row's lock.
pub(crate) async fn update(connection: &mut PgConnection, complaint: &Complaint) -> Result<(), sqlx::Error> {
    let closing = complaint.closing();
    let resolved: Vec<Instant> = complaint.resolved_times.iter().map(|time| time.stored()).collect();
    sqlx::query!(
        "UPDATE complaints.complaint SET version = $2, responsible_unit = $3, state = $4, proposed_outcome = $5,
             outcome = $6, confirmation = CASE WHEN $6::text IS NULL THEN NULL ELSE 'CONFIRMED' END, rating = $7,
             comment = $8, updated_at = $9, first_accepted_at = $10, resolved_times = $11, closed_at = $12,
             verified = $13
         WHERE id = $1",
        complaint.id.0,
        complaint.version,
        complaint.responsible_unit.0,
        complaint.state().word(),
        complaint.proposed_outcome().map(Outcome::word),
        complaint.outcome().map(Outcome::word),
        closing.map(|(rating, _, _)| rating),
        closing.map(|(_, comment, _)| comment),
        complaint.updated_at.stored(),
        complaint.first_accepted_at.map(ToStored::stored) as _,
        resolved as _,
        closing.map(|(_, _, at)| at.stored()) as _,
        complaint.verified
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a report.
pub(crate) async fn get(
    connection: &mut PgConnection,
    id: ComplaintId,
) -> Result<Option<Loaded>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT id, number, version, category, kind, text, kelurahan_code, channel, channel_reference,
                  code_generation, responsible_unit, state, proposed_outcome, rating, comment, filed_at, updated_at,
                  first_accepted_at, resolved_times AS "resolved_times: Vec<Instant>", closed_at, verified
           FROM complaints.complaint WHERE id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::load)
    .transpose()
}

/// Reads a report and holds its row until the transaction ends, so that version order is commit order.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    id: ComplaintId,
) -> Result<Option<Loaded>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT id, number, version, category, kind, text, kelurahan_code, channel, channel_reference,
                  code_generation, responsible_unit, state, proposed_outcome, rating, comment, filed_at, updated_at,
                  first_accepted_at, resolved_times AS "resolved_times: Vec<Instant>", closed_at, verified
           FROM complaints.complaint WHERE id = $1 FOR UPDATE"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .map(Row::load)
    .transpose()
}

/// Which reports to list.
#[derive(Debug)]
pub(crate) struct Selection {
    /// The caller's units: reports in their subtrees are shown.
    pub(crate) callers: Vec<Uuid>,
    /// The calling system: reports that it filed are shown.
    pub(crate) channel: String,
    /// Only in the subtree of this unit.
    pub(crate) unit: Option<Uuid>,
    /// Only in this state.
    pub(crate) state: Option<State>,
    /// Only of this category; empty for any.
    pub(crate) category: String,
    /// Only those that come after this report, in the list's order.
    pub(crate) after: Option<(jiff::Timestamp, Uuid)>,
    /// At most this many.
    pub(crate) limit: i64,
}

/// Reports, newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    selection: &Selection,
) -> Result<Vec<Complaint>, sqlx::Error> {
    let (after_time, after_id) = selection.after.unzip();
    sqlx::query_as!(
        Row,
        r#"WITH RECURSIVE mine AS (
               SELECT id FROM complaints.unit WHERE id = ANY($1)
               UNION
               SELECT below.id FROM mine JOIN complaints.unit below ON below.parent = mine.id
           ), asked AS (
               SELECT id FROM complaints.unit WHERE id = $3
               UNION
               SELECT below.id FROM asked JOIN complaints.unit below ON below.parent = asked.id
           )
           SELECT id, number, version, category, kind, text, kelurahan_code, channel, channel_reference,
                  code_generation, responsible_unit, state, proposed_outcome, rating, comment, filed_at, updated_at,
                  first_accepted_at, resolved_times AS "resolved_times: Vec<Instant>", closed_at, verified
           FROM complaints.complaint
           WHERE (responsible_unit IN (SELECT id FROM mine) OR channel = $2)
             AND ($3::uuid IS NULL OR responsible_unit IN (SELECT id FROM asked))
             AND ($4::text IS NULL OR state = $4)
             AND ($5 = '' OR category = $5)
             AND ($6::timestamptz IS NULL OR (filed_at, id) < ($6, $7::uuid))
           ORDER BY filed_at DESC, id DESC LIMIT $8"#,
        &selection.callers,
        selection.channel,
        selection.unit,
        selection.state.map(State::word),
        selection.category,
        after_time.map(ToStored::stored) as _,
        after_id,
        selection.limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| row.load().map(|loaded| loaded.complaint))
    .collect()
}

impl Row {
    fn load(self) -> Result<Loaded, sqlx::Error> {
        let state = State::from_word(&self.state).ok_or_else(|| unknown_word(&self.state))?;
        let proposed = self.proposed_outcome.as_deref().and_then(Outcome::from_word);
        let phase = match (state, proposed, self.closed_at) {
            (State::Submitted, _, _) => Phase::Submitted,
            (State::InProgress, _, _) => Phase::InProgress,
            (State::AwaitingValidation, Some(proposed), _) => Phase::AwaitingValidation { proposed },
            (State::Resolved, Some(outcome), _) => Phase::Resolved { outcome },
            (State::Closed, Some(outcome), Some(at)) => Phase::Closed {
                outcome,
                rating: self.rating.unwrap_or(0),
                comment: self.comment.unwrap_or_default(),
                at: at.to_jiff(),
            },
            _ => return Err(unknown_word(&self.state)),
        };
        let complaint = Complaint {
            id: ComplaintId(self.id),
            version: self.version,
            filing: Filing {
                number: self.number,
                category: self.category,
                kind: Kind::from_word(&self.kind).ok_or_else(|| unknown_word(&self.kind))?,
                text: self.text,
                kelurahan_code: self.kelurahan_code,
                channel: self.channel,
                channel_reference: self.channel_reference,
                filed_at: self.filed_at.to_jiff(),
            },
            responsible_unit: UnitId(self.responsible_unit),
            phase,
            updated_at: self.updated_at.to_jiff(),
            first_accepted_at: self.first_accepted_at.map(Instant::to_jiff),
            resolved_times: self.resolved_times.into_iter().map(Instant::to_jiff).collect(),
            verified: self.verified,
        };
        Ok(Loaded { complaint, code_generation: self.code_generation })
    }
}

/// A stored word that this binary doesn't know: a newer one wrote it.
pub(super) fn unknown_word(word: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("an unknown or incomplete value: {word}").into())
}
