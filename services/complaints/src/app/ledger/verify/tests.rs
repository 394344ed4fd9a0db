//! What was erased is said to be, and nothing else may be missing.

use jiff::Timestamp;
use kit::ledger::{BEGINNING, chained};
use uuid::Uuid;

use super::*;
use crate::{
    app::ledger::record,
    domain::ledger::{FilingContent, StepContent},
    store::ledger::{Record, Row, Stored},
};

const REPORT: ComplaintId = ComplaintId(Uuid::from_u128(7));

fn step(version: i64, command: &str) -> StepContent {
    StepContent {
        version,
        command: command.to_owned(),
        state: "SUBMITTED".to_owned(),
        subject: "jaki".to_owned(),
        person: None,
        responsible_unit: Uuid::from_u128(8),
        at: Timestamp::from_second(1_800_000_000 + version).unwrap().as_microsecond(),
        transfer_reason: None,
        due: None,
        escalated_to: None,
        public_text: String::new(),
        internal_note: String::new(),
    }
}

fn rows(records: &[Record]) -> Vec<Row> {
    let mut head = BEGINNING;
    let rows = records.iter().zip(1..).map(|(record, sequence)| {
        head = chained(&head, sequence, &record.digest);
        Row {
            sequence,
            kind: record.kind.word().to_owned(),
            subject: record.entry.subject.clone(),
            at: record.entry.at,
            commitment: record.entry.commitment.to_vec(),
            erasable: record.entry.erasable.map(|hash| hash.to_vec()),
            hash: head.to_vec(),
        }
    });
    rows.collect()
}

/// A report with a text, a step with the reporter's words, and a last step of a kind.
fn erased(last: EntryKind) -> (Vec<Row>, Stored) {
    let filing = FilingContent {
        number: "JKT-000000000".to_owned(),
        kind: "REPORT".to_owned(),
        kelurahan_code: "31.74.01.1001".to_owned(),
        channel: "jaki".to_owned(),
        unit_complained_of: None,
        filed_at: 1,
    };
    let steps = [step(1, "FILE"), step(2, "APPEAL_REJECTION"), step(3, "ADD_NOTE")];
    let kinds = [EntryKind::Report, EntryKind::Step, last];
    let words: [Option<&[u8]>; 3] = [Some(b"sealed text"), Some(b"sealed words"), None];
    let mut stored =
        Stored { now: Some((3, "SUBMITTED".to_owned(), Uuid::from_u128(8))), ..Stored::default() };
    let mut records = Vec::new();
    for ((step, kind), words) in steps.into_iter().zip(kinds).zip(words) {
        let content = match kind {
            EntryKind::Report => filing.content(&step),
            _ => step.content(),
        };
        let record = record((REPORT, kind, step.version.to_string()), step.at, (&content, words));
        let kept = words.filter(|_| kind == EntryKind::Step).map(<[u8]>::to_vec);
        stored.steps.insert(step.version, (step, record.salt.to_vec(), kept));
        records.push(record);
    }
    stored.filing = Some(filing);
    stored.text = Some(b"sealed text".to_vec());
    (rows(&records), stored)
}

#[test]
fn what_an_erasure_took_away_is_named_with_its_time() {
    let (rows, mut stored) = erased(EntryKind::Erasure);
    stored.text = None;
    stored.steps.get_mut(&2).unwrap().2 = None;
    let checked = check(REPORT, &rows, stored);
    let at = step(3, "").at;
    assert_eq!((checked.broken, checked.entries), (None, 3));
    assert_eq!(checked.erased, [(1, 3, at), (2, 3, at)]);
    assert_eq!(checked.head.as_slice(), rows[2].hash);
}

#[test]
fn without_an_erasure_nothing_may_be_missing_and_nothing_be_other() {
    let (rows, stored) = erased(EntryKind::Step);
    assert_eq!(check(REPORT, &rows, stored).broken, None);
    let (rows, mut stored) = erased(EntryKind::Step);
    stored.steps.get_mut(&2).unwrap().2 = None;
    let expected = Break { sequence: 2, table: "reporter_text" };
    assert_eq!(check(REPORT, &rows, stored).broken, Some(expected));
    let (rows, mut stored) = erased(EntryKind::Erasure);
    stored.text = Some(b"sealed tex7".to_vec());
    let expected = Break { sequence: 1, table: "complaint" };
    assert_eq!(check(REPORT, &rows, stored).broken, Some(expected), "erased or as it was, but not another");
}
