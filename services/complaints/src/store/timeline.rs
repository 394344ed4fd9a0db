//! The steps of reports: added, read, never changed.

use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{complaint::unknown_word, ledger::Record};
use crate::domain::{
    By, Command, Complaint, ComplaintId, Due, PersonId, State, Step, Texts, TransferReason, UnitId, tidings,
};

/// A query of steps: what stands behind its FROM, then the arguments.
macro_rules! steps {
    ($where:tt, $($arguments:tt)*) => {
        sqlx::query_as!(
            StepRow,
            r#"SELECT version, command, state, subject, person, responsible_unit, occurred_at, transfer_reason,
                  public_text, internal_note, due, escalated_to, reporter.text AS "reporter_text?"
               FROM complaints.timeline_entry LEFT JOIN complaints.reporter_text AS reporter USING (complaint, version)
               "# + $where,
            $($arguments)*
        )
    };
}

/// A step's row.
struct StepRow {
    version: i64,
    command: String,
    state: String,
    subject: String,
    person: Option<Uuid>,
    responsible_unit: Uuid,
    occurred_at: Instant,
    transfer_reason: Option<String>,
    public_text: String,
    internal_note: String,
    due: Option<String>,
    escalated_to: Option<Uuid>,
    reporter_text: Option<Vec<u8>>,
}

impl StepRow {
    fn load(self) -> Result<SealedStep, sqlx::Error> {
        let step = Step {
            version: self.version,
            command: Command::from_word(&self.command).ok_or_else(|| unknown_word(&self.command))?,
            state: State::from_word(&self.state).ok_or_else(|| unknown_word(&self.state))?,
            by: By { subject: self.subject, person: self.person.map(PersonId) },
            responsible_unit: UnitId(self.responsible_unit),
            at: self.occurred_at.to_jiff(),
            transfer_reason: self.transfer_reason.as_deref().and_then(TransferReason::from_word),
            due: self.due.as_deref().and_then(Due::from_word),
            escalated_to: self.escalated_to.map(UnitId),
            booked: None,
            texts: Texts { public: self.public_text, internal: self.internal_note, reporter: String::new() },
        };
        Ok(SealedStep { step, sealed_text: self.reporter_text })
    }
}

/// A step whose reporter's words are sealed yet.
#[derive(Debug)]
pub(crate) struct SealedStep {
    /// What the reporter wrote in it is empty: it is beside.
    pub(crate) step: Step,
    pub(crate) sealed_text: Option<Vec<u8>>,
}

/// Adds a step with its entry in the ledger, but for what the reporter wrote in it.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    complaint: &Complaint,
    (step, record): (&Step, &Record),
) -> Result<(), sqlx::Error> {
    let public_channel = tidings::of_step(step.command).map(|_| complaint.filing.channel.as_str());
    sqlx::query!(
        r"WITH entry AS (
             INSERT INTO complaints.timeline_entry
                 (complaint, version, command, state, subject, person, responsible_unit, occurred_at, transfer_reason,
                  public_text, internal_note, due, escalated_to, public_channel, salt)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $17, $18)
         ), ledger AS (
             INSERT INTO complaints.ledger_entry
                 (complaint, sequence, kind, subject, occurred_at, commitment, erasable, hash)
             SELECT $1::uuid, before.sequence + 1, $19::text, $20::text, $8::timestamptz, $21::bytea, $22::bytea,
                    sha256('\x02'::bytea || before.hash || int8send(before.sequence + 1) || $23::bytea)
             FROM ((SELECT sequence, hash FROM complaints.ledger_entry WHERE complaint = $1 ORDER BY sequence DESC LIMIT 1)
                   UNION ALL SELECT 0, decode(repeat('00', 32), 'hex') ORDER BY sequence DESC LIMIT 1) AS before
         )
         INSERT INTO complaints.booked_time (complaint, version, account, unit, from_at, until_at)
         SELECT $1::uuid, $2::bigint, $14::text,
                CASE WHEN $14 = 'VALIDATION'
                     THEN coalesce((SELECT parent FROM complaints.unit WHERE id = $15::uuid), $15) ELSE $15 END,
                $16::timestamptz, $8::timestamptz
         WHERE $14 IS NOT NULL",
        complaint.id.0,
        step.version,
        step.command.word(),
        step.state.word(),
        step.by.subject,
        step.by.person.map(|person| person.0),
        step.responsible_unit.0,
        step.at.stored(),
        step.transfer_reason.map(TransferReason::word),
        step.texts.public,
        step.texts.internal,
        step.due.map(Due::word),
        step.escalated_to.map(|unit| unit.0),
        step.booked.map(|booked| booked.account.word()),
        step.booked.map(|booked| booked.unit.0),
        step.booked.map(|booked| booked.from.stored()) as _,
        public_channel,
        &record.salt[..],
        record.kind.word(),
        record.entry.subject,
        &record.entry.commitment[..],
        record.entry.erasable.as_ref().map(|hash| hash.as_slice()),
        &record.digest[..]
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds what the reporter wrote in a step, sealed.
pub(crate) async fn insert_text(
    connection: &mut PgConnection,
    (complaint, version): (ComplaintId, i64),
    sealed: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO complaints.reporter_text (complaint, version, text) VALUES ($1, $2, $3)",
        complaint.0,
        version,
        sealed
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// At most `limit` steps after a version, in order.
pub(crate) async fn list(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    (after, limit): (i64, i64),
) -> Result<Vec<SealedStep>, sqlx::Error> {
    let rows =
        steps!("WHERE complaint = $1 AND version > $2 ORDER BY version LIMIT $3", complaint.0, after, limit);
    rows.fetch_all(connection).await?.into_iter().map(StepRow::load).collect()
}

/// The last steps by one of these commands, at most `limit`, oldest first.
pub(crate) async fn last(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    (commands, limit): (Vec<String>, i64),
) -> Result<Vec<SealedStep>, sqlx::Error> {
    let rows = steps!(
        "WHERE complaint = $1 AND command = ANY($2) ORDER BY version DESC LIMIT $3",
        complaint.0,
        &commands,
        limit
    );
    rows.fetch_all(connection).await?.into_iter().rev().map(StepRow::load).collect()
}

/// The people who took part so far in a report, or in one that is handled under it. Who answered a finding validated, and did
/// not work on it.
pub(crate) async fn people(
    connection: &mut PgConnection,
    complaint: ComplaintId,
) -> Result<Vec<PersonId>, sqlx::Error> {
    let people: Vec<Uuid> = sqlx::query_scalar!(
        r#"SELECT DISTINCT person AS "person!" FROM complaints.timeline_entry
           WHERE (complaint = $1 OR complaint IN (SELECT id FROM complaints.complaint WHERE merged_into = $1))
             AND person IS NOT NULL AND command <> 'ANSWER_FINDING'"#,
        complaint.0
    )
    .fetch_all(connection)
    .await?;
    Ok(people.into_iter().map(PersonId).collect())
}
