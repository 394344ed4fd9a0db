//! Needs become nominations, once each and in whatever order events come; and needs are answered.

use proto::{staff::v1::AssignmentKind, training::events::v1::NeedAnswered};

use super::*;

/// The people nominated, sorted.
fn people(enrolments: &[v1::Enrolment]) -> Vec<String> {
    let mut people: Vec<String> = enrolments.iter().map(|enrolment| enrolment.person.clone()).collect();
    people.sort();
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn a_need_nominates_all_of_its_unit_and_nobody_else_once_each() {
    let served = Served::start().await;
    let programme = served.programme("U7").await;
    served.programme("U7").await;
    let mut expected =
        [served.road.seated(served.kelurahan).await, served.road.seated(served.kelurahan).await];
    served.road.seated(served.other).await;
    served.road.seated(served.province).await;
    let need = served.road.need(served.kelurahan, "U7").await;

    let nominated = served.nominated(&need, 2).await;
    expected.sort();
    let expected: Vec<String> = expected.iter().map(|person| format!("people/{person}")).collect();
    assert_eq!(people(&nominated), expected);
    for enrolment in &nominated {
        assert_eq!(enrolment.state(), EnrolmentState::Nominated);
        assert_eq!(enrolment.programme, programme.name, "the first programme for the element");
        assert_eq!(enrolment.unit, format!("units/{}", served.kelurahan));
        assert_eq!((enrolment.nominated_by.as_str(), enrolment.batch.as_str()), ("", ""));
    }
    let need_now = served.need(&need).await.unwrap();
    assert_eq!(need_now.state(), NeedState::Nominated);
    assert_eq!(need_now.evidence.unwrap().periods[0].ikm, "70.10");

    // Whoever comes later is nominated, and by then nobody a second time.
    served.road.seated(served.kelurahan).await;
    assert_eq!(served.nominated(&need, 3).await.len(), 3);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nominations_are_the_same_whichever_of_need_people_and_programme_comes_last() {
    let served = Served::start().await;
    for last in ["people", "need", "programme"] {
        let unit = Uuid::now_v7();
        served.road.unit(unit, Some(served.province)).await;
        // Programmes of one element each, so that the orders don't meet.
        let element = match last {
            "people" => "U1",
            "need" => "U2",
            _ => "U3",
        };
        let mut need = None;
        let mut expected = Vec::new();
        for step in ["programme", "need", "people"].iter().filter(|step| **step != last).chain([&last]) {
            match *step {
                "programme" => drop(served.programme(element).await),
                "need" => {
                    let name = served.road.need(unit, element).await;
                    served.arrived(&name).await;
                    need = Some(name);
                }
                _ => {
                    expected.push(format!("people/{}", served.seated(unit).await));
                    expected.push(format!("people/{}", served.seated(unit).await));
                }
            }
        }
        expected.sort();
        assert_eq!(people(&served.nominated(&need.unwrap(), 2).await), expected, "{last} last");
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_twice_or_an_older_one_that_comes_late_changes_nothing() {
    let served = Served::start().await;
    let id = Uuid::now_v7();
    let need = format!("needs/{id}");
    served.road.need_again((id, 2), served.kelurahan, "U7", "71.00").await;
    served.road.need_again((id, 2), served.kelurahan, "U7", "99.00").await;
    served.road.need_again((id, 1), served.kelurahan, "U7", "70.00").await;
    let after = served.road.need(served.kelurahan, "U6").await;
    served.arrived(&after).await;
    let found = served.need(&need).await.unwrap();
    assert_eq!((found.evidence.unwrap().periods[0].ikm.as_str(), found.etag.as_str()), ("71.00", "1"));

    // An assignment that ended, whose beginning is told again after its end.
    let (assignment, person, seat) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let in_seat = (person, seat, served.kelurahan);
    let definitive = |until| (AssignmentKind::Definitive, (today() - 9.days(), until));
    served.road.assignment((assignment, 2), in_seat, definitive(Some(today()))).await;
    served.road.assignment((assignment, 1), in_seat, definitive(None)).await;
    served.programme("U7").await;
    let seated = served.seated(served.kelurahan).await;
    let nominated = served.nominated(&need, 1).await;
    assert_eq!(people(&nominated), [format!("people/{seated}")], "who has left is not nominated");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_of_an_assignment_count_and_the_seat_says_the_unit() {
    let served = Served::start().await;
    let kinds = [AssignmentKind::Definitive, AssignmentKind::Plt, AssignmentKind::Plh];
    // From tomorrow; until yesterday; from today on; until tomorrow.
    let days = [(1, None), (-9, Some(0)), (0, None), (-9, Some(1))];
    let mut expected = Vec::new();
    for (number, (from, until)) in days.into_iter().enumerate() {
        let (person, seat) = (Uuid::now_v7(), Uuid::now_v7());
        let held = (today() + from.days(), until.map(|until: i32| today() + until.days()));
        let in_seat = (person, seat, served.kelurahan);
        served.road.assignment((Uuid::now_v7(), 1), in_seat, (kinds[number % 3], held)).await;
        if number >= 2 {
            expected.push(format!("people/{person}"));
        }
    }
    // A seat that moved to another unit takes its holder with it.
    let (moved, seat) = (Uuid::now_v7(), Uuid::now_v7());
    let since = (AssignmentKind::Definitive, (today() - 1.day(), None));
    served.road.assignment((Uuid::now_v7(), 1), (moved, seat, served.kelurahan), since).await;
    served.road.seat((seat, served.other), 2).await;
    served.programme("U7").await;
    served.seated(served.other).await;

    let need = served.road.need(served.kelurahan, "U7").await;
    expected.sort();
    assert_eq!(people(&served.nominated(&need, 2).await), expected);
    let elsewhere = served.road.need(served.other, "U7").await;
    assert!(people(&served.nominated(&elsewhere, 2).await).contains(&format!("people/{moved}")));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_need_is_answered_once_and_told_and_then_nobody_is_nominated_for_it() {
    let served = Served::start().await;
    served.seated(served.kelurahan).await;
    let need = served.road.need(served.kelurahan, "U7").await;
    served.arrived(&need).await;

    let no_person = served.answer(&need, v1::NeedAnswer::Declined, &served.system()).await.unwrap_err();
    assert_eq!(told(&no_person), refusal(Code::PermissionDenied, "PERSON_REQUIRED", &[]));
    let elsewhere = served.token(Uuid::from_u128(9), &[served.other]);
    let elsewhere = served.answer(&need, v1::NeedAnswer::Declined, &elsewhere).await.unwrap_err();
    assert_eq!(told(&elsewhere), refusal(Code::PermissionDenied, "UNIT_UNKNOWN", &[]));
    let untrained = served.answer(&need, v1::NeedAnswer::Trained, &served.superior()).await.unwrap_err();
    assert_eq!(told(&untrained), refusal(Code::FailedPrecondition, "NO_COMPLETED_ENROLMENT", &[]));

    let answered = served.answer(&need, v1::NeedAnswer::OtherMeasure, &served.superior()).await.unwrap();
    assert_eq!((answered.state(), answered.answer()), (NeedState::Answered, v1::NeedAnswer::OtherMeasure));
    assert_eq!(answered.answered_by, format!("people/{}", Uuid::from_u128(1)));
    let again = served.answer(&need, v1::NeedAnswer::Declined, &served.superior()).await.unwrap_err();
    assert_eq!(told(&again), refusal(Code::FailedPrecondition, "ILLEGAL_TRANSITION", &[]));
    assert_eq!(fact(&again, "state"), "ANSWERED");

    let event = served.road.told::<NeedAnswered>(1).await.remove(0);
    assert_eq!((event.need.as_str(), event.element.as_str()), (need.as_str(), "U7"));
    assert_eq!((event.answer(), event.completed_enrolments), (v1::NeedAnswer::OtherMeasure, 0));

    // A programme for the element of both: only the second, which is open, is nominated for.
    let open = served.road.need(served.kelurahan, "U7").await;
    served.arrived(&open).await;
    served.programme("U7").await;
    served.nominated(&open, 1).await;
    assert_eq!(served.of_need(&need).await, []);
    served.finish().await;
}
