//! The register: who leads and serves in the cities and kecamatan of the demonstration.

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use proto::staff::v1::{
    AssignmentKind, CreateAssignmentRequest, CreatePersonRequest, CreateSeatRequest, EducationLevel,
    EmploymentType, GetDirectoryRequest, SeatClass, Unit, assignment_service_client::AssignmentServiceClient,
    person_service_client::PersonServiceClient, seat_service_client::SeatServiceClient,
};

use super::caller::{AT_ONCE, Caller, PAGE, Units, request_id};
use crate::calls::call;

/// What each kecamatan has.
const DISTRICT_SEATS: [(SeatClass, &str); 3] = [
    (SeatClass::DistrictHead, "Camat"),
    (SeatClass::Secretary, "Sekretaris Kecamatan"),
    (SeatClass::SectionHead, "Kepala Seksi Pelayanan"),
];
/// Seats of a kecamatan.
pub(super) const SEATS_IN_DISTRICT: usize = DISTRICT_SEATS.len();
/// Since when they hold their seats.
const SINCE: &str = "2025-01-02";
const GIVEN_NAMES: [&str; 12] =
    ["Siti", "Budi", "Dewi", "Agus", "Rina", "Eko", "Sri", "Andi", "Ratna", "Hendra", "Maya", "Yusuf"];
const FAMILY_NAMES: [&str; 11] = [
    "Rahayu", "Santoso", "Lestari", "Wijaya", "Siregar", "Hidayat", "Permata", "Nasution", "Kusuma",
    "Maharani", "Saputra",
];

/// A seat to make, and to give to somebody.
struct Post<'a> {
    number: u64,
    unit: &'a Unit,
    seat_class: SeatClass,
    display_name: String,
}

impl Caller {
    /// Makes the seats, takes people in and assigns them; says how many there are.
    pub(super) async fn fill_register(&self, units: &Units) -> Result<usize> {
        let posts = posts(units);
        stream::iter(&posts)
            .map(|post| self.fill(post))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        let held = self.held_seats(&units.province.name).await?;
        ensure!(held == posts.len(), "{held} of {} seats are held", posts.len());
        Ok(held)
    }

    async fn fill(&self, post: &Post<'_>) -> Result<()> {
        let seat = CreateSeatRequest {
            request_id: request_id(post.number),
            unit: post.unit.name.clone(),
            display_name: post.display_name.clone(),
            seat_class: post.seat_class.into(),
            is_head: leads(post.seat_class),
            ..Default::default()
        };
        let seat = call(&self.officer, &seat, |request| {
            let mut seats = SeatServiceClient::new(self.staff.clone());
            async move { seats.create_seat(request).await }
        })
        .await?;
        let person = call(&self.officer, &person(post.number)?, |request| {
            let mut people = PersonServiceClient::new(self.staff.clone());
            async move { people.create_person(request).await }
        })
        .await?;
        let assignment = CreateAssignmentRequest {
            request_id: request_id(post.number),
            seat: seat.seat.context("a seat has no body")?.name,
            person: person.person.context("a person has no body")?.name,
            kind: AssignmentKind::Definitive.into(),
            valid_from: SINCE.to_owned(),
            decree_number: format!("{}/2024", post.number + 1),
            decree_date: "2024-12-20".to_owned(),
            ..Default::default()
        };
        call(&self.officer, &assignment, |request| {
            let mut assignments = AssignmentServiceClient::new(self.staff.clone());
            async move { assignments.create_assignment(request).await }
        })
        .await?;
        Ok(())
    }

    /// How many seats have somebody today, in the whole tree.
    async fn held_seats(&self, province: &str) -> Result<usize> {
        let request =
            GetDirectoryRequest { unit: province.to_owned(), page_size: PAGE, ..Default::default() };
        let directory = call(&self.reader, &request, |request| {
            let mut assignments = AssignmentServiceClient::new(self.staff.clone());
            async move { assignments.get_directory(request).await }
        })
        .await?;
        ensure!(directory.next_page_token.is_empty(), "the directory has more than a page");
        let held = |holder: &proto::staff::v1::SeatHolder| !holder.person.is_empty();
        Ok(directory.entries.iter().filter(|entry| entry.holder.as_ref().is_some_and(held)).count())
    }
}

fn posts(units: &Units) -> Vec<Post<'_>> {
    let cities = units.cities.iter().map(|unit| {
        let (seat_class, title) = if unit.display_name.starts_with("Kabupaten") {
            (SeatClass::Regent, "Bupati")
        } else {
            (SeatClass::Mayor, "Walikota")
        };
        (unit, seat_class, title)
    });
    let districts = units
        .districts
        .iter()
        .flat_map(|unit| DISTRICT_SEATS.iter().map(move |(seat_class, title)| (unit, *seat_class, *title)));
    (0..)
        .zip(cities.chain(districts))
        .map(|(number, (unit, seat_class, title))| Post {
            number,
            unit,
            seat_class,
            display_name: format!("{title}, {}", unit.display_name),
        })
        .collect()
}

fn leads(seat_class: SeatClass) -> bool {
    matches!(seat_class, SeatClass::Mayor | SeatClass::Regent | SeatClass::DistrictHead)
}

/// A made-up civil servant.
fn person(number: u64) -> Result<CreatePersonRequest> {
    let at = usize::try_from(number)?;
    let born =
        Date::new(1970, 1, 1)?.checked_add(jiff::Span::new().days(i64::try_from(number * 53 % 7_000)?))?;
    let appointed = Date::new(born.year() + 25, born.month(), 1)?;
    let sex = 1 + number % 2;
    Ok(CreatePersonRequest {
        request_id: request_id(number),
        nip: format!("{}{}{sex}{:03}", born.strftime("%Y%m%d"), appointed.strftime("%Y%m"), number % 1_000),
        display_name: format!(
            "{} {}, S.Sos.",
            GIVEN_NAMES[at % GIVEN_NAMES.len()],
            FAMILY_NAMES[at % FAMILY_NAMES.len()]
        ),
        employment_type: EmploymentType::Pns.into(),
        rank_class: "III/c".to_owned(),
        education_level: EducationLevel::Bachelor.into(),
    })
}
