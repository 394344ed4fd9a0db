//! Recomputing a report's ledger from what is stored, entry by entry, until one is not as it was written.

use kit::{
    identity::Caller,
    ledger::{BEGINNING, Entry, Hash, chained, commitment},
};

use crate::{
    app::{App, Failure, Proof},
    domain::{
        ComplaintId,
        evidence::Role,
        ledger::{Content, EntryKind, finding_subject},
    },
    store::{
        self,
        ledger::{Row, Stored},
    },
};

/// Entries read at once, of which a report has hardly more.
const MOST_ENTRIES: i64 = 100_000;

/// What was found.
#[derive(Debug, PartialEq)]
pub(crate) struct Checked {
    pub(crate) entries: i64,
    pub(crate) head: Hash,
    pub(crate) broken: Option<Break>,
    /// Entries whose reporter's part was erased: which, by which, when in Unix microseconds.
    pub(crate) erased: Vec<(i64, i64, i64)>,
}

/// Where it breaks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Break {
    pub(crate) sequence: i64,
    pub(crate) table: &'static str,
}

impl App {
    /// Recomputes the ledger of a report that the caller may see.
    pub(crate) async fn verify_ledger(
        &self,
        (caller, proof): (&Caller, &Proof),
        complaint: ComplaintId,
    ) -> Result<Checked, Failure> {
        let mut transaction = self.database.begin(kit::database::Deadline::unattended()).await?;
        store::ledger::one_state(&mut transaction).await?;
        // What is sealed is not opened: it may be what was changed.
        let loaded = store::complaint::get(&mut transaction, complaint).await?.ok_or(Failure::NotFound)?;
        self.sight(&mut transaction, (caller, proof), &loaded).await?;
        let rows =
            store::ledger::entries(&mut transaction, complaint.0, (i64::MIN, i64::MAX, MOST_ENTRIES)).await?;
        let stored = store::ledger::stored(&mut transaction, complaint).await?;
        transaction.rollback().await?;
        Ok(check(complaint, &rows, stored))
    }
}

/// Compares entries with the content they are of, which is used up by it: what is left is in no entry.
fn check(complaint: ComplaintId, rows: &[Row], mut stored: Stored) -> Checked {
    let erasure = rows.iter().rev().find(|row| row.kind == EntryKind::Erasure.word());
    let erased_at = erasure.map(|row| (row.sequence, row.at));
    let now = stored.now.take();
    let last_step = stored
        .steps
        .last_key_value()
        .map(|(version, (step, ..))| (*version, step.state.clone(), step.responsible_unit));
    let (mut previous, mut erased, mut broken) = (BEGINNING, Vec::new(), None);
    let mut last_step_entry = 1;
    for (row, expected) in rows.iter().zip(1..) {
        match check_row((complaint, row), (expected, &previous), &mut stored, erased_at) {
            Ok((hash, is_erased)) => {
                previous = hash;
                if let (true, Some((by, at))) = (is_erased, erased_at) {
                    erased.push((row.sequence, by, at));
                }
                if row.subject.parse::<i64>().is_ok() {
                    last_step_entry = expected;
                }
            }
            Err(table) => {
                broken = Some(Break { sequence: expected, table });
                break;
            }
        }
    }
    let entries = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let broken = broken
        .or_else(|| left_over(&stored).map(|table| Break { sequence: entries + 1, table }))
        .or_else(|| (now != last_step).then_some(Break { sequence: last_step_entry, table: "complaint" }))
        .or_else(|| under_root(rows, &stored.leaves));
    Checked { entries, head: previous, broken, erased }
}

/// The hash of an entry, and whether its reporter's part was erased; else the table that is not as it was written.
fn check_row(
    (complaint, row): (ComplaintId, &Row),
    (expected, previous): (i64, &Hash),
    stored: &mut Stored,
    erased_at: Option<(i64, i64)>,
) -> Result<(Hash, bool), &'static str> {
    const LEDGER: &str = "ledger_entry";
    let kind = EntryKind::from_word(&row.kind).ok_or(LEDGER)?;
    let hash = |bytes: &Vec<u8>| Hash::try_from(bytes.as_slice()).map_err(|_| LEDGER);
    let entry = Entry {
        kind: kind.number(),
        subject: row.subject.clone(),
        at: row.at,
        commitment: hash(&row.commitment)?,
        erasable: row.erasable.as_ref().map(hash).transpose()?,
    };
    let chain = chained(previous, expected, &entry.digest(complaint.0));
    if row.sequence != expected || chain.as_slice() != row.hash {
        return Err(LEDGER);
    }
    let found = take(kind, &row.subject, stored).ok_or(kind.table())?;
    if commitment(&found.salt, found.content.finished()) != entry.commitment {
        return Err(kind.table());
    }
    let may_be_erased = found.is_reporters && erased_at.is_some_and(|(sequence, _)| row.sequence < sequence);
    match (entry.erasable, found.erasable) {
        (None, None) => Ok((chain, false)),
        (Some(committed), Some(bytes)) if commitment(&found.salt, &bytes) == committed => {
            Ok((chain, may_be_erased))
        }
        (Some(_), None) if may_be_erased => Ok((chain, true)),
        _ => Err(kind.erasable_table()),
    }
}

/// A content with its salt and what can be erased of it.
struct Found {
    content: Content,
    salt: Vec<u8>,
    erasable: Option<Vec<u8>>,
    is_reporters: bool,
}

fn take(kind: EntryKind, subject: &str, stored: &mut Stored) -> Option<Found> {
    match kind {
        EntryKind::Report => {
            let (step, salt, _) = stored.steps.remove(&subject.parse().ok()?)?;
            let content = stored.filing.take()?.content(&step);
            Some(Found { content, salt, erasable: stored.text.take(), is_reporters: true })
        }
        EntryKind::Step | EntryKind::Erasure => {
            let (step, salt, erasable) = stored.steps.remove(&subject.parse().ok()?)?;
            Some(Found { content: step.content(), salt, erasable, is_reporters: true })
        }
        EntryKind::Evidence => {
            let (evidence, salt, capture) = stored.evidence.remove(&subject.parse().ok()?)?;
            let erasable = capture.map(|capture| capture.content().finished().to_vec());
            let is_reporters = evidence.role == Role::Before.word();
            Some(Found { content: evidence.content(), salt, erasable, is_reporters })
        }
        EntryKind::Finding => {
            let key =
                *stored.findings.keys().find(|(id, number)| finding_subject(*id, *number) == subject)?;
            let (finding, salt) = stored.findings.remove(&key)?;
            Some(Found { content: finding.content(), salt, erasable: None, is_reporters: false })
        }
        EntryKind::Answer => {
            let key = *stored.answers.keys().find(|(id, number)| finding_subject(*id, *number) == subject)?;
            let (answer, salt) = stored.answers.remove(&key)?;
            Some(Found { content: answer.content(), salt, erasable: None, is_reporters: false })
        }
    }
}

/// The table of what no entry is of.
fn left_over(stored: &Stored) -> Option<&'static str> {
    let left = [
        (stored.filing.is_some(), "complaint"),
        (!stored.steps.is_empty(), "timeline_entry"),
        (!stored.evidence.is_empty(), "evidence"),
        (!stored.findings.is_empty(), "finding"),
        (!stored.answers.is_empty(), "finding_answer"),
    ];
    left.into_iter().find(|(is_left, _)| *is_left).map(|(_, table)| table)
}

/// The first head under a signed root that the chain does not have.
fn under_root(rows: &[Row], leaves: &[(i64, Vec<u8>)]) -> Option<Break> {
    let has = |(sequence, hash): &&(i64, Vec<u8>)| {
        let place = usize::try_from(*sequence - 1).ok();
        place.and_then(|place| rows.get(place)).is_some_and(|row| row.hash == *hash)
    };
    let missing = leaves.iter().find(|leaf| !has(leaf))?;
    let entries = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    Some(Break { sequence: missing.0.min(entries + 1), table: "ledger_entry" })
}

#[cfg(test)]
mod tests;
