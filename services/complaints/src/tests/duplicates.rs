//! Duplicates beside the receipt and on demand, recurrences, and citizens who make a report urgent.

use prost::Message;
use proto::complaints::{
    events::v1::ComplaintFiled,
    v1::{ComplaintCommand, ComplaintPriority, ComplaintState, DeadlineKind, Point},
};
use sqlx::{Connection, PgConnection};
use tonic::Code;

use super::*;

const HERE: (f64, f64) = (-6.175, 106.827);
/// Metres of a degree north, near Jakarta.
const DEGREE: f64 = 110_575.0;
const DAY: u64 = 24 * 3_600;

fn north(metres: f64) -> Option<Point> {
    Some(Point { latitude: HERE.0 + metres / DEGREE, longitude: HERE.1 })
}

async fn file(served: &Served, text: &str, point: Option<Point>) -> v1::FileComplaintResponse {
    file_as(served, text, point, "wa-1").await
}

async fn file_as(
    served: &Served,
    text: &str,
    point: Option<Point>,
    channel_reference: &str,
) -> v1::FileComplaintResponse {
    let request = v1::FileComplaintRequest {
        text: text.to_owned(),
        point,
        channel_reference: channel_reference.to_owned(),
        ..to_file()
    };
    served
        .client
        .clone()
        .file_complaint(authorized(request, &served.channel_token()))
        .await
        .unwrap()
        .into_inner()
}

fn name(filed: &v1::FileComplaintResponse) -> String {
    filed.complaint.as_ref().unwrap().name.clone()
}

async fn resolve(served: &Served, name: &str) {
    served.accept(name).await.unwrap();
    served.submit(name).await.unwrap();
    served.approve(name, &served.validator()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_names_what_is_near_and_alike_and_shows_no_words_and_no_point() {
    let served = Served::start().await;
    let first = file(&served, "Lubang besar di jalan depan pasar", north(0.0)).await;
    assert_eq!((first.duplicates.as_slice(), first.duplicates_searched), ([].as_slice(), true));
    let far = file(&served, "Lubang besar di jalan depan pasar", north(400.0)).await;
    assert_eq!(far.duplicates, []);
    let second = file(&served, "lubang  BESAR di jalan, dekat pasar", north(70.0)).await;
    let found = &second.duplicates;
    assert_eq!(found.iter().map(|found| found.name.clone()).collect::<Vec<_>>(), [name(&first)]);
    assert_eq!((found[0].distance_metres, found[0].state()), (100, ComplaintState::Submitted));
    assert_eq!((found[0].kelurahan_code.as_str(), found[0].age_hours), (KELURAHAN, 0));
    assert!((50..=100).contains(&found[0].score), "{}", found[0].score);

    let asked =
        call!(served, find_duplicates, served.officer(), FindDuplicatesRequest { name: name(&first) });
    let asked = asked.unwrap().candidates;
    assert_eq!(asked.iter().map(|found| found.name.clone()).collect::<Vec<_>>(), [name(&second)]);
    let before = call!(
        served,
        find_duplicates,
        served.channel_token(),
        FindDuplicatesRequest {
            category: "categories/sampah".to_owned(),
            text: "Lubang besar di jalan depan pasar".to_owned(),
            kelurahan_code: KELURAHAN.to_owned(),
        }
    );
    let before: Vec<String> = before.unwrap().candidates.into_iter().map(|found| found.name).collect();
    assert!(
        before.contains(&name(&first)) && before.contains(&name(&far)),
        "the kelurahan stands for the place"
    );
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_what_is_old_and_what_is_about_officials_is_no_candidate() {
    let served = Served::start().await;
    let text = "Lubang besar di jalan depan pasar";
    let withdrawn = file(&served, text, north(0.0)).await;
    let withdraw = call!(
        served,
        withdraw_complaint,
        served.channel_token(),
        WithdrawComplaintRequest {
            request_id: id(),
            name: name(&withdrawn),
            reporter: shows(&withdrawn.access_code),
        }
    );
    withdraw.unwrap();
    let about = v1::FileComplaintRequest {
        category: "categories/pungli".to_owned(),
        text: text.to_owned(),
        point: north(0.0),
        ..to_file()
    };
    for _ in 0..2 {
        let (mut client, token) = (served.client.clone(), served.channel_token());
        let filed = client.file_complaint(authorized(about_again(&about), &token)).await;
        assert_eq!(filed.unwrap().into_inner().duplicates, []);
    }
    assert_eq!(file(&served, text, north(0.0)).await.duplicates, []);
    served.world.shift(13 * 7 * DAY).await;
    assert_eq!(file(&served, text, north(0.0)).await.duplicates, [], "12 weeks have passed");
    served.finish().await;
}

fn about_again(request: &v1::FileComplaintRequest) -> v1::FileComplaintRequest {
    v1::FileComplaintRequest { request_id: id(), ..request.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_to_look_for_is_said_in_one_way() {
    let served = Served::start().await;
    let filed = name(&served.file().await);
    let ask = |request: v1::FindDuplicatesRequest| {
        let (mut client, token) = (served.client.clone(), served.channel_token());
        async move { client.find_duplicates(authorized(request, &token)).await }
    };
    let category = "categories/sampah".to_owned();
    let neither = v1::FindDuplicatesRequest::default();
    let both = v1::FindDuplicatesRequest { name: filed, category: category.clone(), ..neither.clone() };
    for wrong in [neither.clone(), both] {
        let refused = ask(wrong).await.unwrap_err();
        assert_eq!(
            (reason(&refused).as_str(), fields(&refused)),
            ("DUPLICATES_OF_WHAT", vec!["name".to_owned()])
        );
    }
    let nowhere = ask(v1::FindDuplicatesRequest { category, ..neither.clone() }).await;
    assert_eq!(why(nowhere), (Code::InvalidArgument, "PLACE_REQUIRED".to_owned()));
    let unknown = v1::FindDuplicatesRequest {
        category: "categories/none".to_owned(),
        kelurahan_code: KELURAHAN.to_owned(),
        ..neither.clone()
    };
    assert_eq!(why(ask(unknown).await), (Code::InvalidArgument, "CATEGORY_UNKNOWN".to_owned()));
    let nobodys = format!("complaints/{}", Uuid::now_v7());
    let hidden = ask(v1::FindDuplicatesRequest { name: nobodys, ..neither }).await;
    assert_eq!(why(hidden), (Code::NotFound, "NOT_FOUND".to_owned()));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_where_one_was_found_fixed_is_its_recurrence_for_thirty_days() {
    let served = Served::start().await;
    let text = "Lubang besar di jalan depan pasar";
    let first = file(&served, text, north(0.0)).await;
    assert_eq!(file(&served, text, north(10.0)).await.complaint.unwrap().recurrence_of, "");
    resolve(&served, &name(&first)).await;
    let again = file(&served, "Berlubang lagi", north(20.0)).await.complaint.unwrap();
    assert_eq!(again.recurrence_of, name(&first));
    assert_eq!(file(&served, text, north(60.0)).await.complaint.unwrap().recurrence_of, "", "elsewhere");
    let pointless = file(&served, text, None).await.complaint.unwrap();
    assert_eq!(pointless.recurrence_of, name(&first), "the words decide");
    assert_eq!(file(&served, "Sampah tidak diangkut", None).await.complaint.unwrap().recurrence_of, "");

    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    let payload: Vec<u8> =
        sqlx::query_scalar("SELECT payload FROM complaints.event_log WHERE headers->>'ce-subject' = $1")
            .bind(&again.name)
            .fetch_one(&mut superuser)
            .await
            .unwrap();
    let told = ComplaintFiled::decode(payload.as_slice()).unwrap().complaint.unwrap();
    assert_eq!(told.recurrence_of, name(&first));
    superuser.close().await.unwrap();

    let reopened = call!(
        served,
        reopen_complaint,
        served.channel_token(),
        ReopenComplaintRequest {
            request_id: id(),
            name: name(&first),
            reporter: shows(&first.access_code),
            reason: "Belum".to_owned(),
        }
    );
    reopened.unwrap();
    let while_open = file(&served, text, north(0.0)).await.complaint.unwrap();
    assert_eq!(while_open.recurrence_of, "", "it is not fixed");
    served.submit(&name(&first)).await.unwrap();
    served.approve(&name(&first), &served.token("second", 9, &[served.province])).await.unwrap();
    served.confirm(&name(&first), &first.access_code).await.unwrap();
    served.world.shift(29 * DAY).await;
    assert_eq!(file(&served, text, north(0.0)).await.complaint.unwrap().recurrence_of, name(&first));
    served.world.shift(2 * DAY).await;
    assert_eq!(file(&served, text, north(0.0)).await.complaint.unwrap().recurrence_of, "");
    served.finish().await;
}

async fn support(served: &Served, name: &str, reference: &str) {
    let supported = call!(
        served,
        support_complaint,
        served.channel_token(),
        SupportComplaintRequest {
            request_id: id(),
            name: name.to_owned(),
            channel_reference: reference.to_owned(),
        }
    );
    supported.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_citizens_make_a_report_urgent_and_its_deadlines_earlier() {
    let served = Served::start().await;
    let mut catalog = v1::catalog_service_client::CatalogServiceClient::new(
        channel(&served.world.grpc_address(SERVICE).await).await.unwrap(),
    );
    let term = |amount, unit: v1::TermUnit| Some(v1::Term { amount, unit: unit.into() });
    let policy = v1::ServicePolicy {
        name: "policies/jakarta".to_owned(),
        priority: ComplaintPriority::High.into(),
        valid_from: kit::clock::jakarta_day(kit::clock::Clock::default().now()).to_string(),
        accept: term(1, v1::TermUnit::Hours),
        answer: term(48, v1::TermUnit::Hours),
        finish: term(2, v1::TermUnit::CalendarDays),
        red_flag: term(6, v1::TermUnit::CalendarDays),
        cap: term(60, v1::TermUnit::CalendarDays),
        question: term(5, v1::TermUnit::WorkingDays),
        auto_close: term(10, v1::TermUnit::WorkingDays),
    };
    let request = v1::CreateServicePolicyRequest { request_id: id(), policy: Some(policy) };
    catalog.create_service_policy(authorized(request, &served.officer())).await.unwrap();
    let target = file_as(&served, "Satu", None, "reporter").await;
    let member = file_as(&served, "Dua", None, "second").await;
    let (target, member) = (name(&target), name(&member));
    // Of these nine, one is the target's own reporter, and one supports both.
    for reference in ["a", "b", "c", "d", "e"] {
        support(&served, &target, reference).await;
    }
    for reference in ["e", "f", "g", "reporter"] {
        support(&served, &member, reference).await;
    }
    let before = served.get(&target, &served.officer()).await.unwrap();
    assert_eq!((before.priority(), before.group_supporters), (ComplaintPriority::Normal, 5));
    let merged = call!(
        served,
        merge_complaint,
        served.officer(),
        MergeComplaintRequest { request_id: id(), name: member.clone(), into: target.clone() }
    );
    merged.unwrap();
    let grouped = served.get(&target, &served.officer()).await.unwrap();
    assert_eq!((grouped.group_reports, grouped.group_supporters, grouped.supporters), (1, 8, 5));
    support(&served, &member, "h").await;
    assert_eq!(served.get(&target, &served.officer()).await.unwrap().priority(), ComplaintPriority::Normal);
    support(&served, &member, "i").await;
    let urgent = served.get(&target, &served.officer()).await.unwrap();
    assert_eq!((urgent.priority(), urgent.group_supporters), (ComplaintPriority::High, 10));
    let due = |complaint: &v1::Complaint, kind: DeadlineKind| {
        let found = complaint.deadlines.iter().find(|deadline| deadline.kind() == kind).unwrap();
        found.due_time.unwrap().seconds
    };
    for (kind, is_earlier) in [
        (DeadlineKind::Accept, true),
        (DeadlineKind::Answer, false),
        (DeadlineKind::Finish, true),
        (DeadlineKind::Cap, false),
    ] {
        assert_eq!(due(&urgent, kind) < due(&before, kind), is_earlier, "{kind:?}");
        assert!(due(&urgent, kind) <= due(&before, kind), "never later");
    }
    let timeline =
        call!(served, list_timeline, served.officer(), ListTimelineRequest { name: target.clone() });
    let entries = timeline.unwrap().entries;
    assert_eq!(entries.last().unwrap().command(), ComplaintCommand::RaisePriority);

    let unmerged = call!(
        served,
        unmerge_complaint,
        served.officer(),
        UnmergeComplaintRequest { request_id: id(), name: member.clone() }
    );
    assert_eq!(unmerged.unwrap().complaint.unwrap().supporters, 6, "who supported it supports it still");
    let alone = served.get(&target, &served.officer()).await.unwrap();
    assert_eq!((alone.group_reports, alone.supporters), (0, 5));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reporter_of_a_merged_report_follows_the_other_without_its_words() {
    let served = Served::start().await;
    let [member, target] = [file(&served, "Dua", None).await, file(&served, "Satu", north(0.0)).await];
    let read = |code: String| {
        let request = v1::GetComplaintRequest { name: name(&target), reporter: shows(&code) };
        let (mut client, token) = (served.client.clone(), served.token("other", 0, &[]));
        async move { client.get_complaint(authorized(request, &token)).await }
    };
    let hidden = read(member.access_code.clone()).await.unwrap_err();
    assert_eq!((hidden.code(), reason(&hidden).as_str()), (Code::NotFound, "NOT_FOUND"));
    let merged = call!(
        served,
        merge_complaint,
        served.officer(),
        MergeComplaintRequest { request_id: id(), name: name(&member), into: name(&target) }
    );
    assert_eq!(merged.unwrap().complaint.unwrap().merged_into, name(&target));
    resolve(&served, &name(&target)).await;
    let seen = read(member.access_code.clone()).await.unwrap().into_inner().complaint.unwrap();
    assert_eq!((seen.state(), seen.text.as_str(), seen.point), (ComplaintState::Resolved, "", None));
    served.finish().await;
}
