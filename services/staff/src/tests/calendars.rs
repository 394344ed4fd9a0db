//! Holidays: imported, published, and as an independent calendar has them.

use prost::Message;
use proto::staff::{
    events::v1::CalendarPublished,
    v1::{HolidayKind, calendar_service_client::CalendarServiceClient},
};

use super::*;

const SHIPPED: &str = include_str!("../../data/jakarta/holidays.csv");
/// The holidays of Indonesia, the government's cuti bersama among them, by the Python package `holidays` 0.109, written
/// down on their own.
const INDEPENDENT: [(i32, &str); 3] = [
    (
        2024,
        "01-01 02-08 02-09 02-10 02-14 03-11 03-12 03-29 03-31 04-08 04-09 04-10 04-11 04-12 04-15 05-01 05-09 05-10 05-23 05-24 \
         06-01 06-17 06-18 07-07 08-17 09-16 11-27 12-25 12-26",
    ),
    (
        2025,
        "01-01 01-27 01-28 01-29 03-28 03-29 03-31 04-01 04-02 04-03 04-04 04-07 04-18 04-20 05-01 05-12 05-13 05-29 05-30 06-01 \
         06-06 06-09 06-27 08-17 08-18 09-05 12-25 12-26",
    ),
    (
        2026,
        "01-01 01-16 02-16 02-17 03-18 03-19 03-20 03-21 03-22 03-23 03-24 04-03 04-05 05-01 05-14 05-15 05-27 05-28 05-31 06-01 \
         06-16 08-17 08-25 12-24 12-25",
    ),
];

fn calendars(served: &Served) -> CalendarServiceClient<Channel> {
    CalendarServiceClient::new(served.channel.clone())
}

async fn import_holidays(
    served: &Served,
    csv: &str,
    dry_run: bool,
) -> Result<v1::ImportHolidaysResponse, Status> {
    let request = v1::ImportHolidaysRequest {
        request_id: Uuid::now_v7().to_string(),
        csv: csv.as_bytes().to_vec(),
        dry_run,
    };
    Ok(calendars(served).import_holidays(authorized(request, &served.token)).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_holidays_are_those_of_an_independent_calendar() {
    let served = Served::start().await;
    let imported = import_holidays(&served, SHIPPED, false).await.unwrap();
    assert_eq!(imported.calendars.len(), INDEPENDENT.len());
    for (year, days) in INDEPENDENT {
        let request = v1::GetCalendarRequest { year };
        let calendar = calendars(&served).get_calendar(authorized(request, &served.token)).await.unwrap();
        let found: Vec<String> =
            calendar.into_inner().calendar.unwrap().holidays.into_iter().map(|holiday| holiday.day).collect();
        let expected: Vec<String> = days.split_whitespace().map(|day| format!("{year}-{day}")).collect();
        assert_eq!(found, expected);
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_that_changes_is_published_and_one_that_does_not_is_not() {
    let served = Served::start().await;
    let csv = "day,kind,name\n2026-01-01,NATIONAL,Tahun Baru\n2027-01-01,NATIONAL,Tahun Baru\n";
    assert_eq!(import_holidays(&served, csv, true).await.unwrap().calendars.len(), 2);
    assert_eq!(
        import_holidays(&served, csv, false).await.unwrap().calendars.len(),
        2,
        "the dry run kept none"
    );
    assert_eq!(import_holidays(&served, csv, false).await.unwrap().calendars, []);
    let more = format!("{csv}2027-01-04,JOINT_LEAVE,Cuti bersama\n");
    let changed = import_holidays(&served, &more, false).await.unwrap().calendars;
    assert_eq!((changed.len(), changed[0].year, changed[0].etag.as_str()), (1, 2027, "2"));
    assert_eq!(changed[0].holidays[1].kind(), HolidayKind::JointLeave);

    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    let told: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT version, payload FROM staff.event_log WHERE subject ~ '^evt[.]staff[.]calendar[.][0-9]+[.]published$'
         ORDER BY id",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    superuser.close().await.unwrap();
    assert_eq!(told.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [1, 1, 2]);
    let last = CalendarPublished::decode(told[2].1.as_slice()).unwrap().calendar.unwrap();
    assert_eq!((last.year, last.holidays), (2027, vec!["2027-01-01".to_owned(), "2027-01-04".to_owned()]));

    let request = v1::ListCalendarsRequest { page_size: 1, ..Default::default() };
    let page =
        calendars(&served).list_calendars(authorized(request, &served.token)).await.unwrap().into_inner();
    let request = v1::ListCalendarsRequest { page_token: page.next_page_token, ..Default::default() };
    let rest =
        calendars(&served).list_calendars(authorized(request, &served.token)).await.unwrap().into_inner();
    let years: Vec<i32> =
        page.calendars.iter().chain(&rest.calendars).map(|calendar| calendar.year).collect();
    assert_eq!(years, [2026, 2027]);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_row_is_named_by_its_line_and_nothing_is_stored() {
    let served = Served::start().await;
    let cases = [
        ("2026-02-30,NATIONAL,X", "line 3: \"2026-02-30\" is not a day as YYYY-MM-DD"),
        ("2026-02-01,FEAST,X", "line 3: there is no kind \"FEAST\""),
        ("2026-02-01,NATIONAL, ", "line 3: the name must have 1 to 200 characters"),
        ("2026-01-01,NATIONAL,X", "line 3: 2026-01-01 stands there twice"),
        ("1026-01-01,NATIONAL,X", "line 3: the year must be one of 1945 to 9998"),
        ("2026-01-02,NATIONAL", "line 3: must have the columns day, kind and name"),
    ];
    for (row, message) in cases {
        let csv = format!("day,kind,name\n2026-01-01,NATIONAL,Tahun Baru\n{row}\n");
        let refused = import_holidays(&served, &csv, false).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(refused.get_details_error_info().unwrap().reason, "HOLIDAYS_INVALID");
        assert!(refused.message().contains(message), "{}", refused.message());
    }
    let request = v1::GetCalendarRequest { year: 2026 };
    let missing = calendars(&served).get_calendar(authorized(request, &served.token)).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
    served.finish().await;
}
