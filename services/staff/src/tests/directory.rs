//! Directories: every seat of a subtree, held or vacant.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_has_every_seat_in_order_and_says_which_are_vacant() {
    let served = Served::start().await;
    let staff = served.seat("31.74", "Arsiparis").await;
    let head = v1::CreateSeatRequest { is_head: true, ..to_make(&served.unit("31.74").await, "Walikota") };
    let head = served.seats().create_seat(authorized(head, &served.token)).await.unwrap();
    let head = head.into_inner().seat.unwrap().name;
    let vacant = served.seat("31.74.01", "Camat").await;
    served.seat("dinas", "Kepala Dinas").await;
    let (first, second) = (served.person(1).await, served.person(2).await);
    for (seat, person, kind) in [
        (&head, &first, AssignmentKind::Definitive),
        (&head, &second, AssignmentKind::Plh),
        (&staff, &second, AssignmentKind::Definitive),
    ] {
        served.assign(to_assign((seat, person), kind, ("2026-01-05", "2026-02-01"))).await.unwrap();
    }

    let mut client = served.assignments();
    let mut request = v1::GetDirectoryRequest {
        unit: served.unit("31.74").await,
        valid_at: "2026-01-31".to_owned(),
        page_size: 2,
        ..Default::default()
    };
    let page = client.get_directory(authorized(request.clone(), &served.token)).await.unwrap().into_inner();
    // What is recorded between two pages is not in the second.
    let late = to_assign((&vacant, &first), AssignmentKind::Plt, ("2026-01-05", ""));
    served.assign(late).await.unwrap();
    request.page_token = page.next_page_token.clone();
    let rest = client.get_directory(authorized(request.clone(), &served.token)).await.unwrap().into_inner();
    let found: Vec<(String, String)> = page
        .entries
        .iter()
        .chain(&rest.entries)
        .map(|entry| (entry.seat.as_ref().unwrap().name.clone(), entry.person_display_name.clone()))
        .collect();
    let expected = [(&head, "Person 2"), (&staff, "Person 2"), (&vacant, "")];
    let expected: Vec<_> = expected.map(|(seat, name)| (seat.clone(), name.to_owned())).into();
    assert_eq!((found, rest.next_page_token.as_str()), (expected, ""));
    let holder = page.entries[0].holder.as_ref().unwrap();
    assert_eq!((&holder.person, &holder.definitive.as_ref().unwrap().person), (&second, &first));

    request.valid_at = "2026-02-01".to_owned();
    let status = client.get_directory(authorized(request.clone(), &served.token)).await.unwrap_err();
    assert_eq!(reason(&status), "PAGE_TOKEN_INVALID", "of another day");
    request.page_token = String::new();
    let later = client.get_directory(authorized(request, &served.token)).await.unwrap().into_inner();
    assert!(
        later.entries.iter().all(|entry| entry.person_display_name.is_empty()),
        "vacant, not the last holder's"
    );
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_seats_and_units_and_impossible_days_are_refused() {
    let served = Served::start().await;
    let mut client = served.assignments();
    let request = v1::GetDirectoryRequest { unit: format!("units/{}", Uuid::now_v7()), ..Default::default() };
    let status = client.get_directory(authorized(request, &served.token)).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let seat = served.seat("31.74", "Lurah").await;
    let request = v1::GetHolderRequest { seat: format!("seats/{}", Uuid::now_v7()), ..Default::default() };
    let status = client.get_holder(authorized(request, &served.token)).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let request =
        v1::GetHolderRequest { seat: seat.clone(), valid_at: "2026-02-30".to_owned(), known_at: None };
    let status = client.get_holder(authorized(request, &served.token)).await.unwrap_err();
    assert_eq!((reason(&status).as_str(), fields(&status)), ("DATES_INVALID", vec!["valid_at".to_owned()]));
    for seconds in [i64::MIN, -300_000_000_000, i64::MAX] {
        let known_at = Some(prost_types::Timestamp { seconds, nanos: 0 });
        let request = v1::GetHolderRequest { seat: seat.clone(), valid_at: String::new(), known_at };
        let status = client.get_holder(authorized(request, &served.token)).await.unwrap_err();
        assert_eq!(
            (reason(&status).as_str(), fields(&status)),
            ("INVALID_FIELD", vec!["known_at".to_owned()])
        );
    }
    let request = v1::GetHolderRequest { seat, valid_at: "0000-01-01".to_owned(), known_at: None };
    assert!(client.get_holder(authorized(request, &served.token)).await.is_ok());
    served.finish().await;
}
