//! Assignments: recorded, ended, refused.

use proto::staff::events::v1::{AssignmentChanged, AssignmentState};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_known_before_stays_to_be_asked_for() {
    let served = Served::start().await;
    let (seat, first, second) =
        (served.seat("31.74", "Lurah").await, served.person(1).await, served.person(2).await);
    let one = served
        .assign(to_assign((&seat, &first), AssignmentKind::Definitive, ("2026-01-05", "")))
        .await
        .unwrap();
    let ended = served.end(to_end(&one.name, "2026-03-01")).await.unwrap();
    let two = served
        .assign(to_assign((&seat, &second), AssignmentKind::Definitive, ("2026-03-01", "")))
        .await
        .unwrap();
    let plh = to_assign((&seat, &first), AssignmentKind::Plh, ("2026-03-10", "2026-03-12"));
    let acting = served.assign(plh).await.unwrap();

    let known = [None, one.record_time, ended.record_time, two.record_time, acting.record_time];
    let (nobody, first, second) = ("", first.as_str(), second.as_str());
    let cases: [(&str, [&str; 5]); 6] = [
        ("2026-01-04", [nobody; 5]),
        ("2026-01-05", [first; 5]),
        ("2026-02-28", [first; 5]),
        ("2026-03-01", [second, first, nobody, second, second]),
        ("2026-03-10", [first, first, nobody, second, first]),
        ("2026-03-12", [second, first, nobody, second, second]),
    ];
    for (day, people) in cases {
        for (known_at, person) in known.iter().zip(people) {
            let holder = served.holder(&seat, day, *known_at).await;
            assert_eq!((holder.person.as_str(), holder.valid_at.as_str()), (person, day), "{known_at:?}");
        }
    }
    let holder = served.holder(&seat, "2026-03-10", None).await;
    assert_eq!(holder.definitive.unwrap().name, two.name);
    assert_eq!(holder.acting.unwrap().name, acting.name);

    let request = v1::ListAssignmentsRequest { seat: seat.clone(), ..Default::default() };
    let mut client = served.assignments();
    let newest =
        client.list_assignments(authorized(request.clone(), &served.token)).await.unwrap().into_inner();
    let versions = |list: &[v1::Assignment]| -> Vec<(String, String)> {
        list.iter().map(|version| (version.name.clone(), version.etag.clone())).collect()
    };
    let all = |names: [(&v1::Assignment, &str); 3]| -> Vec<(String, String)> {
        names.iter().map(|(version, etag)| (version.name.clone(), (*etag).to_owned())).collect()
    };
    assert_eq!(versions(&newest.assignments), all([(&one, "2"), (&two, "1"), (&acting, "1")]));
    let request = v1::ListAssignmentsRequest { include_superseded: true, page_size: 3, ..request };
    let page =
        client.list_assignments(authorized(request.clone(), &served.token)).await.unwrap().into_inner();
    assert_eq!(versions(&page.assignments), all([(&one, "1"), (&one, "2"), (&two, "1")]));
    assert_eq!(page.assignments[0].supersede_time, ended.record_time);
    let request = v1::ListAssignmentsRequest { page_token: page.next_page_token, ..request };
    let rest = client.list_assignments(authorized(request, &served.token)).await.unwrap().into_inner();
    assert_eq!((rest.assignments.len(), rest.next_page_token.as_str()), (1, ""));

    let told: Vec<AssignmentChanged> = served.told(&one.name).await;
    let told: Vec<_> = told.iter().map(|event| event.assignment.as_ref().unwrap()).collect();
    let states: Vec<_> = told.iter().map(|event| (event.state(), event.valid_until.as_str())).collect();
    assert_eq!(states, [(AssignmentState::InEffect, ""), (AssignmentState::Ended, "2026-03-01")]);
    assert_eq!(told[0].unit, served.unit("31.74").await);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_are_not_free_are_refused_with_the_assignment_that_has_them() {
    let served = Served::start().await;
    let (seat, other) = (served.seat("31.74", "Lurah").await, served.seat("31.74", "Camat").await);
    let (first, second) = (served.person(1).await, served.person(2).await);
    let held = to_assign((&seat, &first), AssignmentKind::Definitive, ("2026-01-05", "2026-06-01"));
    let held = served.assign(held).await.unwrap();
    let acting = to_assign((&seat, &second), AssignmentKind::Plt, ("2026-02-01", "2026-03-01"));
    let acting = served.assign(acting).await.unwrap();

    use AssignmentKind::{Definitive, Plh, Plt};
    let cases = [
        ((&seat, &second), Definitive, ("2026-05-31", ""), Some(("SEAT_TAKEN", &held))),
        ((&seat, &second), Definitive, ("2026-01-01", "2026-01-05"), None),
        ((&other, &first), Definitive, ("2026-01-01", "2026-01-06"), Some(("PERSON_HAS_SEAT", &held))),
        ((&other, &first), Plt, ("2026-01-01", "2026-01-06"), None),
        ((&seat, &first), Plh, ("2026-02-28", "2026-03-02"), Some(("ACTING_HOLDER_EXISTS", &acting))),
        ((&seat, &first), Plt, ("2026-03-01", "2026-03-02"), None),
        ((&seat, &second), Definitive, ("2026-06-01", ""), None),
    ];
    for ((seat, person), kind, days, refused) in cases {
        let answer = served.assign(to_assign((seat, person), kind, days)).await;
        match refused {
            None => assert!(answer.is_ok(), "{kind:?} {days:?}: {answer:?}"),
            Some((why, assignment)) => {
                let status = answer.unwrap_err();
                assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, why));
                assert_eq!(fact(&status, "assignment"), assignment.name);
            }
        }
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_are_assigned_to_one_seat_at_once_one_gets_it() {
    let served = std::sync::Arc::new(Served::start().await);
    let seat = served.seat("31.74", "Lurah").await;
    let mut tasks = tokio::task::JoinSet::new();
    for serial in 1..=8 {
        let (served, seat) = (std::sync::Arc::clone(&served), seat.clone());
        tasks.spawn(async move {
            let person = served.person(serial).await;
            served.assign(to_assign((&seat, &person), AssignmentKind::Definitive, ("2026-01-05", ""))).await
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for status in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(reason(status), "SEAT_TAKEN", "{status:?}");
    }
    std::sync::Arc::into_inner(served).unwrap().finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_wrong_is_refused_with_its_reason_and_field() {
    let served = Served::start().await;
    let (seat, person) = (served.seat("31.74", "Lurah").await, served.person(1).await);
    let good = || to_assign((&seat, &person), AssignmentKind::Definitive, ("2026-01-05", ""));
    let nobody = format!("people/{}", Uuid::now_v7());
    let dates = |field| ("DATES_INVALID", vec![field]);
    let cases = [
        (
            v1::CreateAssignmentRequest { seat: format!("seats/{}", Uuid::now_v7()), ..good() },
            ("SEAT_UNKNOWN", vec!["seat"]),
        ),
        (
            v1::CreateAssignmentRequest { person: nobody.clone(), ..good() },
            ("PERSON_UNKNOWN", vec!["person"]),
        ),
        (
            v1::CreateAssignmentRequest { approved_by: nobody, ..good() },
            ("PERSON_UNKNOWN", vec!["approved_by"]),
        ),
        (v1::CreateAssignmentRequest { approved_by: person.clone(), ..good() }, ("APPROVER_INVALID", vec![])),
        (v1::CreateAssignmentRequest { valid_from: "2026-02-30".to_owned(), ..good() }, dates("valid_from")),
        (
            v1::CreateAssignmentRequest { decree_date: "2026-02-30".to_owned(), ..good() },
            dates("decree_date"),
        ),
        (
            v1::CreateAssignmentRequest { valid_until: "2026-01-05".to_owned(), ..good() },
            dates("valid_until"),
        ),
        (v1::CreateAssignmentRequest { kind: 0, ..good() }, ("INVALID_FIELD", vec!["kind"])),
        (
            v1::CreateAssignmentRequest { decree_number: String::new(), ..good() },
            ("INVALID_FIELD", vec!["decree_number"]),
        ),
    ];
    for (request, (why, field)) in cases {
        let status = served.assign(request).await.unwrap_err();
        let fields = fields(&status);
        assert_eq!((reason(&status).as_str(), fields.iter().map(String::as_str).collect()), (why, field));
    }
    let assignment = served.assign(good()).await.unwrap();
    let status = served.end(to_end(&assignment.name, "2026-01-05")).await.unwrap_err();
    assert_eq!(
        (reason(&status).as_str(), fields(&status)),
        ("DATES_INVALID", vec!["valid_until".to_owned()])
    );
    let status =
        served.end(to_end(&format!("assignments/{}", Uuid::now_v7()), "2026-02-01")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "NOT_FOUND"));
    served.end(to_end(&assignment.name, "2026-02-01")).await.unwrap();
    let stale = v1::EndAssignmentRequest { etag: assignment.etag, ..to_end(&assignment.name, "2026-01-20") };
    let status = served.end(stale).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    let status = served.end(to_end(&assignment.name, "2026-02-01")).await.unwrap_err();
    assert_eq!(reason(&status), "DATES_INVALID", "an end is not lengthened, nor recorded twice");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_answered_again_and_another_content_refused() {
    let served = Served::start().await;
    let (seat, person) = (served.seat("31.74", "Lurah").await, served.person(1).await);
    let request = to_assign((&seat, &person), AssignmentKind::Definitive, ("2026-01-05", ""));
    let first = served.assign(request.clone()).await.unwrap();
    assert_eq!(served.assign(request.clone()).await.unwrap(), first);
    let other = v1::CreateAssignmentRequest { reason: "Lain".to_owned(), ..request };
    let status = served.assign(other).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));

    let request = to_end(&first.name, "2026-02-01");
    let ended = served.end(request.clone()).await.unwrap();
    assert_eq!(served.end(request.clone()).await.unwrap(), ended);
    let other = v1::EndAssignmentRequest { valid_until: "2026-01-20".to_owned(), ..request };
    assert_eq!(reason(&served.end(other).await.unwrap_err()), "REQUEST_ID_REUSED");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_the_seats_unit_changes_nothing_and_who_records_does_not_approve() {
    let mut served = Served::start().await;
    let (seat, person, officer) =
        (served.seat("31.74", "Lurah").await, served.person(1).await, served.person(2).await);
    let request = || to_assign((&seat, &person), AssignmentKind::Definitive, ("2026-01-05", ""));
    let assignment = served.assign(request()).await.unwrap();
    assert_eq!(assignment.recorded_by, "", "a system recorded it");

    let (city, district) = (served.unit("31.74").await, served.unit("31.74.01").await);
    served.token = served.token_of("camat", Some(&officer), &[district]);
    for status in [
        served.assign(request()).await.unwrap_err(),
        served.end(to_end(&assignment.name, "2026-02-01")).await.unwrap_err(),
    ] {
        assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "UNIT_UNKNOWN"));
    }
    served.token = served.token_of("walikota", Some(&officer), &[city]);
    let approved =
        v1::EndAssignmentRequest { approved_by: officer.clone(), ..to_end(&assignment.name, "2026-02-01") };
    let status = served.end(approved).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "APPROVER_INVALID"));
    let ended = served.end(to_end(&assignment.name, "2026-02-01")).await.unwrap();
    assert_eq!((ended.recorded_by, ended.etag.as_str()), (officer, "2"));
    served.finish().await;
}
