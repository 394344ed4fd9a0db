//! The ledger's entries: what each commits to. They are written in the transaction of what they are of.

pub(crate) mod export;
pub(crate) mod roots;
mod verify;

use kit::ledger::{Entry, SALT_BYTES, commitment};

pub(crate) use verify::Checked;

use crate::{
    domain::{
        Command, Complaint, ComplaintId, Step,
        ledger::{Content, EntryKind, FilingContent, StepContent},
    },
    store::ledger::Record,
};

/// The entry of a step; `words` are the reporter's in it, as they are stored, for the first step the report's text.
pub(super) fn of_step(complaint: &Complaint, step: &Step, words: Option<&[u8]>) -> Record {
    let stored = StepContent::of(step);
    let (kind, content) = match step.command {
        Command::File => (EntryKind::Report, FilingContent::of(&complaint.filing).content(&stored)),
        Command::EraseReporter => (EntryKind::Erasure, stored.content()),
        _ => (EntryKind::Step, stored.content()),
    };
    record((complaint.id, kind, step.version.to_string()), stored.at, (&content, words))
}

/// An entry with a salt of its own.
pub(super) fn record(
    (complaint, kind, subject): (ComplaintId, EntryKind, String),
    at: i64,
    (content, erasable): (&Content, Option<&[u8]>),
) -> Record {
    let salt: [u8; SALT_BYTES] = rand::random();
    let entry = Entry {
        kind: kind.number(),
        subject,
        at,
        commitment: commitment(&salt, content.finished()),
        erasable: erasable.map(|bytes| commitment(&salt, bytes)),
    };
    let digest = entry.digest(complaint.0);
    Record { kind, salt, entry, digest }
}
