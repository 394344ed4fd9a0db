//! Between the contract's messages on evidence and the ledger and the domain's types.

use kit::clock::to_proto;
use proto::complaints::v1;
use uuid::Uuid;

use super::super::{convert::complaint_id, words};
use crate::{
    app::{FindingShown, Shown, ledger::Checked},
    domain::{ComplaintId, evidence::finding_name, ledger::EntryKind},
    store::ledger::Row,
};

/// Evidence as its reader may see it.
pub(in crate::grpc) fn evidence(shown: &Shown) -> v1::Evidence {
    let evidence = &shown.evidence;
    let capture = evidence.capture.as_ref();
    let hash = capture.filter(|_| shown.shows_hash).map(|capture| hexadecimal(&capture.sha256));
    v1::Evidence {
        name: evidence.name(),
        role: words::role(evidence.role).into(),
        content_type: evidence.content_type.clone(),
        size_bytes: evidence.size_bytes,
        sha256: hash.unwrap_or_default(),
        person: evidence.person.map(|person| person.to_string()).unwrap_or_default(),
        create_time: Some(to_proto(evidence.uploaded_at)),
        capture_time: capture.and_then(|capture| capture.captured_at).map(to_proto),
        capture_distance_metres: capture.and_then(|capture| capture.distance_metres),
        has_public_copy: evidence.public.is_some(),
        findings: shown.findings.iter().map(|found| finding(evidence.complaint, found)).collect(),
    }
}

fn finding(complaint: ComplaintId, shown: &FindingShown) -> v1::Finding {
    let (stored, answer) = (&shown.stored, shown.stored.answer.as_ref());
    v1::Finding {
        name: finding_name(complaint, stored.evidence, stored.finding.number),
        kind: words::finding_kind(stored.finding.kind).into(),
        other_evidence: shown.other.clone().unwrap_or_default(),
        measure: stored.finding.measure,
        answer: answer.map(|answer| answer.reason.clone()).unwrap_or_default(),
        answered_by: answer.map(|answer| answer.person.to_string()).unwrap_or_default(),
        answer_time: answer.map(|answer| to_proto(answer.at)),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Report, evidence and finding of a name that the contract's rules let pass; what is no UUID is of nothing, and a name
/// without a finding has the number 0.
pub(super) fn names(name: &str) -> (ComplaintId, Uuid, i16) {
    let mut parts = name.split('/');
    let complaint = complaint_id(&format!("complaints/{}", parts.nth(1).unwrap_or_default()));
    let evidence = parts.nth(1).and_then(|id| Uuid::parse_str(id).ok()).unwrap_or(Uuid::nil());
    (complaint, evidence, parts.nth(1).and_then(|number| number.parse().ok()).unwrap_or(0))
}

/// What became of a ledger.
pub(super) fn checked(checked: &Checked) -> v1::VerifyLedgerResponse {
    let verdict = match (&checked.broken, checked.erased.is_empty()) {
        (Some(_), _) => v1::LedgerVerdict::Broken,
        (None, true) => v1::LedgerVerdict::Intact,
        (None, false) => v1::LedgerVerdict::IntactWithErasures,
    };
    let erased = checked.erased.iter().filter(|_| checked.broken.is_none());
    v1::VerifyLedgerResponse {
        verdict: verdict.into(),
        entries: checked.entries,
        head: checked.head.to_vec(),
        broken: checked
            .broken
            .map(|broken| v1::LedgerBreak { sequence: broken.sequence, table: broken.table.to_owned() }),
        erased: erased
            .map(|(sequence, erased_by, at)| v1::ErasedEntry {
                sequence: *sequence,
                erased_by: *erased_by,
                erase_time: time(*at),
            })
            .collect(),
    }
}

/// An entry as the contract shows it.
pub(super) fn entry(row: &Row) -> v1::LedgerEntry {
    let kind = EntryKind::from_word(&row.kind).map_or(v1::LedgerEntryKind::Unspecified, words::entry_kind);
    v1::LedgerEntry {
        sequence: row.sequence,
        kind: kind.into(),
        subject: row.subject.clone(),
        time: time(row.at),
        commitment: row.commitment.clone(),
        erasable_commitment: row.erasable.clone().unwrap_or_default(),
        hash: row.hash.clone(),
    }
}

fn time(microseconds: i64) -> Option<prost_types::Timestamp> {
    jiff::Timestamp::from_microsecond(microseconds).ok().map(to_proto)
}
