//! `prima ledger verify`: what a root covers is intact, and no change of the export goes by.

use std::process::Command;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::STANDARD};
use dev::scratch::Scratch;
use jiff::{Timestamp, civil::date};
use kit::{
    clock::to_proto,
    ledger::{BEGINNING, Entry, Root, SigningKey, Tree, chained, leaf},
};
use prost::Message;
use proto::complaints::v1::{ExportLedgerResponse, ExportedLedger, LedgerEntry};
use uuid::Uuid;

/// A report's entries, and its head.
fn chain(id: Uuid, count: i64) -> (Vec<LedgerEntry>, [u8; 32]) {
    let mut head = BEGINNING;
    let entries = (1..=count).map(|sequence| {
        let at = Timestamp::from_second(1_800_000_000 + sequence).unwrap();
        let byte = u8::try_from(sequence).unwrap();
        let entry = Entry {
            kind: 2,
            subject: sequence.to_string(),
            at: at.as_microsecond(),
            commitment: [byte; 32],
            erasable: (sequence == 1).then_some([9; 32]),
        };
        head = chained(&head, sequence, &entry.digest(id));
        LedgerEntry {
            sequence,
            kind: 2,
            subject: entry.subject,
            time: Some(to_proto(at)),
            commitment: entry.commitment.to_vec(),
            erasable_commitment: entry.erasable.map(|hash| hash.to_vec()).unwrap_or_default(),
            hash: head.to_vec(),
        }
    });
    let entries = entries.collect();
    (entries, head)
}

fn verify(folder: &std::path::Path) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_prima"))
        .args(["ledger", "verify", "export", "--root", "root.json", "--key", "key.pem"])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn an_export_is_verified_offline_and_the_first_changed_entry_is_named() {
    let folder = Scratch::try_new("prima-ledger").unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let pair = Ed25519KeyPair::generate().unwrap();
    let body = STANDARD.encode(pair.to_pkcs8v1().unwrap().as_ref());
    let key =
        SigningKey::from_pem(&format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"))
            .unwrap();
    let ids: Vec<Uuid> = (1..=5).map(Uuid::from_u128).collect();
    let chains: Vec<_> = ids.iter().zip(1..).map(|(id, count)| chain(*id, count)).collect();
    let leaves = ids.iter().zip(&chains).zip(1..).map(|((id, (_, head)), count)| leaf(*id, count, head));
    let tree = Tree::new(leaves.collect());
    let root = Root {
        service: "complaints".to_owned(),
        day: date(2026, 11, 24),
        size: 5,
        hash: tree.root(),
        previous: None,
        created_at: Timestamp::from_second(1_800_000_000).unwrap(),
    };
    write("root.json", key.sign(root).to_json().as_bytes());
    write("key.pem", key.public_key().to_pem().as_bytes());
    let ledgers = ids.iter().zip(chains).enumerate().map(|(index, (id, (entries, _)))| ExportedLedger {
        complaint: format!("complaints/{id}"),
        entries,
        leaf_index: i64::try_from(index).unwrap(),
        audit_path: tree.path(index).iter().map(|hash| hash.to_vec()).collect(),
    });
    let export: Vec<u8> = ledgers
        .flat_map(|ledger| {
            ExportLedgerResponse { root: None, ledger: Some(ledger) }.encode_length_delimited_to_vec()
        })
        .collect();
    write("export", &export);
    let (is_intact, said) = verify(folder.path());
    assert!(is_intact && said.contains("INTACT: 5 of 5 reports, 15 entries"), "{said}");

    for at in (0..export.len()).step_by(export.len() / 40) {
        let mut changed = export.clone();
        changed[at] ^= 1;
        write("export", &changed);
        let (is_intact, said) = verify(folder.path());
        assert!(!is_intact && said.contains("BROKEN"), "byte {at}: {said}");
    }
    write("export", &export);
    write(
        "key.pem",
        SigningKey::from_pem(&dev::token::signing_key_pem().unwrap())
            .unwrap()
            .public_key()
            .to_pem()
            .as_bytes(),
    );
    let (is_intact, said) = verify(folder.path());
    assert!(!is_intact && said.contains("not signed by this key"), "{said}");
}
