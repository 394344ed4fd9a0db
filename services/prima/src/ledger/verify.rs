//! `prima ledger verify`: recomputes every hash from the entries up to the signed root. It trusts the root and the key, and
//! nothing of the export.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use kit::{
    clock::from_proto,
    ledger::{BEGINNING, Entry, Hash, PublicKey, SignedRoot, chained, leads_to, leaf},
};
use prost::Message;
use proto::complaints::v1::{ExportLedgerResponse, ExportedLedger, LedgerEntry};
use uuid::Uuid;

use crate::failure::Failure;

/// `prima ledger verify`.
#[derive(clap::Args)]
pub(crate) struct Verify {
    /// What `prima ledger export` wrote.
    export: PathBuf,
    /// The signed root, as the store of files has it in `ledger/roots/`.
    #[arg(long)]
    root: PathBuf,
    /// The public key that roots are signed with, as PEM.
    #[arg(long)]
    key: PathBuf,
}

/// Checks an export.
pub(super) fn run(verify: &Verify, out: &mut impl Write) -> Result<(), Failure> {
    let root = read(&verify.root)?;
    let root = SignedRoot::from_json(&root).ok_or_else(|| broken("the root file holds no root"))?;
    let key = PublicKey::from_pem(&read(&verify.key)?).map_err(|error| broken(&error.to_string()))?;
    if !key.signed(&root) {
        return Err(broken("the root is not signed by this key"));
    }
    let bytes = std::fs::read(&verify.export).map_err(|error| file_error(&verify.export, error))?;
    let (mut rest, mut reports, mut entries) = (bytes.as_slice(), 0_u64, 0_u64);
    while !rest.is_empty() {
        let message = ExportLedgerResponse::decode_length_delimited(&mut rest);
        let message = message.map_err(|_| broken("the export can't be read to its end"))?;
        if let Some(ledger) = &message.ledger {
            reports += 1;
            entries += check(ledger, &root)?;
        }
    }
    let root = root.root;
    writeln!(
        out,
        "INTACT: {reports} of {} reports, {entries} entries, under the root of {}.",
        root.size, root.day
    )?;
    Ok(())
}

/// Checks one report; how many entries it has.
fn check(ledger: &ExportedLedger, root: &SignedRoot) -> Result<u64, Failure> {
    let name = &ledger.complaint;
    let id = name.strip_prefix("complaints/").and_then(|id| Uuid::parse_str(id).ok());
    let id = id.ok_or_else(|| broken("a report has no name"))?;
    let (mut head, mut sequence) = (BEGINNING, 0);
    for entry in &ledger.entries {
        sequence += 1;
        let bad = || broken(&format!("{name}: entry {sequence} is not as it was written"));
        let digest = read_entry(entry).ok_or_else(bad)?.digest(id);
        head = chained(&head, sequence, &digest);
        if entry.sequence != sequence || entry.hash != head {
            return Err(bad());
        }
    }
    let hashes: Option<Vec<Hash>> =
        ledger.audit_path.iter().map(|hash| Hash::try_from(hash.as_slice()).ok()).collect();
    let index = u64::try_from(ledger.leaf_index).ok();
    let leads = hashes.zip(index).is_some_and(|(path, index)| {
        leads_to(&root.root.hash, (leaf(id, sequence, &head), index, root.root.size), &path)
    });
    if !leads {
        return Err(broken(&format!("{name}: its head is not under the root of {}", root.root.day)));
    }
    Ok(sequence.unsigned_abs())
}

fn read_entry(entry: &LedgerEntry) -> Option<Entry> {
    let hash = |bytes: &[u8]| Hash::try_from(bytes).ok();
    let erasable = match entry.erasable_commitment.as_slice() {
        [] => None,
        bytes => Some(hash(bytes)?),
    };
    Some(Entry {
        kind: u8::try_from(entry.kind).ok()?,
        subject: entry.subject.clone(),
        at: from_proto(entry.time.as_ref()?).ok()?.as_microsecond(),
        commitment: hash(&entry.commitment)?,
        erasable,
    })
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| file_error(file, error))
}

fn file_error(file: &Path, error: std::io::Error) -> Failure {
    Failure::File { file: file.display().to_string(), error }
}

fn broken(why: &str) -> Failure {
    Failure::LedgerBroken(why.to_owned())
}
