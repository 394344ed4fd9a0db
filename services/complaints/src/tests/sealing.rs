//! What reporters say is in no table as they said it, and is shown to those who may see it; the master key changes while the
//! service runs.

use std::time::{Duration, Instant};

use proto::complaints::v1::{ComplaintOutcome, Reporter};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tonic::Code;

use super::*;

const MARK: &str = "PENANDA";
const PATIENCE: Duration = Duration::from_secs(30);

fn marked() -> v1::FileComplaintRequest {
    v1::FileComplaintRequest {
        text: format!("{MARK} sampah"),
        channel_reference: format!("{MARK}-17"),
        reporter: Some(Reporter {
            display_name: format!("{MARK} Budi"),
            phone: "+62 812-3456-7890".to_owned(),
            email: format!("{MARK}@contoh.id"),
        }),
        ..to_file()
    }
}

/// The tables of the service that hold a text anywhere, as text or as bytes.
async fn tables_with(superuser: &mut PgConnection, text: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'complaints' ORDER BY 1",
    )
    .fetch_all(&mut *superuser)
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let holds: bool = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT EXISTS (SELECT FROM {table} AS stored WHERE stored::text LIKE '%' || $1 || '%'
                                                           OR stored::text LIKE '%' || encode($1::bytea, 'hex') || '%')"
        )))
        .bind(text)
        .fetch_one(&mut *superuser)
        .await
        .unwrap();
        if holds {
            found.push(table);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reporter_says_is_in_no_table_and_is_shown_to_those_who_may_see_it() {
    let served = Served::start().await;
    let request = marked();
    let mut client = served.client.clone();
    let filed = client.file_complaint(authorized(request.clone(), &served.channel_token())).await.unwrap();
    let filed = filed.into_inner();
    let complaint = filed.complaint.clone().unwrap();
    assert_eq!(complaint.text, request.text);
    let again = client.file_complaint(authorized(request.clone(), &served.channel_token())).await.unwrap();
    assert_eq!(again.into_inner(), filed, "the same again");
    let name = complaint.name;
    served.accept(&name).await.unwrap();
    served.submit(&name).await.unwrap();
    let approved = served.approve(&name, &served.validator()).await.unwrap();
    assert_eq!(approved.text, request.text);
    let confirmed = call!(
        served,
        confirm_resolution,
        served.channel_token(),
        ConfirmResolutionRequest {
            request_id: id(),
            name: name.clone(),
            reporter: shows(&filed.access_code),
            rating: 5,
            comment: format!("{MARK} terima kasih"),
        }
    );
    assert_eq!(confirmed.unwrap().complaint.unwrap().outcome(), ComplaintOutcome::Fixed);

    assert_eq!(served.get(&name, &served.officer()).await.unwrap().text, request.text);
    let list = call!(served, list_complaints, served.officer(), ListComplaintsRequest {}).unwrap();
    assert_eq!(list.complaints[0].text, request.text);
    let steps = call!(served, list_timeline, served.officer(), ListTimelineRequest { name: name.clone() });
    assert_eq!(steps.unwrap().entries.last().unwrap().reporter_text, format!("{MARK} terima kasih"));

    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    for text in [MARK, "812-3456"] {
        assert_eq!(tables_with(&mut superuser, text).await, Vec::<String>::new(), "{text}");
    }
    superuser.close().await.unwrap();
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reporter_who_can_not_be_reached_so_is_named_by_field() {
    let served = Served::start().await;
    for (reporter, field) in [
        (Reporter { phone: "telepon".to_owned(), ..Default::default() }, "reporter.phone"),
        (Reporter { email: "bukan email".to_owned(), ..Default::default() }, "reporter.email"),
        (Reporter { display_name: "a".repeat(201), ..Default::default() }, "reporter.display_name"),
    ] {
        let request = v1::FileComplaintRequest { reporter: Some(reporter), ..to_file() };
        let refused =
            served.client.clone().file_complaint(authorized(request, &served.channel_token())).await;
        let refused = refused.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
        assert_eq!(fields(&refused), [field]);
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_changes_while_the_service_runs() {
    let served = Served::start().await;
    let name = served.file().await.complaint.unwrap().name;
    let file = served.world.folder().join("master-keys");
    let first = std::fs::read_to_string(&file).unwrap();
    let second = format!("second {}\n", "4d".repeat(32));
    std::fs::write(&file, format!("{second}{first}")).unwrap();

    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    let begun = Instant::now();
    loop {
        let keys: Vec<Option<String>> = sqlx::query_scalar("SELECT DISTINCT key_id FROM complaints.reporter")
            .fetch_all(&mut superuser)
            .await
            .unwrap();
        if keys == [Some("second".to_owned())] {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "still {keys:?} after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    superuser.close().await.unwrap();
    std::fs::write(&file, second).unwrap();
    assert_eq!(served.get(&name, &served.officer()).await.unwrap().text, to_file().text);
    let later = served.file().await.complaint.unwrap();
    assert_eq!(later.text, to_file().text);
    served.finish().await;
}
