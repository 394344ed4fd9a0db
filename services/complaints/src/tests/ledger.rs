//! The ledger: whatever byte is changed behind the service's back, the first entry that is not as it was written is named;
//! and what a signed root covers is shown offline.

use proto::complaints::v1::{
    LedgerVerdict, evidence_service_client::EvidenceServiceClient,
    reporter_service_client::ReporterServiceClient,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tonic::Code;

use super::{
    evidence::{after, picture, upload},
    *,
};

async fn verify(served: &Served, name: &str, after: &str) -> v1::VerifyLedgerResponse {
    let request = v1::VerifyLedgerRequest { name: name.to_owned(), reporter: None };
    let mut client =
        EvidenceServiceClient::new(channel(&served.world.grpc_address(SERVICE).await).await.unwrap());
    let verified = client.verify_ledger(authorized(request, &served.officer())).await;
    verified.unwrap_or_else(|status| panic!("after {after}: {status:?}")).into_inner()
}

/// A report with all that the ledger covers: seven steps, the reporter's words, evidence of both, findings and an answer.
async fn life(served: &Served) -> String {
    let filed = served.file().await;
    let name = filed.complaint.unwrap().name;
    let before = super::evidence::before(&name, &filed.access_code);
    upload(served, &served.channel_token(), before, &picture(1)).await.unwrap();
    served.accept(&name).await.unwrap();
    let evidence = upload(served, &served.officer(), after(&name), &picture(2)).await.unwrap();
    served.submit(&name).await.unwrap();
    let mut client =
        EvidenceServiceClient::new(channel(&served.world.grpc_address(SERVICE).await).await.unwrap());
    for finding in evidence.findings {
        let request = v1::AnswerFindingRequest {
            request_id: id(),
            name: finding.name,
            reason: "Benar".to_owned(),
            ..Default::default()
        };
        client.answer_finding(authorized(request, &served.validator())).await.unwrap();
    }
    served.approve(&name, &served.validator()).await.unwrap();
    let reopened = call!(
        served,
        reopen_complaint,
        served.channel_token(),
        ReopenComplaintRequest {
            request_id: id(),
            name: name.clone(),
            reporter: shows(&filed.access_code),
            reason: "Belum".to_owned()
        }
    );
    reopened.unwrap();
    name
}

/// What is changed: a statement that changes one byte or number of one row, and the tables of which one is to be named.
const CHANGES: &[(&str, &str)] = &[
    ("UPDATE complaints.complaint SET number = overlay(number placing 'Z' from 6)", "complaint"),
    ("UPDATE complaints.complaint SET kind = 'PRAISE'", "complaint"),
    ("UPDATE complaints.complaint SET text = set_byte(text, 20, get_byte(text, 20) # 1)", "complaint"),
    ("UPDATE complaints.complaint SET text = NULL", "complaint"),
    ("UPDATE complaints.complaint SET kelurahan_code = '31.74.01.1002'", "complaint"),
    ("UPDATE complaints.complaint SET channel = 'jakj'", "complaint"),
    ("UPDATE complaints.complaint SET unit_complained_of = gen_random_uuid()", "complaint"),
    ("UPDATE complaints.complaint SET filed_at = filed_at + interval '1 microsecond'", "complaint"),
    ("UPDATE complaints.complaint SET version = version + 1", "complaint"),
    ("UPDATE complaints.complaint SET state = 'SUBMITTED'", "complaint"),
    ("UPDATE complaints.timeline_entry SET command = 'ACCEPT' WHERE version = 5", "timeline_entry"),
    ("UPDATE complaints.timeline_entry SET state = 'RESOLVED' WHERE version = 2", "timeline_entry"),
    ("UPDATE complaints.timeline_entry SET subject = subject || 'x' WHERE version = 4", "timeline_entry"),
    ("UPDATE complaints.timeline_entry SET person = gen_random_uuid() WHERE version = 6", "timeline_entry"),
    (
        "UPDATE complaints.timeline_entry SET responsible_unit = gen_random_uuid() WHERE version = 3",
        "timeline_entry",
    ),
    (
        "UPDATE complaints.timeline_entry SET occurred_at = occurred_at - interval '1 microsecond' WHERE version = 5",
        "timeline_entry",
    ),
    (
        "UPDATE complaints.timeline_entry SET public_text = 'Sudah diangkuT' WHERE version = 5",
        "timeline_entry",
    ),
    ("UPDATE complaints.timeline_entry SET internal_note = 'x' WHERE version = 5", "timeline_entry"),
    ("UPDATE complaints.timeline_entry SET transfer_reason = 'RETURNED' WHERE version = 2", "timeline_entry"),
    ("UPDATE complaints.timeline_entry SET due = 'CAP' WHERE version = 2", "timeline_entry"),
    (
        "UPDATE complaints.timeline_entry SET escalated_to = gen_random_uuid() WHERE version = 2",
        "timeline_entry",
    ),
    (
        "UPDATE complaints.timeline_entry SET salt = set_byte(salt, 0, get_byte(salt, 0) # 128) WHERE version = 2",
        "timeline_entry",
    ),
    (
        "UPDATE complaints.timeline_entry SET salt = set_byte(salt, 15, get_byte(salt, 15) # 1) WHERE version = 1",
        "complaint or timeline_entry",
    ),
    (
        "UPDATE complaints.reporter_text SET text = set_byte(text, 13, get_byte(text, 13) # 4)",
        "reporter_text",
    ),
    ("DELETE FROM complaints.reporter_text", "reporter_text"),
    ("UPDATE complaints.evidence SET role = 'BEFORE' WHERE role = 'AFTER'", "evidence"),
    ("UPDATE complaints.evidence SET content_type = 'image/jpeh' WHERE role = 'AFTER'", "evidence"),
    ("UPDATE complaints.evidence SET size_bytes = size_bytes + 1 WHERE role = 'BEFORE'", "evidence"),
    (
        "UPDATE complaints.evidence SET object = set_byte(object, 31, get_byte(object, 31) # 1) WHERE role = 'BEFORE'",
        "evidence",
    ),
    (
        "UPDATE complaints.evidence SET public_object = set_byte(public_object, 0, get_byte(public_object, 0) # 1) WHERE role = 'AFTER'",
        "evidence",
    ),
    ("UPDATE complaints.evidence SET person = gen_random_uuid() WHERE role = 'AFTER'", "evidence"),
    (
        "UPDATE complaints.evidence SET uploaded_at = uploaded_at + interval '1 microsecond' WHERE role = 'AFTER'",
        "evidence",
    ),
    ("UPDATE complaints.capture SET sha256 = set_byte(sha256, 7, get_byte(sha256, 7) # 2)", "capture"),
    ("UPDATE complaints.capture SET captured_at = '2026-01-01'", "capture"),
    ("UPDATE complaints.capture SET distance_metres = 1", "capture"),
    ("DELETE FROM complaints.capture", "capture"),
    ("UPDATE complaints.finding SET kind = 'SAME_FILE'", "finding"),
    ("UPDATE complaints.finding SET measure = measure + 1", "finding"),
    ("UPDATE complaints.finding SET other_evidence = gen_random_uuid()", "finding"),
    ("UPDATE complaints.finding_answer SET reason = 'BenaR'", "finding_answer"),
    ("UPDATE complaints.finding_answer SET person = gen_random_uuid()", "finding_answer"),
    ("DELETE FROM complaints.finding_answer", "finding_answer"),
    ("UPDATE complaints.ledger_entry SET kind = 'ERASURE' WHERE sequence = 4", "ledger_entry"),
    ("UPDATE complaints.ledger_entry SET subject = '9' WHERE sequence = 4", "ledger_entry"),
    (
        "UPDATE complaints.ledger_entry SET occurred_at = occurred_at + interval '1 microsecond' WHERE sequence = 2",
        "ledger_entry",
    ),
    (
        "UPDATE complaints.ledger_entry SET commitment = set_byte(commitment, 3, get_byte(commitment, 3) # 1) WHERE sequence = 5",
        "ledger_entry",
    ),
    (
        "UPDATE complaints.ledger_entry SET erasable = set_byte(erasable, 3, get_byte(erasable, 3) # 1) WHERE sequence = 1",
        "ledger_entry",
    ),
    ("UPDATE complaints.ledger_entry SET erasable = NULL WHERE sequence = 1", "ledger_entry"),
    (
        "UPDATE complaints.ledger_entry SET hash = set_byte(hash, 9, get_byte(hash, 9) # 1) WHERE sequence = 3",
        "ledger_entry",
    ),
    ("DELETE FROM complaints.ledger_entry WHERE sequence = 2", "ledger_entry"),
    ("UPDATE complaints.ledger_entry SET complaint = gen_random_uuid() WHERE sequence = 2", "ledger_entry"),
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_behind_its_back_the_first_broken_entry_is_named() {
    let served = Served::start().await;
    let name = life(&served).await;
    let complaint: Uuid = name.strip_prefix("complaints/").unwrap().parse().unwrap();
    let intact = verify(&served, &name, "nothing").await;
    assert_eq!((intact.verdict(), intact.broken), (LedgerVerdict::Intact, None));
    assert!(intact.entries >= 12, "{} entries", intact.entries);

    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    // Foreign keys would keep some of it from being done; whoever has the files is kept from nothing.
    sqlx::raw_sql("SET session_replication_role = replica").execute(&mut superuser).await.unwrap();
    for (change, table) in CHANGES {
        keep(&mut superuser).await;
        let changed =
            sqlx::raw_sql(AssertSqlSafe((*change).to_owned())).execute(&mut superuser).await.unwrap();
        assert!(changed.rows_affected() > 0, "{change}");
        let found = verify(&served, &name, change).await;
        assert_eq!(found.verdict(), LedgerVerdict::Broken, "{change}");
        let broken = found.broken.unwrap();
        assert!(
            broken.table == *table || broken.table.split(" or ").any(|named| named == *table),
            "{change}: {broken:?}"
        );
        assert!((1..=intact.entries + 1).contains(&broken.sequence));
        restore(&mut superuser).await;
        assert_eq!(
            verify(&served, &name, "all was taken back").await.head,
            intact.head,
            "after {change} was taken back"
        );
    }
    // Entry, step and report taken away together: only a signed root knows that they were there.
    served.world.shift(24 * 3_600).await;
    super::evidence::wait_for_root(&mut superuser).await;
    let last = "DELETE FROM complaints.ledger_entry WHERE sequence = (SELECT max(sequence) FROM complaints.ledger_entry);
        DELETE FROM complaints.timeline_entry WHERE version = (SELECT version FROM complaints.complaint);
        DELETE FROM complaints.reporter_text;
        UPDATE complaints.complaint SET version = version - 1, state = 'RESOLVED', proposed_outcome = 'FIXED'";
    sqlx::raw_sql(last).execute(&mut superuser).await.unwrap();
    let found = verify(&served, &name, "the last was taken away").await;
    let broken = found.broken.unwrap();
    assert_eq!((broken.sequence, broken.table.as_str()), (intact.entries, "ledger_entry"));
    assert_eq!(complaint.get_version_num(), 7);
    superuser.close().await.unwrap();
    served.finish().await;
}

const COVERED: [&str; 8] = [
    "complaint",
    "timeline_entry",
    "reporter_text",
    "evidence",
    "capture",
    "finding",
    "finding_answer",
    "ledger_entry",
];

/// Copies of the covered tables, to go back to.
async fn keep(superuser: &mut PgConnection) {
    for table in COVERED {
        let copy = format!(
            "DROP TABLE IF EXISTS kept_{table}; CREATE TEMPORARY TABLE kept_{table} AS SELECT * FROM complaints.{table}"
        );
        sqlx::raw_sql(AssertSqlSafe(copy)).execute(&mut *superuser).await.unwrap();
    }
}

async fn restore(superuser: &mut PgConnection) {
    for table in COVERED {
        let back = format!(
            "DELETE FROM complaints.{table}; INSERT INTO complaints.{table} SELECT * FROM kept_{table}"
        );
        sqlx::raw_sql(AssertSqlSafe(back)).execute(&mut *superuser).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_leads_from_each_entry_to_the_signed_root_that_is_told_and_stored() {
    use kit::ledger::{PublicKey, SignedRoot};
    let served = Served::start().await;
    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(served.file().await.complaint.unwrap().name);
    }
    served.accept(&names[1]).await.unwrap();
    served.world.shift(24 * 3_600).await;
    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    super::evidence::wait_for_root(&mut superuser).await;

    let pem = std::fs::read_to_string(served.world.folder().join("ledger-key.pem")).unwrap();
    let public: PublicKey = kit::ledger::SigningKey::from_pem(&pem).unwrap().public_key();
    let folder = served.world.folder().join("evidence/ledger/roots");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let stored = SignedRoot::from_json(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert!(public.signed(&stored));
    assert_eq!(stored.root.size, 3);

    let mut client =
        EvidenceServiceClient::new(channel(&served.world.grpc_address(SERVICE).await).await.unwrap());
    let export =
        |complaint: &str| v1::ExportLedgerRequest { root: String::new(), complaint: complaint.to_owned() };
    let mut messages =
        client.export_ledger(authorized(export(""), &served.officer())).await.unwrap().into_inner();
    let root = messages.message().await.unwrap().unwrap().root.unwrap();
    assert_eq!((root.root_hash, root.tree_size), (stored.root.hash.to_vec(), 3));
    let mut seen = Vec::new();
    while let Some(message) = messages.message().await.unwrap() {
        let ledger = message.ledger.unwrap();
        let path: Vec<[u8; 32]> =
            ledger.audit_path.iter().map(|hash| hash.as_slice().try_into().unwrap()).collect();
        let last = ledger.entries.last().unwrap();
        let report: Uuid = ledger.complaint.strip_prefix("complaints/").unwrap().parse().unwrap();
        let leaf = kit::ledger::leaf(report, last.sequence, &last.hash.as_slice().try_into().unwrap());
        let place = (leaf, u64::try_from(ledger.leaf_index).unwrap(), 3);
        assert!(kit::ledger::leads_to(&stored.root.hash, place, &path));
        seen.push(ledger.complaint);
    }
    names.sort();
    assert_eq!(seen, names);
    let one =
        client.export_ledger(authorized(export(&names[2]), &served.officer())).await.unwrap().into_inner();
    let messages: Vec<_> = futures::TryStreamExt::try_collect(one).await.unwrap();
    assert_eq!(messages.len(), 2);
    let nothing =
        v1::ExportLedgerRequest { root: "ledgerRoots/2001-01-01".to_owned(), complaint: String::new() };
    assert_eq!(
        why(client.export_ledger(authorized(nothing, &served.officer())).await.map(|_| ())),
        (Code::NotFound, "ROOT_NOT_FOUND".to_owned())
    );
    superuser.close().await.unwrap();
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_erasure_a_ledger_is_intact_and_says_what_was_erased() {
    let served = Served::start().await;
    let name = life(&served).await;
    let address = served.world.grpc_address(SERVICE).await;
    let mut reporters = ReporterServiceClient::new(channel(&address).await.unwrap());
    let proof = Some(v1::ReporterProof { channel_reference: "wa-17".to_owned(), ..Default::default() });
    let request =
        v1::EraseReporterRequest { request_id: id(), name: name.clone(), proof, ..Default::default() };
    reporters.erase_reporter(authorized(request, &served.channel_token())).await.unwrap();
    let verified = verify(&served, &name, "an erasure").await;
    assert_eq!(verified.verdict(), LedgerVerdict::IntactWithErasures, "{verified:?}");
    // The report's text, what its picture said of itself, and why it was reopened.
    let erased: Vec<(i64, i64)> =
        verified.erased.iter().map(|entry| (entry.sequence, entry.erased_by)).collect();
    assert_eq!((erased.len(), erased[0]), (3, (1, verified.entries)), "{erased:?}");
    assert!(erased.iter().all(|(_, by)| *by == verified.entries), "{erased:?}");
    served.finish().await;
}
