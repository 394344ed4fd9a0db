//! Evidence, findings and their answers: added and read, never changed.

use kit::stored::{Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use super::complaint::unknown_word;
use crate::domain::{
    ComplaintId, PersonId,
    evidence::{Capture, Evidence, Finding, FindingKind, Role},
};

/// A finding as it stands.
#[derive(Clone, Debug)]
pub(crate) struct StoredFinding {
    pub(crate) evidence: Uuid,
    pub(crate) finding: Finding,
    pub(crate) answer: Option<Answer>,
}

/// A validator's answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) reason: String,
    pub(crate) subject: String,
    pub(crate) person: PersonId,
    pub(crate) at: jiff::Timestamp,
}

struct Row {
    id: Uuid,
    complaint: Uuid,
    role: String,
    content_type: String,
    size_bytes: i64,
    object: Vec<u8>,
    public_object: Option<Vec<u8>>,
    public_type: Option<String>,
    subject: String,
    person: Option<Uuid>,
    uploaded_at: Instant,
    sha256: Option<Vec<u8>>,
    captured_at: Option<Instant>,
    distance_metres: Option<i32>,
    software: Option<String>,
}

impl Row {
    fn load(self) -> Result<Evidence, sqlx::Error> {
        let hash = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).map_err(|_| unknown_word("a hash"));
        let capture = self.sha256.map(hash).transpose()?.map(|sha256| Capture {
            sha256,
            captured_at: self.captured_at.map(Instant::to_jiff),
            distance_metres: self.distance_metres,
            software: self.software,
        });
        Ok(Evidence {
            id: self.id,
            complaint: ComplaintId(self.complaint),
            role: Role::from_word(&self.role).ok_or_else(|| unknown_word(&self.role))?,
            content_type: self.content_type,
            size_bytes: self.size_bytes,
            object: hash(self.object)?,
            public: self.public_object.map(hash).transpose()?.zip(self.public_type),
            subject: self.subject,
            person: self.person.map(PersonId),
            uploaded_at: self.uploaded_at.to_jiff(),
            capture,
        })
    }
}

macro_rules! rows {
    ($where:tt, $($arguments:tt)*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id, complaint, role, content_type, size_bytes, object, public_object, public_type, subject, person,
                uploaded_at, capture.sha256 AS "sha256?", captured_at AS "captured_at?",
                distance_metres AS "distance_metres?", software AS "software?"
               FROM complaints.evidence LEFT JOIN complaints.capture ON capture.evidence = evidence.id "# + $where,
            $($arguments)*
        )
    };
}

/// Adds evidence.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    (evidence, capture): (&Evidence, &Capture),
    salt: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH evidence AS (
             INSERT INTO complaints.evidence (id, complaint, role, content_type, size_bytes, object, public_object,
                 public_type, subject, person, uploaded_at, salt)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         )
         INSERT INTO complaints.capture (evidence, sha256, captured_at, distance_metres, software)
         VALUES ($1, $13, $14, $15, $16)",
        evidence.id,
        evidence.complaint.0,
        evidence.role.word(),
        evidence.content_type,
        evidence.size_bytes,
        &evidence.object[..],
        evidence.public.as_ref().map(|(object, _)| object.as_slice()),
        evidence.public.as_ref().map(|(_, kind)| kind.as_str()),
        evidence.subject,
        evidence.person.map(|person| person.0),
        evidence.uploaded_at.stored() as _,
        salt,
        &capture.sha256[..],
        capture.captured_at.map(ToStored::stored) as Option<Instant>,
        capture.distance_metres,
        capture.software
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A report's evidence, oldest first, at most `limit`.
pub(crate) async fn list(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    limit: i64,
) -> Result<Vec<Evidence>, sqlx::Error> {
    rows!("WHERE complaint = $1 ORDER BY uploaded_at, id LIMIT $2", complaint.0, limit)
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Row::load)
        .collect()
}

/// One piece of evidence.
pub(crate) async fn get(connection: &mut PgConnection, id: Uuid) -> Result<Option<Evidence>, sqlx::Error> {
    rows!("WHERE id = $1", id).fetch_optional(connection).await?.map(Row::load).transpose()
}

/// How much evidence a report has.
pub(crate) async fn count(connection: &mut PgConnection, complaint: ComplaintId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM complaints.evidence WHERE complaint = $1"#,
        complaint.0
    )
    .fetch_one(connection)
    .await
}

/// Whether what was done is shown by anything uploaded since a time.
pub(crate) async fn shows_what_was_done(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    since: jiff::Timestamp,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM complaints.evidence
                          WHERE complaint = $1 AND role = 'AFTER' AND uploaded_at >= $2) AS "shows!""#,
        complaint.0,
        since.stored() as _
    )
    .fetch_one(connection)
    .await
}

/// Adds a finding.
pub(crate) async fn insert_finding(
    connection: &mut PgConnection,
    evidence: Uuid,
    (finding, salt): (&Finding, &[u8]),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO complaints.finding (evidence, number, kind, other_evidence, measure, salt)
         VALUES ($1, $2, $3, $4, $5, $6)",
        evidence,
        finding.number,
        finding.kind.word(),
        finding.other,
        finding.measure,
        salt
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What speaks against some evidence, in the order in which it was found.
pub(crate) async fn findings(
    connection: &mut PgConnection,
    evidence: &[Uuid],
) -> Result<Vec<StoredFinding>, sqlx::Error> {
    sqlx::query!(
        r#"SELECT evidence, number, kind, other_evidence, measure, reason AS "reason?", subject AS "subject?",
                  person AS "person?", answered_at AS "answered_at?: Instant"
           FROM complaints.finding LEFT JOIN complaints.finding_answer USING (evidence, number)
           WHERE evidence = ANY($1) ORDER BY evidence, number"#,
        evidence
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        let answer = match (row.reason, row.subject, row.person, row.answered_at) {
            (Some(reason), Some(subject), Some(person), Some(at)) => {
                Some(Answer { reason, subject, person: PersonId(person), at: at.to_jiff() })
            }
            _ => None,
        };
        Ok(StoredFinding {
            evidence: row.evidence,
            finding: Finding {
                number: row.number,
                kind: FindingKind::from_word(&row.kind).ok_or_else(|| unknown_word(&row.kind))?,
                other: row.other_evidence,
                measure: row.measure,
            },
            answer,
        })
    })
    .collect()
}

/// Findings about a report's evidence that nobody answered.
pub(crate) async fn open_findings(
    connection: &mut PgConnection,
    complaint: ComplaintId,
) -> Result<Vec<(Uuid, i16)>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT finding.evidence, finding.number
         FROM complaints.evidence JOIN complaints.finding ON finding.evidence = evidence.id
         WHERE evidence.complaint = $1
           AND NOT EXISTS (SELECT FROM complaints.finding_answer AS answer
                           WHERE answer.evidence = finding.evidence AND answer.number = finding.number)
         ORDER BY finding.evidence, finding.number",
        complaint.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.evidence, row.number)).collect())
}

/// Adds an answer; false where the finding has one.
pub(crate) async fn insert_answer(
    connection: &mut PgConnection,
    (evidence, number): (Uuid, i16),
    (answer, salt): (&Answer, &[u8]),
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "INSERT INTO complaints.finding_answer (evidence, number, reason, subject, person, answered_at, salt)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT ON CONSTRAINT finding_answer_pkey DO NOTHING",
        evidence,
        number,
        answer.reason,
        answer.subject,
        answer.person.0,
        answer.at.stored() as _,
        salt
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}
