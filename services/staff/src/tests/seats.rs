//! Seats: made in the caller's units, one head each.

use proto::staff::events::v1::SeatChanged;

use super::*;

async fn made(served: &Served, request: v1::CreateSeatRequest) -> Result<v1::Seat, Status> {
    let answer = served.seats().create_seat(authorized(request, &served.token)).await?;
    Ok(answer.into_inner().seat.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_is_made_once_read_and_told_of() {
    let served = Served::start().await;
    let unit = served.unit("31.74").await;
    let request = v1::CreateSeatRequest {
        code: "walikota-31.74".to_owned(),
        seat_class: SeatClass::Mayor.into(),
        is_head: true,
        ..to_make(&unit, "Walikota")
    };
    let seat = made(&served, request.clone()).await.unwrap();
    assert_eq!(made(&served, request.clone()).await.unwrap(), seat);
    let read = v1::GetSeatRequest { name: seat.name.clone() };
    let read = served.seats().get_seat(authorized(read, &served.token)).await.unwrap().into_inner();
    assert_eq!(read.seat.as_ref(), Some(&seat));
    let told: Vec<SeatChanged> = served.told(&seat.name).await;
    let snapshot = told[0].seat.as_ref().unwrap();
    assert_eq!((told.len(), &snapshot.unit, snapshot.is_head), (1, &unit, true));

    let code = v1::CreateSeatRequest { request_id: id(), is_head: false, ..request.clone() };
    let status = made(&served, code).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::AlreadyExists, "SEAT_CODE_TAKEN"));
    assert_eq!(fact(&status, "seat"), seat.name);
    let head = v1::CreateSeatRequest { request_id: id(), code: String::new(), ..request };
    let status = made(&served, head).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::AlreadyExists, "HEAD_SEAT_EXISTS"));
    assert_eq!(fact(&status, "seat"), seat.name);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_needs_a_unit_that_may_have_one_and_is_the_callers() {
    let mut served = Served::start().await;
    let status = made(&served, to_make(&format!("units/{}", Uuid::now_v7()), "X")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "UNIT_NOT_FOUND"));
    assert_eq!(fields(&status), ["unit"]);
    let status = made(&served, to_make(&served.unit("pln").await, "X")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "UNIT_EXTERNAL"));

    let (city, district) = (served.unit("31.74").await, served.unit("31.74.01").await);
    served.token = served.token_of("camat", None, std::slice::from_ref(&district));
    assert!(made(&served, to_make(&district, "Kasi")).await.is_ok());
    let status = made(&served, to_make(&city, "Kasi")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "UNIT_UNKNOWN"));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_are_listed_by_name_within_a_units_subtree() {
    let served = Served::start().await;
    for (unit, name) in [("31.74", "C"), ("31.74.01", "A"), ("31.74.01", "B"), ("dinas", "B")] {
        served.seat(unit, name).await;
    }
    let mut client = served.seats();
    let mut request =
        v1::ListSeatsRequest { page_size: 2, unit: served.unit("31.74").await, ..Default::default() };
    let first = client.list_seats(authorized(request.clone(), &served.token)).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let rest = client.list_seats(authorized(request.clone(), &served.token)).await.unwrap().into_inner();
    let names: Vec<_> =
        first.seats.iter().chain(&rest.seats).map(|seat| seat.display_name.as_str()).collect();
    assert_eq!(names, ["A", "B", "C"]);
    request.unit = String::new();
    let status = client.list_seats(authorized(request, &served.token)).await.unwrap_err();
    assert_eq!(reason(&status), "PAGE_TOKEN_INVALID");
    let all = client.list_seats(authorized(v1::ListSeatsRequest::default(), &served.token)).await.unwrap();
    assert_eq!(all.into_inner().seats.len(), 4);
    served.finish().await;
}
