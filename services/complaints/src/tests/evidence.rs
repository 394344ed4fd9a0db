//! Evidence as it is uploaded, given, found again, and answered for.

use std::time::Duration;

use futures::stream;
use pictures::scenes::{Change, draw, jpeg};
use proto::complaints::v1::{EvidenceRole, FindingKind, evidence_service_client::EvidenceServiceClient};
use sqlx::{Connection, PgConnection};
use tonic::Code;

use super::*;

async fn client(served: &Served) -> EvidenceServiceClient<Channel> {
    EvidenceServiceClient::new(channel(&served.world.grpc_address(SERVICE).await).await.unwrap())
}

pub(super) fn picture(seed: u64) -> Vec<u8> {
    jpeg(&draw(seed), 90)
}

pub(super) fn after(name: &str) -> v1::UploadEvidenceStart {
    v1::UploadEvidenceStart {
        request_id: id(),
        complaint: name.to_owned(),
        role: EvidenceRole::After.into(),
        reporter: None,
    }
}

pub(super) fn before(name: &str, access_code: &str) -> v1::UploadEvidenceStart {
    v1::UploadEvidenceStart { role: EvidenceRole::Before.into(), reporter: shows(access_code), ..after(name) }
}

/// Uploads a content in chunks.
pub(super) async fn upload(
    served: &Served,
    token: &str,
    start: v1::UploadEvidenceStart,
    content: &[u8],
) -> Result<v1::Evidence, Status> {
    let first = v1::UploadEvidenceRequest { start: Some(start), chunk: Vec::new() };
    let chunks =
        content.chunks(200_000).map(|chunk| v1::UploadEvidenceRequest { start: None, chunk: chunk.to_vec() });
    let messages: Vec<_> = std::iter::once(first).chain(chunks).collect();
    let answer = client(served).await.upload_evidence(authorized(stream::iter(messages), token)).await?;
    Ok(answer.into_inner().evidence.unwrap())
}

/// Waits until a day's root is in the store of files.
pub(super) async fn wait_for_root(superuser: &mut PgConnection) {
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    loop {
        let stored: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM complaints.ledger_root WHERE stored_at IS NOT NULL AND tree_size > 0)")
                .fetch_one(&mut *superuser)
                .await
                .unwrap();
        if stored {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "no root within 30 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(super) async fn accepted(served: &Served) -> String {
    let name = served.file().await.complaint.unwrap().name;
    served.accept(&name).await.unwrap();
    name
}

async fn filed_as(served: &Served, request: v1::FileComplaintRequest) -> String {
    let filed = served.client.clone().file_complaint(authorized(request, &served.channel_token())).await;
    filed.unwrap().into_inner().complaint.unwrap().name
}

/// How many rows and files are left of uploads.
pub(super) async fn left(served: &Served) -> (i64, usize) {
    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    let rows = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM complaints.evidence) + (SELECT count(*) FROM complaints.stored_object)",
    );
    let rows = rows.fetch_one(&mut superuser).await.unwrap();
    superuser.close().await.unwrap();
    let folder = served.world.folder().join("evidence/evidence");
    let folders = std::fs::read_dir(folder).into_iter().flatten();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap()).count();
    (rows, files)
}

fn kinds(evidence: &v1::Evidence) -> Vec<FindingKind> {
    evidence.findings.iter().map(v1::Finding::kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_evidence_is_refused_with_field_and_reason_and_leaves_nothing() {
    let served = Served::start().await;
    let name = accepted(&served).await;
    let mut cut = picture(1);
    cut.truncate(cut.len() / 2);
    let zip = b"PK\x03\x04 a zip file that is named foto.jpg".to_vec();
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bomb.extend([0, 1, 0, 0, 0, 1, 0, 0, 8, 2, 0, 0, 0, 0x4f, 0x27, 0x2f, 0x1a]);
    let large = vec![0xff; 20 * 1024 * 1024 + 1];
    for (content, reason) in [
        (Vec::new(), "CONTENT_UNKNOWN"),
        (zip, "CONTENT_UNKNOWN"),
        (cut, "CONTENT_BROKEN"),
        (b"%PDF-1.7 without an end".to_vec(), "CONTENT_UNKNOWN"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isom\0\0\0\xffmoov".to_vec(), "CONTENT_BROKEN"),
        (large, "UPLOAD_TOO_LARGE"),
    ] {
        let refused = upload(&served, &served.officer(), after(&name), &content).await.unwrap_err();
        assert_eq!((refused.code(), super::reason(&refused).as_str()), (Code::InvalidArgument, reason));
        assert_eq!(fields(&refused), ["chunk"]);
    }
    let refused = upload(&served, &served.officer(), after(&name), &bomb).await.unwrap_err();
    assert!(["TOO_MANY_PIXELS", "CONTENT_BROKEN"].contains(&reason(&refused).as_str()), "{refused:?}");
    let unsaid = v1::UploadEvidenceStart { role: 0, ..after(&name) };
    assert_eq!(
        reason(&upload(&served, &served.officer(), unsaid, &picture(1)).await.unwrap_err()),
        "INVALID_FIELD"
    );
    let messages = stream::iter([v1::UploadEvidenceRequest { start: None, chunk: vec![1] }]);
    let refused = client(&served).await.upload_evidence(authorized(messages, &served.officer())).await;
    assert_eq!(why(refused), (Code::InvalidArgument, "UPLOAD_MALFORMED".to_owned()));
    assert_eq!(left(&served).await, (0, 0));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_for_the_reporter_or_the_responsible_unit_alone_and_in_its_time() {
    let served = Served::start().await;
    let filed = served.file().await;
    let name = filed.complaint.unwrap().name;
    let content = picture(1);
    let early = upload(&served, &served.officer(), after(&name), &content).await;
    assert_eq!(why(early), (Code::FailedPrecondition, "ILLEGAL_TRANSITION".to_owned()));
    served.accept(&name).await.unwrap();
    let agency = served.token("agency", 5, &[served.agency]);
    for (token, start, reason) in [
        (agency, after(&name), "UNIT_UNKNOWN"),
        (served.channel_token(), after(&name), "PERSON_REQUIRED"),
        (served.channel_token(), before(&name, "0000000000000000"), "NOT_THE_REPORTER"),
        (served.officer(), before(&name, ""), "NOT_THE_REPORTER"),
    ] {
        assert_eq!(super::reason(&upload(&served, &token, start, &content).await.unwrap_err()), reason);
    }
    assert_eq!(left(&served).await, (0, 0));

    // The same request id is answered again, and does nothing twice.
    let start = before(&name, &filed.access_code);
    let first = upload(&served, &served.channel_token(), start.clone(), &content).await.unwrap();
    let again = upload(&served, &served.channel_token(), start, &content).await.unwrap();
    assert_eq!(first.name, again.name);
    let complaint = served.get(&name, &served.officer()).await.unwrap();
    assert_eq!((complaint.evidence.len(), complaint.etag.as_str()), (1, "3"));
    served.finish().await;
}

async fn given(
    served: &Served,
    token: &str,
    request: v1::GetEvidenceRequest,
) -> Result<(String, Vec<u8>), Status> {
    let mut pieces = client(served).await.get_evidence(authorized(request, token)).await?.into_inner();
    let first = pieces.message().await?.unwrap();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.message().await? {
        bytes.extend(piece.chunk);
    }
    Ok((first.content_type, bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reporters_original_is_sealed_and_officials_get_a_copy_that_says_nothing_of_the_place() {
    let served = Served::start().await;
    let filed = served.file().await;
    let name = filed.complaint.unwrap().name;
    let content = located(&picture(7), -6.2, 106.8, "2026:11:24 10:00:00");
    let uploaded =
        upload(&served, &served.channel_token(), before(&name, &filed.access_code), &content).await.unwrap();
    assert_eq!(uploaded.capture_time.unwrap().seconds, 1_795_489_200);
    let ask = |original| v1::GetEvidenceRequest { name: uploaded.name.clone(), original, reporter: None };
    let (kind, copy) = given(&served, &served.officer(), ask(false)).await.unwrap();
    assert_eq!(kind, "image/jpeg");
    assert!(!copy.windows(4).any(|part| part == b"Exif"), "no metadata");
    let refused = given(&served, &served.officer(), ask(true)).await;
    assert_eq!(why(refused), (Code::PermissionDenied, "ORIGINAL_SEALED".to_owned()));
    let own = v1::GetEvidenceRequest { reporter: shows(&filed.access_code), ..ask(true) };
    assert_eq!(given(&served, &served.token("other", 0, &[]), own).await.unwrap().1, content);
    let stranger = served.token("other", 9, &[Uuid::now_v7()]);
    assert_eq!(why(given(&served, &stranger, ask(false)).await), (Code::NotFound, "NOT_FOUND".to_owned()));

    // No file in the store holds the picture as it was, nor its copy.
    let folders = std::fs::read_dir(served.world.folder().join("evidence/evidence")).unwrap();
    let mut files = 0;
    for file in folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap()) {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.starts_with(&[0xff, 0xd8]));
        files += 1;
    }
    assert_eq!(files, 2);
    served.finish().await;
}

/// A JPEG with an EXIF block that says where and when, without an offset.
fn located(jpeg: &[u8], latitude: f64, longitude: f64, time: &str) -> Vec<u8> {
    use exif::{Field, In, Rational, Tag, Value, experimental::Writer};
    let degrees = |value: f64| {
        let parts = [value.abs().trunc(), value.abs().fract() * 60.0 * 10_000.0];
        Value::Rational(vec![
            Rational { num: parts[0] as u32, denom: 1 },
            Rational { num: parts[1] as u32, denom: 10_000 },
            Rational { num: 0, denom: 1 },
        ])
    };
    let text = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let fields = [
        (Tag::DateTimeOriginal, text(time)),
        (Tag::GPSLatitudeRef, text(if latitude < 0.0 { "S" } else { "N" })),
        (Tag::GPSLatitude, degrees(latitude)),
        (Tag::GPSLongitudeRef, text("E")),
        (Tag::GPSLongitude, degrees(longitude)),
    ]
    .map(|(tag, value)| Field { tag, ifd_num: In::PRIMARY, value });
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut block = std::io::Cursor::new(Vec::new());
    writer.write(&mut block, false).unwrap();
    let body = [b"Exif\0\0".as_slice(), block.get_ref()].concat();
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &body, &jpeg[2..]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_was_used_before_is_found_and_blocks_approval_until_it_is_answered_for() {
    let served = Served::start().await;
    let point = Some(v1::Point { latitude: -6.2, longitude: 106.8 });
    let name = filed_as(&served, v1::FileComplaintRequest { point, ..to_file() }).await;
    served.accept(&name).await.unwrap();
    let other = accepted(&served).await;
    let content = picture(11);
    let first = upload(&served, &served.officer(), after(&other), &content).await.unwrap();
    assert_eq!(kinds(&first), [FindingKind::NoCaptureData]);
    let same = upload(&served, &served.officer(), after(&name), &content).await.unwrap();
    assert_eq!(kinds(&same), [FindingKind::SameFile, FindingKind::NoCaptureData]);
    assert_eq!(same.findings[0].other_evidence, first.name);
    let cut = located(&Change::Cut.of(&draw(11), 3), -6.21, 106.8, "2020:01:01 10:00:00");
    let cut = upload(&served, &served.officer(), after(&name), &cut).await.unwrap();
    let expected = [
        FindingKind::SamePicture,
        FindingKind::TakenElsewhere,
        FindingKind::TakenBeforeFiling,
        FindingKind::TakenLongBeforeUpload,
    ];
    assert_eq!(kinds(&cut), expected);
    assert_eq!(cut.capture_distance_metres, Some(1_112));
    let future = located(&picture(12), -6.2, 106.8, "2199:01:01 10:00:00");
    let refused = upload(&served, &served.officer(), after(&name), &future).await;
    assert_eq!(why(refused), (Code::InvalidArgument, "CAPTURED_IN_FUTURE".to_owned()));

    served.submit(&name).await.unwrap();
    let refused = served.approve(&name, &served.validator()).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "EVIDENCE_FINDING_OPEN")
    );
    let named = refused.get_details_precondition_failure().unwrap().violations;
    let findings: Vec<_> =
        same.findings.iter().chain(&cut.findings).map(|finding| finding.name.clone()).collect();
    assert_eq!(named.into_iter().map(|violation| violation.subject).collect::<Vec<_>>(), findings);

    let answer = |name: &str| v1::AnswerFindingRequest {
        request_id: id(),
        name: name.to_owned(),
        reason: "Diperiksa di lapangan".to_owned(),
        ..Default::default()
    };
    let mut evidence = client(&served).await;
    for (token, reason) in [
        (served.officer(), "UNIT_UNKNOWN"),
        (served.token("worker above", 1, &[served.province]), "VALIDATOR_WORKED_ON_REPORT"),
    ] {
        let refused = evidence.answer_finding(authorized(answer(&findings[0]), &token)).await.unwrap_err();
        assert_eq!(super::reason(&refused), reason);
    }
    for finding in &findings {
        let answered =
            evidence.answer_finding(authorized(answer(finding), &served.validator())).await.unwrap();
        assert_eq!(
            answered
                .into_inner()
                .evidence
                .unwrap()
                .findings
                .iter()
                .filter(|other| other.name == *finding)
                .count(),
            1
        );
    }
    let refused = evidence.answer_finding(authorized(answer(&findings[0]), &served.validator())).await;
    assert_eq!(why(refused), (Code::FailedPrecondition, "FINDING_ANSWERED".to_owned()));
    // Who answered may approve: that is no work on the report.
    served.approve(&name, &served.validator()).await.unwrap();
    let seen = served.get(&name, &served.channel_token()).await.unwrap();
    assert!(seen.evidence.iter().all(|evidence| evidence.findings.is_empty()), "findings are for officials");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_that_wants_evidence_gets_no_follow_up_without() {
    let served = Served::start().await;
    let category = "categories/jalan-rusak".to_owned();
    let name = filed_as(&served, v1::FileComplaintRequest { category, ..to_file() }).await;
    served.accept(&name).await.unwrap();
    assert_eq!(why(served.submit(&name).await), (Code::FailedPrecondition, "EVIDENCE_REQUIRED".to_owned()));
    upload(&served, &served.officer(), after(&name), &picture(3)).await.unwrap();
    served.submit(&name).await.unwrap();
    served.finish().await;
}
