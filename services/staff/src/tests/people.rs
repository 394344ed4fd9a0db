//! People: taken in once each, with a NIP that is one.

use proto::staff::events::v1::PersonChanged;

use super::*;

async fn refused(served: &Served, change: impl FnOnce(&mut v1::CreatePersonRequest)) -> Status {
    let mut request = to_take_in(1);
    change(&mut request);
    served.people().create_person(authorized(request, &served.token)).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_part_of_a_nip_is_told_without_the_nip() {
    let served = Served::start().await;
    let cases = [
        ("123", "LENGTH"),
        ("19860926201505100x", "DIGITS"),
        ("198602302015051001", "BIRTH_DATE"),
        ("198609262015131001", "APPOINTMENT_MONTH"),
        ("198609262015053001", "SEX"),
    ];
    for (nip, part) in cases {
        let status = refused(&served, |request| request.nip = nip.to_owned()).await;
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "NIP_INVALID"));
        assert_eq!((fact(&status, "part").as_str(), fields(&status)), (part, vec!["nip".to_owned()]));
        assert!(!format!("{status:?}").contains(nip));
    }
    let status = refused(&served, |request| request.rank_class = "IX".to_owned()).await;
    assert_eq!(reason(&status), "RANK_CLASS_INVALID");
    assert_eq!(fields(&status), ["rank_class"]);
    let status = refused(&served, |request| request.display_name = String::new()).await;
    assert_eq!(
        (reason(&status).as_str(), fields(&status)),
        ("INVALID_FIELD", vec!["display_name".to_owned()])
    );
    let listed =
        served.people().list_people(authorized(v1::ListPeopleRequest::default(), &served.token)).await;
    assert_eq!(listed.unwrap().into_inner().people, []);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nip_is_one_persons_and_a_repeated_request_is_the_same_person() {
    let served = Served::start().await;
    let mut client = served.people();
    let request = to_take_in(1);
    let first = client.create_person(authorized(request.clone(), &served.token)).await.unwrap().into_inner();
    let again = client.create_person(authorized(request.clone(), &served.token)).await.unwrap().into_inner();
    assert_eq!(first, again);
    let other = v1::CreatePersonRequest { display_name: "Lain".to_owned(), ..request.clone() };
    let status = client.create_person(authorized(other, &served.token)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    let taken = v1::CreatePersonRequest { request_id: id(), ..request };
    let status = client.create_person(authorized(taken, &served.token)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::AlreadyExists, "NIP_TAKEN"));

    let person = first.person.unwrap();
    let read = v1::GetPersonRequest { name: person.name.clone() };
    let read = client.get_person(authorized(read, &served.token)).await.unwrap().into_inner();
    assert_eq!(read.person.as_ref(), Some(&person));
    let told: Vec<PersonChanged> = served.told(&person.name).await;
    let snapshot = told[0].person.as_ref().unwrap();
    assert_eq!((told.len(), snapshot.employment_type()), (1, EmploymentType::Pns));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_appointment_month_is_a_warning_for_pppk() {
    let served = Served::start().await;
    let request = v1::CreatePersonRequest {
        nip: "198609262021211001".to_owned(),
        employment_type: EmploymentType::Pppk.into(),
        rank_class: "IX".to_owned(),
        ..to_take_in(1)
    };
    let mut client = served.people();
    for _ in 0..2 {
        let answer = client.create_person(authorized(request.clone(), &served.token)).await.unwrap();
        let warnings: Vec<_> = answer.into_inner().warnings().collect();
        assert_eq!(warnings, [v1::PersonWarning::AppointmentMonth]);
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_listed_first_taken_in_first_and_found_by_nip() {
    let served = Served::start().await;
    let mut names = Vec::new();
    for serial in 1..=3 {
        names.push(served.person(serial).await);
    }
    let mut client = served.people();
    let mut request = v1::ListPeopleRequest { page_size: 2, ..Default::default() };
    let first = client.list_people(authorized(request.clone(), &served.token)).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let rest = client.list_people(authorized(request, &served.token)).await.unwrap().into_inner();
    let found: Vec<_> = first.people.iter().chain(&rest.people).map(|person| person.name.clone()).collect();
    assert_eq!((found, rest.next_page_token.as_str()), (names.clone(), ""));
    let request = v1::ListPeopleRequest { nip: to_take_in(2).nip, ..Default::default() };
    let found = client.list_people(authorized(request, &served.token)).await.unwrap().into_inner().people;
    assert_eq!((found.len(), &found[0].name), (1, &names[1]));
    served.finish().await;
}
