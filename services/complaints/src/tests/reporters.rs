//! Reporters: shown for a purpose that they can read, corrected, exported, erased; and what still works then.

use proto::complaints::v1::{
    ComplaintCommand, ComplaintState, Reporter, RestrictionReason,
    reporter_service_client::ReporterServiceClient,
};
use sqlx::{Connection, PgConnection};
use tonic::Code;

use super::*;

macro_rules! ask {
    ($served:expr, $rpc:ident, $token:expr, $request:ident { $($fields:tt)* }) => {
        ReporterServiceClient::new(channel(&$served.world.grpc_address(SERVICE).await).await.unwrap())
            .$rpc(authorized(v1::$request { $($fields)* }, &$token))
            .await
            .map(tonic::Response::into_inner)
    };
}

fn budi() -> Reporter {
    Reporter {
        display_name: "Budi".to_owned(),
        phone: "+62 812-3456-7890".to_owned(),
        email: "budi@contoh.id".to_owned(),
    }
}

async fn file(served: &Served) -> v1::FileComplaintResponse {
    let request = v1::FileComplaintRequest { reporter: Some(budi()), ..to_file() };
    served
        .client
        .clone()
        .file_complaint(authorized(request, &served.channel_token()))
        .await
        .unwrap()
        .into_inner()
}

fn by_reference() -> Option<v1::ReporterProof> {
    Some(v1::ReporterProof { channel_reference: "wa-17".to_owned(), ..Default::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_official_is_shown_who_reports_for_a_purpose_and_the_reporter_reads_it() {
    let served = Served::start().await;
    let filed = file(&served).await;
    let name = filed.complaint.unwrap().name;
    let request_id = id();
    for _ in 0..2 {
        let shown = ask!(
            served,
            reveal_reporter,
            served.officer(),
            RevealReporterRequest {
                request_id: request_id.clone(),
                name: name.clone(),
                purpose: "Janji temu".to_owned()
            }
        );
        assert_eq!(shown.unwrap().reporter.unwrap(), budi());
    }
    for proof in [shows(&filed.access_code), by_reference()] {
        let listed = ask!(
            served,
            list_reveals,
            served.channel_token(),
            ListRevealsRequest { name: name.clone(), proof, ..Default::default() }
        );
        let reveals = listed.unwrap().reveals;
        assert_eq!(reveals.len(), 1, "a call that is repeated shows once");
        assert_eq!(reveals[0].purpose, "Janji temu");
        assert_eq!(reveals[0].person, format!("people/{}", Uuid::from_u128(1)));
    }
    let request = |purpose: &str| (id(), name.clone(), purpose.to_owned());
    for (token, purpose, expected) in [
        (served.officer(), "", (Code::InvalidArgument, "INVALID_FIELD")),
        (served.channel_token(), "x", (Code::PermissionDenied, "PERSON_REQUIRED")),
        (served.token("other", 4, &[served.agency]), "x", (Code::PermissionDenied, "UNIT_UNKNOWN")),
    ] {
        let (request_id, name, purpose) = request(purpose);
        let refused =
            ask!(served, reveal_reporter, token, RevealReporterRequest { request_id, name, purpose });
        let (code, reason) = why(refused);
        assert_eq!((code, reason.as_str()), expected);
    }
    let anonymous = served.file().await.complaint.unwrap().name;
    let refused = ask!(
        served,
        reveal_reporter,
        served.officer(),
        RevealReporterRequest { request_id: id(), name: anonymous, purpose: "x".to_owned() }
    );
    assert_eq!(why(refused), (Code::FailedPrecondition, "REPORTER_NOT_KNOWN".to_owned()));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reporter_corrects_what_the_mask_says_and_gets_all_that_is_kept() {
    let served = Served::start().await;
    let filed = file(&served).await;
    let (name, proof) = (filed.complaint.unwrap().name, shows(&filed.access_code));
    let given = Reporter { phone: "0812 000 111".to_owned(), ..Default::default() };
    let update = async |paths: &[&str]| {
        let update_mask = (!paths.is_empty())
            .then(|| prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() });
        ask!(
            served,
            update_reporter,
            served.channel_token(),
            UpdateReporterRequest {
                request_id: id(),
                name: name.clone(),
                proof: proof.clone(),
                reporter: Some(given.clone()),
                update_mask,
            }
        )
        .map(|updated| updated.reporter.unwrap())
    };
    assert_eq!(update(&[]).await.unwrap(), Reporter { phone: given.phone.clone(), ..budi() });
    let nameless = Reporter { display_name: String::new(), phone: given.phone.clone(), ..budi() };
    assert_eq!(update(&["display_name"]).await.unwrap(), nameless);
    assert_eq!(update(&["*"]).await.unwrap(), given);
    let refused = update(&["number"]).await.unwrap_err();
    assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec!["update_mask".to_owned()]));

    served.accept(&name).await.unwrap();
    let export = ask!(
        served,
        export_reporter,
        served.channel_token(),
        ExportReporterRequest { name: name.clone(), proof: proof.clone() }
    );
    let export = export.unwrap();
    assert_eq!((export.reporter.unwrap(), export.channel_reference.as_str()), (given, "wa-17"));
    assert_eq!(export.complaint.unwrap().text, to_file().text);
    assert_eq!(export.entries.len(), 2);
    let refused = ask!(
        served,
        export_reporter,
        served.token("other channel", 0, &[]),
        ExportReporterRequest { name, proof: by_reference() }
    );
    assert_eq!(why(refused), (Code::PermissionDenied, "NOT_THE_REPORTER".to_owned()));
    served.finish().await;
}

async fn erase(
    served: &Served,
    token: &str,
    (name, proof, purpose): (&str, Option<v1::ReporterProof>, &str),
) -> Result<v1::EraseReporterResponse, Status> {
    let (name, purpose) = (name.to_owned(), purpose.to_owned());
    ask!(
        served,
        erase_reporter,
        token,
        EraseReporterRequest { request_id: id(), name, proof, purpose, ..Default::default() }
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_erasure_nothing_of_the_reporter_is_left_and_everything_works() {
    let served = Served::start().await;
    let filed = file(&served).await;
    let (name, proof) = (filed.complaint.unwrap().name, shows(&filed.access_code));
    let officer = served.officer();
    served.accept(&name).await.unwrap();
    let question = "Di mana?".to_owned();
    let asked = RequestInformation::of(&name, question);
    served.client.clone().request_information(authorized(asked, &officer)).await.unwrap();
    let answered = call!(
        served,
        provide_information,
        served.channel_token(),
        ProvideInformationRequest {
            request_id: id(),
            name: name.clone(),
            reporter: proof.clone(),
            answer: "Di rumah saya".to_owned(),
        }
    );
    answered.unwrap();

    let erased = erase(&served, &served.channel_token(), (&name, proof.clone(), "")).await.unwrap();
    assert_eq!(erased.restriction(), RestrictionReason::Unspecified);
    let complaint = erased.complaint.unwrap();
    assert_eq!(complaint.text, "");
    assert!(complaint.reporter_erase_time.is_some());

    let read = served.get(&name, &officer).await.unwrap();
    assert_eq!((read.text.as_str(), read.state()), ("", ComplaintState::InProgress));
    let list = call!(served, list_complaints, officer, ListComplaintsRequest {}).unwrap();
    assert_eq!(list.complaints[0].text, "");
    let steps =
        call!(served, list_timeline, officer, ListTimelineRequest { name: name.clone() }).unwrap().entries;
    assert!(steps.iter().all(|step| step.reporter_text.is_empty()));
    assert_eq!(steps[2].public_text, "Di mana?", "the officials' entries stay");
    assert_eq!(steps.last().unwrap().command(), ComplaintCommand::EraseReporter);
    let refused = ask!(
        served,
        reveal_reporter,
        officer,
        RevealReporterRequest { request_id: id(), name: name.clone(), purpose: "x".to_owned() }
    );
    assert_eq!(why(refused), (Code::FailedPrecondition, "REPORTER_NOT_KNOWN".to_owned()));
    let refused = erase(&served, &served.channel_token(), (&name, by_reference(), "")).await;
    assert_eq!(
        why(refused),
        (Code::PermissionDenied, "NOT_THE_REPORTER".to_owned()),
        "the reference is gone"
    );

    served.submit(&name).await.unwrap();
    served.approve(&name, &served.validator()).await.unwrap();
    let reopened = call!(
        served,
        reopen_complaint,
        served.channel_token(),
        ReopenComplaintRequest {
            request_id: id(),
            name: name.clone(),
            reporter: proof.clone(),
            reason: "Belum bersih".to_owned(),
        }
    );
    assert_eq!(reopened.unwrap().complaint.unwrap().state(), ComplaintState::InProgress);
    let steps =
        call!(served, list_timeline, officer, ListTimelineRequest { name: name.clone() }).unwrap().entries;
    assert_eq!(steps.last().unwrap().reporter_text, "Belum bersih", "what is written later is kept anew");

    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    let (events, texts, points): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM complaints.event_log WHERE subject LIKE '%.reporter_erased'),
                (SELECT count(*) FROM complaints.reporter_text),
                (SELECT count(*) FROM complaints.complaint_place WHERE latitude IS NOT NULL)",
    )
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    assert_eq!((events, texts, points), (1, 1, 0));
    superuser.close().await.unwrap();
    served.finish().await;
}

/// A question to the reporter.
struct RequestInformation;

impl RequestInformation {
    fn of(name: &str, question: String) -> v1::RequestInformationRequest {
        v1::RequestInformationRequest {
            request_id: id(),
            name: name.to_owned(),
            question,
            ..Default::default()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_official_erases_with_a_scope_of_its_own_and_a_purpose() {
    let served = Served::start().await;
    let name = file(&served).await.complaint.unwrap().name;
    let eraser = served.world.token(&Identity {
        subject: "eraser".to_owned(),
        scopes: vec!["complaints.confirm".to_owned(), "complaints.erase".to_owned()],
        units: vec![unit_name(served.kelurahan)],
        person: Some(format!("people/{}", Uuid::from_u128(5))),
        actor: None,
    });
    let refused = erase(&served, &eraser, (&name, None, "")).await;
    assert_eq!(why(refused), (Code::InvalidArgument, "INVALID_FIELD".to_owned()));
    let refused = erase(&served, &served.officer(), (&name, None, "Permintaan lisan")).await;
    assert_eq!(why(refused), (Code::PermissionDenied, "NOT_THE_REPORTER".to_owned()), "the scope is its own");
    erase(&served, &eraser, (&name, None, "Permintaan lisan")).await.unwrap();
    let steps = call!(served, list_timeline, served.officer(), ListTimelineRequest { name }).unwrap().entries;
    assert_eq!(steps.last().unwrap().internal_note, "Permintaan lisan");
    assert_eq!(steps.last().unwrap().person, format!("people/{}", Uuid::from_u128(5)));
    served.finish().await;
}

/// Waits until the outbox is empty: all that was told is in the stream.
async fn told(superuser: &mut PgConnection) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let pending: i64 = sqlx::query_scalar("SELECT count(*) FROM complaints.outbox_pending")
            .fetch_one(&mut *superuser)
            .await
            .unwrap();
        if pending == 0 {
            return;
        }
        assert!(std::time::Instant::now() < until, "{pending} events are not in the stream");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_a_restore_undid_is_done_again_before_the_process_is_ready() {
    let mut served = Served::start().await;
    let filed = file(&served).await;
    let (name, proof) = (filed.complaint.unwrap().name, shows(&filed.access_code));
    let kept = file(&served).await.complaint.unwrap().name;
    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    let copies = ["reporter", "complaint", "timeline_entry"];
    for table in copies {
        let copy = format!("CREATE TABLE public.{table} AS SELECT * FROM complaints.{table}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(copy)).execute(&mut superuser).await.unwrap();
    }
    erase(&served, &served.channel_token(), (&name, proof, "")).await.unwrap();
    told(&mut superuser).await;

    // As a restore leaves it: the rows of before, and an epoch that nothing was recalled in.
    served
        .restart_after(async || {
            sqlx::raw_sql(
                "DELETE FROM complaints.timeline_entry WHERE command = 'ERASE_REPORTER';
                 DELETE FROM complaints.erasure;
                 DELETE FROM complaints.reporter;
                 INSERT INTO complaints.reporter SELECT * FROM public.reporter;
                 UPDATE complaints.complaint SET text = before.text, version = before.version,
                     reporter_erased_at = NULL, channel_reference = before.channel_reference
                 FROM public.complaint AS before WHERE before.id = complaint.id;
                 INSERT INTO complaints.history_epoch (epoch, system_identifier, timeline)
                 SELECT epoch + 1, system_identifier, timeline FROM complaints.history_epoch ORDER BY epoch DESC LIMIT 1",
            )
            .execute(&mut superuser)
            .await
            .unwrap();
        })
        .await;
    let health = served.world.health_address(SERVICE).await;
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !dev::client::is_ready(&health).await {
        assert!(std::time::Instant::now() < until, "it does not become ready");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let complaint = served.get(&name, &served.officer()).await.unwrap();
    assert_eq!(complaint.text, "");
    assert!(complaint.reporter_erase_time.is_some());
    assert_eq!(served.get(&kept, &served.officer()).await.unwrap().text, to_file().text);
    superuser.close().await.unwrap();
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_case_uses_the_report_its_reporter_is_restricted_and_erased_after_it() {
    let served = Served::start().await;
    let filed = file(&served).await;
    let (name, proof) = (filed.complaint.unwrap().name, shows(&filed.access_code));
    let complaint: Uuid = name.strip_prefix("complaints/").unwrap().parse().unwrap();
    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    sqlx::query("INSERT INTO complaints.erasure_hold (complaint) VALUES ($1)")
        .bind(complaint)
        .execute(&mut superuser)
        .await
        .unwrap();
    let answer = erase(&served, &served.channel_token(), (&name, proof, "")).await.unwrap();
    assert_eq!(answer.restriction(), RestrictionReason::DisciplineCase);
    assert_eq!(answer.complaint.unwrap().text, to_file().text);
    let refused = ask!(
        served,
        reveal_reporter,
        served.officer(),
        RevealReporterRequest { request_id: id(), name: name.clone(), purpose: "x".to_owned() }
    );
    assert_eq!(why(refused), (Code::FailedPrecondition, "REPORTER_RESTRICTED".to_owned()));

    sqlx::query("DELETE FROM complaints.erasure_hold").execute(&mut superuser).await.unwrap();
    superuser.close().await.unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let complaint = served.get(&name, &served.officer()).await.unwrap();
        if complaint.reporter_erase_time.is_some() {
            assert_eq!((complaint.text.as_str(), complaint.reporter_restrict_time), ("", None));
            break;
        }
        assert!(std::time::Instant::now() < until, "the case has ended, and nothing was erased");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    served.finish().await;
}
