//! What the entries of a report commit to, as it is stored now: words are not understood here, so that one that was changed
//! is read like any other.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{
    ComplaintId,
    ledger::{AnswerContent, CaptureContent, EvidenceContent, FilingContent, FindingContent, StepContent},
};

/// A content, its salt, and what can be erased of it.
type Salted<Content, Erasable> = (Content, Vec<u8>, Option<Erasable>);

/// All of a report that its ledger covers. Each content is with its salt, and with what can be erased of it.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) filing: Option<FilingContent>,
    /// The sealed text of the report.
    pub(crate) text: Option<Vec<u8>>,
    /// Version, state and responsible unit that the report says it has.
    pub(crate) now: Option<(i64, String, Uuid)>,
    pub(crate) steps: BTreeMap<i64, Salted<StepContent, Vec<u8>>>,
    pub(crate) evidence: BTreeMap<Uuid, Salted<EvidenceContent, CaptureContent>>,
    pub(crate) findings: BTreeMap<(Uuid, i16), (FindingContent, Vec<u8>)>,
    pub(crate) answers: BTreeMap<(Uuid, i16), (AnswerContent, Vec<u8>)>,
    /// Heads of the chain that are under signed roots: how many entries, and the hash of the last.
    pub(crate) leaves: Vec<(i64, Vec<u8>)>,
}

/// Reads it. The caller's transaction sees one state of all tables.
pub(crate) async fn stored(
    connection: &mut PgConnection,
    complaint: ComplaintId,
) -> Result<Stored, sqlx::Error> {
    let mut stored = Stored::default();
    filing(connection, complaint, &mut stored).await?;
    steps(connection, complaint, &mut stored).await?;
    evidence(connection, complaint, &mut stored).await?;
    findings(connection, complaint, &mut stored).await?;
    let leaves = sqlx::query!(
        "SELECT sequence, hash FROM complaints.ledger_leaf WHERE complaint = $1 ORDER BY sequence",
        complaint.0
    )
    .fetch_all(connection)
    .await?;
    stored.leaves = leaves.into_iter().map(|leaf| (leaf.sequence, leaf.hash)).collect();
    Ok(stored)
}

async fn filing(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    stored: &mut Stored,
) -> Result<(), sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT number, kind, kelurahan_code, channel, unit_complained_of, text, version, state, responsible_unit,
                  (extract(epoch FROM filed_at) * 1000000)::bigint AS "filed_at!"
           FROM complaints.complaint WHERE id = $1"#,
        complaint.0
    )
    .fetch_optional(connection)
    .await?;
    if let Some(row) = row {
        stored.text = row.text;
        stored.now = Some((row.version, row.state, row.responsible_unit));
        stored.filing = Some(FilingContent {
            number: row.number,
            kind: row.kind,
            kelurahan_code: row.kelurahan_code,
            channel: row.channel,
            unit_complained_of: row.unit_complained_of,
            filed_at: row.filed_at,
        });
    }
    Ok(())
}

async fn steps(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    stored: &mut Stored,
) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT version, command, state, subject, person, responsible_unit,
                  (extract(epoch FROM occurred_at) * 1000000)::bigint AS "at!", transfer_reason, due, escalated_to,
                  public_text, internal_note, salt, reporter.text AS "reporter_text?"
           FROM complaints.timeline_entry LEFT JOIN complaints.reporter_text AS reporter USING (complaint, version)
           WHERE complaint = $1"#,
        complaint.0
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let content = StepContent {
            version: row.version,
            command: row.command,
            state: row.state,
            subject: row.subject,
            person: row.person,
            responsible_unit: row.responsible_unit,
            at: row.at,
            transfer_reason: row.transfer_reason,
            due: row.due,
            escalated_to: row.escalated_to,
            public_text: row.public_text,
            internal_note: row.internal_note,
        };
        stored.steps.insert(row.version, (content, row.salt, row.reporter_text));
    }
    Ok(())
}

async fn evidence(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    stored: &mut Stored,
) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id, role, content_type, size_bytes, object, public_object, public_type, subject, person, salt,
                  (extract(epoch FROM uploaded_at) * 1000000)::bigint AS "uploaded_at!",
                  capture.sha256 AS "sha256?", (extract(epoch FROM captured_at) * 1000000)::bigint AS captured_at,
                  distance_metres AS "distance_metres?", software AS "software?"
           FROM complaints.evidence LEFT JOIN complaints.capture ON capture.evidence = evidence.id
           WHERE complaint = $1"#,
        complaint.0
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let capture = row.sha256.map(|sha256| CaptureContent {
            sha256,
            captured_at: row.captured_at,
            distance_metres: row.distance_metres,
            software: row.software,
        });
        let content = EvidenceContent {
            id: row.id,
            role: row.role,
            content_type: row.content_type,
            size_bytes: row.size_bytes,
            object: row.object,
            public_object: row.public_object,
            public_type: row.public_type,
            subject: row.subject,
            person: row.person,
            uploaded_at: row.uploaded_at,
        };
        stored.evidence.insert(row.id, (content, row.salt, capture));
    }
    Ok(())
}

async fn findings(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    stored: &mut Stored,
) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT finding.evidence, number, finding.kind, other_evidence, measure, finding.salt
         FROM complaints.finding JOIN complaints.evidence ON evidence.id = finding.evidence
         WHERE evidence.complaint = $1",
        complaint.0
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let content = FindingContent {
            evidence: row.evidence,
            number: row.number,
            kind: row.kind,
            other_evidence: row.other_evidence,
            measure: row.measure,
        };
        stored.findings.insert((row.evidence, row.number), (content, row.salt));
    }
    let rows = sqlx::query!(
        r#"SELECT answer.evidence, number, reason, answer.subject, answer.person, answer.salt,
                  (extract(epoch FROM answered_at) * 1000000)::bigint AS "answered_at!"
           FROM complaints.finding_answer AS answer JOIN complaints.evidence ON evidence.id = answer.evidence
           WHERE evidence.complaint = $1"#,
        complaint.0
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let content = AnswerContent {
            evidence: row.evidence,
            number: row.number,
            reason: row.reason,
            subject: row.subject,
            person: row.person,
            answered_at: row.answered_at,
        };
        stored.answers.insert((row.evidence, row.number), (content, row.salt));
    }
    Ok(())
}
