//! Who sees whom: what is of a unit is shown to who holds the unit, and to whom it is about.

use std::fmt::Debug;

use tonic::Response;

use super::*;

fn refused<T: Debug>(answer: Result<Response<T>, Status>) {
    let refused = answer.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "UNIT_UNKNOWN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_their_seats_are_shown_to_who_holds_the_unit_and_to_themselves() {
    let served = Served::start().await;
    let (seat, person) = (served.seat("31.74.01", "Camat").await, served.person(1).await);
    let seatless = served.person(2).await;
    let definitive = AssignmentKind::Definitive;
    served.assign(to_assign((&seat, &person), definitive, ("2026-01-01", ""))).await.unwrap();
    let here = served.token_of("here", None, &[served.unit("31.74").await]);
    let elsewhere = served.token_of("elsewhere", None, &[served.unit("dinas").await]);
    let own = served.token_of("own", Some(&person), &[]);
    let nobody = served.token_of("nobody", None, &[]);

    let get = |name: &str| v1::GetPersonRequest { name: name.to_owned() };
    for token in [&served.token, &here, &own] {
        served.people().get_person(authorized(get(&person), token)).await.unwrap();
    }
    for token in [&elsewhere, &nobody] {
        refused(served.people().get_person(authorized(get(&person), token)).await);
    }
    served.people().get_person(authorized(get(&seatless), &served.token)).await.unwrap();
    refused(served.people().get_person(authorized(get(&seatless), &here)).await);
    for (token, people, assignments) in
        [(&served.token, 2, 1), (&here, 1, 1), (&own, 1, 1), (&elsewhere, 0, 0), (&nobody, 0, 0)]
    {
        let list = authorized(v1::ListPeopleRequest::default(), token);
        assert_eq!(served.people().list_people(list).await.unwrap().into_inner().people.len(), people);
        let list = authorized(v1::ListAssignmentsRequest::default(), token);
        let listed = served.assignments().list_assignments(list).await.unwrap().into_inner();
        assert_eq!(listed.assignments.len(), assignments);
    }

    let holder = v1::GetHolderRequest { seat, ..Default::default() };
    served.assignments().get_holder(authorized(holder.clone(), &here)).await.unwrap();
    refused(served.assignments().get_holder(authorized(holder, &elsewhere)).await);
    let directory = v1::GetDirectoryRequest { unit: served.unit("31.74").await, ..Default::default() };
    let shown = served.assignments().get_directory(authorized(directory.clone(), &here)).await.unwrap();
    assert_eq!(shown.into_inner().entries[0].person_display_name, "Person 1");
    refused(served.assignments().get_directory(authorized(directory, &elsewhere)).await);
    served.finish().await;
}
