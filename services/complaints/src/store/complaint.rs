//! The table of reports.

mod listing;
mod numbered;
mod row;

use kit::stored::{Day, Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::reporter::SealedFiling;
use crate::domain::{Complaint, ComplaintId, Confirmation, Outcome, RejectReason, State};
pub(crate) use listing::{Selection, count, count_open, get_all, list, list_open, lock_due, versions, walk};
pub(crate) use numbered::{by_number, lock_by_number, set_code, words_released};
pub(super) use row::unknown_word;
use row::{Row, rows};

/// A report whose reporter's words are sealed yet, and which access code is valid.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Its text is empty: it is beside.
    pub(crate) complaint: Complaint,
    pub(crate) code_generation: i32,
    pub(crate) code_key: String,
    /// The report's own key under the master key; none once it was destroyed.
    pub(crate) wrapped_key: Option<Vec<u8>>,
    /// The text under the report's key.
    pub(crate) sealed_text: Option<Vec<u8>>,
}

/// Adds a report with what is sealed of it; false where its number is taken.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    complaint: &Complaint,
    sealed: &SealedFiling,
) -> Result<bool, sqlx::Error> {
    let filing = &complaint.filing;
    let (unit, dues) = (complaint.responsible_unit(), Dues::of(complaint));
    let inserted = sqlx::query!(
        "WITH filed AS (
             INSERT INTO complaints.complaint (id, number, version, category, kind, text, kelurahan_code, channel,
                 channel_reference, unit_complained_of, units, units_from, responsible_unit, state, filed_at, updated_at,
                 state_since, dues, dues_from, dues_at, dues_stage, next_due_at, finish_due_at, code_key,
                 recurrence_of)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, ARRAY[$11::uuid], ARRAY[$13::timestamptz], $11, $12, $13, $13,
                 $13, $14, $15, $16, $17, $18, $19, $20, $25)
             ON CONFLICT ON CONSTRAINT complaint_number_key DO NOTHING RETURNING id
         )
         INSERT INTO complaints.reporter (complaint, key_id, wrapped_key, identity, channel_reference)
         SELECT id, $21::text, $22::bytea, $23::bytea, $24::bytea FROM filed",
        complaint.id.0,
        filing.number,
        complaint.version,
        complaint.category,
        filing.kind.word(),
        sealed.text,
        filing.kelurahan_code,
        filing.channel,
        filing.channel_reference.as_deref(),
        filing.unit_complained_of.map(|unit| unit.0),
        unit.0,
        complaint.state().word(),
        filing.filed_at.stored(),
        &dues.kinds,
        dues.from as _,
        dues.at as _,
        &dues.stages,
        complaint.next_due_at().map(ToStored::stored) as _,
        complaint.finish_due_at().map(ToStored::stored) as _,
        sealed.code_key,
        sealed.key_id,
        sealed.wrapped_key,
        sealed.identity.as_deref(),
        sealed.channel_reference.as_deref(),
        filing.recurrence_of.map(|fixed| fixed.0)
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores what a command changed, and what statistics count of it. The caller holds the row's lock.
pub(crate) async fn update(connection: &mut PgConnection, complaint: &Complaint) -> Result<(), sqlx::Error> {
    let (phase, closing) = (&complaint.phase, complaint.closing());
    let times = |times: &[jiff::Timestamp]| times.iter().map(|time| time.stored()).collect::<Vec<Instant>>();
    let units: Vec<Uuid> = complaint.responsibilities.iter().map(|held| held.unit.0).collect();
    let units_from: Vec<Instant> = complaint.responsibilities.iter().map(|held| held.from.stored()).collect();
    let (counts, dues) = (complaint.counts, Dues::of(complaint));
    sqlx::query!(
        "WITH fact AS (
             UPDATE complaints.report_fact SET category = $3, unit = $6, state = $7, accepted_at = $20, resolved_at = $45,
                 due_at = $36, is_reopened = cardinality($22::timestamptz[]) > 0, is_rejected = $15::text IS NOT NULL,
                 rating = $11
             WHERE complaint = $1
         )
         UPDATE complaints.complaint SET version = $2, category = $3, units = $4, units_from = $5,
             responsible_unit = $6, state = $7, proposed_outcome = $8, outcome = $9, confirmation = $10, rating = $11,
             reporter_erased_at = $12, question = $13, asked_at = $14, reject_reason = $15, rejected_at = $16, merged_into = $17,
             state_before_merge = $18, updated_at = $19, first_accepted_at = $20, resolved_times = $21,
             reopened_times = $22, closed_at = $23, verified = $24, estimated_finish = $25, hops = $26,
             rejected_follow_ups = $27, questions = $28, supporters = $29, ping_pong = $30, dues = $31, dues_from = $32,
             dues_at = $33, dues_stage = $34, next_due_at = $35, finish_due_at = $36, stopped_seconds = $37,
             red_flagged_at = $38, state_since = $39, breaches = $40, escalations = $41, reporter_restricted_at = $42,
             words_released = $43, priority = $44
         WHERE id = $1",
        complaint.id.0,
        complaint.version,
        complaint.category,
        &units,
        units_from as _,
        complaint.responsible_unit().0,
        complaint.state().word(),
        phase.proposed_outcome().map(Outcome::word),
        closing.map(|closing| closing.outcome.word()),
        closing.map(|closing| Confirmation::word(closing.confirmation)),
        closing.and_then(|closing| closing.rating),
        complaint.reporter_erased_at.map(ToStored::stored) as _,
        phase.question().map(|(question, _)| question),
        phase.question().map(|(_, asked_at)| asked_at.stored()) as _,
        phase.reject_reason().map(RejectReason::word),
        phase.rejected_at().map(ToStored::stored) as _,
        phase.merged_into().map(|target| target.0),
        phase.state_before().map(State::word),
        complaint.updated_at.stored(),
        complaint.first_accepted_at.map(ToStored::stored) as _,
        times(&complaint.resolved_times) as _,
        times(&complaint.reopened_times) as _,
        closing.map(|closing| closing.at.stored()) as _,
        complaint.verified,
        complaint.estimated_finish.map(ToStored::stored) as Option<Day>,
        counts.hops,
        counts.rejected_follow_ups,
        counts.questions,
        counts.supporters,
        complaint.ping_pong,
        &dues.kinds,
        dues.from as _,
        dues.at as _,
        &dues.stages,
        complaint.next_due_at().map(ToStored::stored) as _,
        complaint.finish_due_at().map(ToStored::stored) as _,
        complaint.stopped_seconds,
        complaint.red_flagged_at.map(ToStored::stored) as _,
        complaint.state_since.stored(),
        counts.breaches,
        counts.escalations,
        complaint.reporter_restricted_at.map(ToStored::stored) as _,
        complaint.words_released,
        complaint.priority.word(),
        complaint.resolved_at().map(ToStored::stored) as _
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
    rows!("", "FROM complaints.complaint WHERE id = $1", id.0)
        .fetch_optional(connection)
        .await?
        .map(Row::load)
        .transpose()
}

/// Reads reports and holds their rows until the transaction ends, in the order of their ids, so that version order is
/// commit order and two transactions never wait for each other. What does not exist is left out.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    ids: &[ComplaintId],
) -> Result<Vec<Loaded>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    rows!("", "FROM complaints.complaint WHERE id = ANY($1) ORDER BY id FOR UPDATE", &ids)
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Row::load)
        .collect()
}

/// The report that a report is handled under, or was until both were closed.
pub(crate) async fn target_of(
    connection: &mut PgConnection,
    id: ComplaintId,
) -> Result<Option<ComplaintId>, sqlx::Error> {
    let target = sqlx::query_scalar!("SELECT merged_into FROM complaints.complaint WHERE id = $1", id.0)
        .fetch_optional(connection)
        .await?;
    Ok(target.flatten().map(ComplaintId))
}

/// How many reports are handled under one.
pub(crate) async fn count_members(
    connection: &mut PgConnection,
    target: ComplaintId,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM complaints.complaint WHERE merged_into = $1"#,
        target.0
    )
    .fetch_one(connection)
    .await
}

/// Reads the reports that are handled under one, at most `limit`, and holds their rows in the order of their ids. The
/// caller holds the target's row.
pub(crate) async fn lock_members(
    connection: &mut PgConnection,
    target: ComplaintId,
    limit: i64,
) -> Result<Vec<Complaint>, sqlx::Error> {
    rows!(
        "",
        "FROM complaints.complaint WHERE merged_into = $1 AND state = 'MERGED' ORDER BY id LIMIT $2 FOR UPDATE",
        target.0,
        limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| row.load().map(|loaded| loaded.complaint))
    .collect()
}

/// What shows who a report's reporter is: its access code, or its channel's reference.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) complaint: ComplaintId,
    pub(crate) code_generation: i32,
    pub(crate) code_key: String,
    pub(crate) channel: String,
    /// A keyed hash.
    pub(crate) channel_reference: Option<Vec<u8>>,
}

/// What shows the reporters of the reports that are, or were until the end, handled under one. At most `limit`.
pub(crate) async fn reporters_under(
    connection: &mut PgConnection,
    target: ComplaintId,
    limit: i64,
) -> Result<Vec<Shown>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT id, code_generation, code_key, channel, channel_reference FROM complaints.complaint
         WHERE merged_into = $1 ORDER BY id LIMIT $2",
        target.0,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Shown {
            complaint: ComplaintId(row.id),
            code_generation: row.code_generation,
            code_key: row.code_key,
            channel: row.channel,
            channel_reference: row.channel_reference,
        })
        .collect())
}

/// The deadlines side by side, as they are stored.
struct Dues {
    kinds: Vec<String>,
    from: Vec<Instant>,
    at: Vec<Instant>,
    stages: Vec<String>,
}

impl Dues {
    fn of(complaint: &Complaint) -> Self {
        let deadlines = &complaint.deadlines;
        Self {
            kinds: deadlines.iter().map(|deadline| deadline.due.word().to_owned()).collect(),
            from: deadlines.iter().map(|deadline| deadline.from.stored()).collect(),
            at: deadlines.iter().map(|deadline| deadline.at.stored()).collect(),
            stages: deadlines.iter().map(|deadline| deadline.stage.word().to_owned()).collect(),
        }
    }
}
