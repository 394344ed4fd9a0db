//! From a nomination to what others hear of it, and who may do what on the way.

use std::collections::HashMap;

use proto::{
    staff::v1::AssignmentKind,
    training::events::v1::{EnrolmentCompleted, InterventionRecorded, NeedAnswered},
};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn of_thirty_approved_at_once_for_ten_places_ten_are_enrolled_and_the_rest_wait_in_turn() {
    let served = Served::start().await;
    let programme = served.programme("U7").await;
    let batch = served.batch(&programme, 10).await;
    for _ in 0..30 {
        served.road.seated(served.kelurahan).await;
    }
    let need = served.road.need(served.kelurahan, "U7").await;
    let nominated = served.nominated(&need, 30).await;
    assert_eq!(nominated.len(), 30);

    let superior = served.superior();
    let approvals = nominated.iter().map(|enrolment| served.approve(&enrolment.name, &batch.name, &superior));
    let approved: Vec<v1::Enrolment> =
        futures::future::join_all(approvals).await.into_iter().map(Result::unwrap).collect();
    let mut places: HashMap<EnrolmentState, Vec<i32>> = HashMap::new();
    for enrolment in &approved {
        assert_eq!(enrolment.batch, batch.name);
        places.entry(enrolment.state()).or_default().push(enrolment.waitlist_position);
    }
    assert_eq!(places[&EnrolmentState::Enrolled], [0; 10]);
    let waiting = places.get_mut(&EnrolmentState::Waitlisted).unwrap();
    waiting.sort_unstable();
    assert_eq!(*waiting, (1..=20).collect::<Vec<i32>>());
    let batch_now = served.get_batch(&batch.name).await;
    assert_eq!((batch_now.enrolled, batch_now.waitlisted), (10, 20));

    // Who leaves the list lets the others move up; another batch takes one of them in.
    let mut waiting: Vec<&v1::Enrolment> =
        approved.iter().filter(|enrolment| enrolment.waitlist_position > 0).collect();
    waiting.sort_by_key(|enrolment| enrolment.waitlist_position);
    let declined = served.decline(&waiting[0].name, &superior).await.unwrap();
    assert_eq!((declined.state(), declined.batch.as_str()), (EnrolmentState::Declined, ""));
    let second = served.batch(&programme, 1).await;
    let moved = served.approve(&waiting[1].name, &second.name, &superior).await.unwrap();
    assert_eq!((moved.state(), moved.batch.as_str()), (EnrolmentState::Enrolled, second.name.as_str()));
    let first_now = served.approve(&waiting[2].name, &batch.name, &superior).await.unwrap();
    assert_eq!((first_now.state(), first_now.waitlist_position), (EnrolmentState::Waitlisted, 1));
    assert_eq!(served.get_batch(&batch.name).await.waitlisted, 18);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_completes_is_credited_and_the_units_exposure_grows_with_each() {
    let served = Served::start().await;
    let programme = served.programme("U7").await;
    let batch = served.batch(&programme, 5).await;
    served.road.seated(served.kelurahan).await;
    served.road.seated(served.kelurahan).await;
    let need = served.road.need(served.kelurahan, "U7").await;
    let nominated = served.nominated(&need, 2).await;
    for enrolment in &nominated {
        served.approve(&enrolment.name, &batch.name, &served.superior()).await.unwrap();
    }
    let too_many = served.complete(&nominated[0].name, 9).await.unwrap_err();
    assert_eq!(told(&too_many), refusal(Code::InvalidArgument, "HOURS_INVALID", &["hours_jp"]));
    let first = served.complete(&nominated[0].name, 0).await.unwrap();
    assert_eq!((first.state(), first.hours_jp), (EnrolmentState::Completed, 8));
    let second = served.complete(&nominated[1].name, 3).await.unwrap();
    assert_eq!((second.state(), second.hours_jp), (EnrolmentState::Completed, 3));
    let again = served.complete(&nominated[1].name, 3).await.unwrap_err();
    assert_eq!(told(&again), refusal(Code::FailedPrecondition, "ILLEGAL_TRANSITION", &[]));

    let completed = served.road.told::<EnrolmentCompleted>(2).await;
    let credited: HashMap<&str, i32> =
        completed.iter().map(|event| (event.enrolment.as_str(), event.hours_jp)).collect();
    assert_eq!(credited, HashMap::from([(first.name.as_str(), 8), (second.name.as_str(), 3)]));
    assert!(completed.iter().all(|event| event.need == need && event.batch == batch.name));
    let exposures = served.road.told::<InterventionRecorded>(2).await;
    assert_eq!(exposures[0].intervention, exposures[1].intervention);
    let sums: Vec<(i64, i64)> = exposures.iter().map(|event| (event.dose_jp, event.participants)).collect();
    assert_eq!(sums, [(8, 1), (11, 2)]);
    let last = &exposures[1];
    assert_eq!(
        (last.from_date.as_str(), last.to_date.as_str()),
        (batch.start_date.as_str(), batch.end_date.as_str())
    );
    assert_eq!((last.by_lot, last.lottery.as_str()), (false, ""));
    assert_eq!(last.unit, format!("units/{}", served.kelurahan));

    let answered = served.answer(&need, v1::NeedAnswer::Trained, &served.superior()).await.unwrap();
    assert_eq!(answered.state(), NeedState::Answered);
    assert_eq!(served.road.told::<NeedAnswered>(1).await[0].completed_enrolments, 2);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_sent_again_is_answered_again_and_other_content_is_refused() {
    let served = Served::start().await;
    let programme = served.programme("U7").await;
    let batch = served.batch(&programme, 1).await;
    let person = served.seated(served.kelurahan).await;
    let (mut client, superior) = (served.enrolments(), served.superior());

    let request = v1::NominateEnrolmentRequest {
        request_id: id(),
        person: format!("people/{person}"),
        programme: programme.name.clone(),
        need: String::new(),
    };
    let by = served.token(Uuid::from_u128(5), &[served.kelurahan]);
    let first = client.nominate_enrolment(authorized(request.clone(), &by)).await.unwrap().into_inner();
    let again = client.nominate_enrolment(authorized(request.clone(), &by)).await.unwrap().into_inner();
    assert_eq!(first, again);
    let other = v1::NominateEnrolmentRequest { person: format!("people/{}", Uuid::nil()), ..request };
    let refused = client.nominate_enrolment(authorized(other, &by)).await.unwrap_err();
    assert_eq!(told(&refused), refusal(Code::AlreadyExists, "REQUEST_ID_REUSED", &["request_id"]));

    let enrolment = first.enrolment.unwrap();
    let request = v1::ApproveEnrolmentRequest {
        request_id: id(),
        name: enrolment.name.clone(),
        etag: enrolment.etag.clone(),
        batch: batch.name.clone(),
    };
    let first = client.approve_enrolment(authorized(request.clone(), &superior)).await.unwrap().into_inner();
    let again = client.approve_enrolment(authorized(request, &superior)).await.unwrap().into_inner();
    assert_eq!(first, again);
    assert_eq!(served.get_batch(&batch.name).await.enrolled, 1);

    let request =
        v1::CompleteEnrolmentRequest { request_id: id(), name: enrolment.name.clone(), ..Default::default() };
    let stale = v1::CompleteEnrolmentRequest { etag: "1".to_owned(), request_id: id(), ..request.clone() };
    let refused = client.complete_enrolment(authorized(stale, &superior)).await.unwrap_err();
    assert_eq!(told(&refused), refusal(Code::Aborted, "ETAG_MISMATCH", &[]));
    let first = client.complete_enrolment(authorized(request.clone(), &superior)).await.unwrap().into_inner();
    let again = client.complete_enrolment(authorized(request, &superior)).await.unwrap().into_inner();
    assert_eq!(first, again);
    let exposure = served.road.told::<InterventionRecorded>(1).await.remove(0);
    assert_eq!((exposure.dose_jp, exposure.participants), (8, 1));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_second_person_above_the_unit_decides() {
    let served = Served::start().await;
    let programme = served.programme("U7").await;
    let batch = served.batch(&programme, 5).await;
    let person = served.seated(served.kelurahan).await;
    let nominator = Uuid::from_u128(5);
    let by = served.token(nominator, &[served.kelurahan]);
    let enrolment = served.nominate((person, ""), &programme, &by).await.unwrap();
    assert_eq!(enrolment.nominated_by, format!("people/{nominator}"));
    assert_eq!(enrolment.unit, format!("units/{}", served.kelurahan));

    let involved = refusal(Code::FailedPrecondition, "APPROVER_INVOLVED", &[]);
    for somebody in [nominator, person] {
        let token = served.token(somebody, &[served.province]);
        let refused = served.approve(&enrolment.name, &batch.name, &token).await.unwrap_err();
        assert_eq!(told(&refused), involved);
        assert_eq!(told(&served.decline(&enrolment.name, &token).await.unwrap_err()), involved);
    }
    let no_person = served.token(Uuid::nil(), &[served.province]);
    let elsewhere = served.token(Uuid::from_u128(6), &[served.other]);
    for (token, reason) in [(no_person, "PERSON_REQUIRED"), (elsewhere, "UNIT_UNKNOWN")] {
        let refused = served.approve(&enrolment.name, &batch.name, &token).await.unwrap_err();
        assert_eq!(told(&refused), refusal(Code::PermissionDenied, reason, &[]));
        let refused = served.decline(&enrolment.name, &token).await.unwrap_err();
        assert_eq!(told(&refused), refusal(Code::PermissionDenied, reason, &[]));
        let refused = served.nominate((person, ""), &programme, &token).await.unwrap_err();
        assert_eq!(told(&refused), refusal(Code::PermissionDenied, reason, &[]));
    }
    let declined = served.decline(&enrolment.name, &served.superior()).await.unwrap();
    assert_eq!(
        (declined.state(), declined.decline_reason.as_str()),
        (EnrolmentState::Declined, "Sedang cuti")
    );
    // Who was declined may be proposed anew.
    assert!(served.nominate((person, ""), &programme, &by).await.is_ok());
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nomination_that_does_not_go_together_is_refused_with_the_field() {
    let served = Served::start().await;
    let (programme, unfit) = (served.programme("U7").await, served.programme("U3").await);
    let unknown = v1::Programme { name: format!("programmes/{}", Uuid::now_v7()), ..Default::default() };
    let person = served.seated(served.kelurahan).await;
    let elsewhere = served.seated(served.other).await;
    let unseated = Uuid::now_v7();
    served.road.person(unseated).await;
    // What staff told before somebody known is known.
    served.seated(served.other).await;
    let need = served.road.need(served.kelurahan, "U7").await;
    let current = served.nominated(&need, 1).await.remove(0);
    let closed = served.road.need(served.kelurahan, "U6").await;
    served.arrived(&closed).await;
    served.answer(&closed, v1::NeedAnswer::Declined, &served.superior()).await.unwrap();

    let no_need = format!("needs/{}", Uuid::now_v7());
    let bad = Code::InvalidArgument;
    let (none, failed) = ("", Code::FailedPrecondition);
    let cases = [
        ((Uuid::now_v7(), none), &programme, refusal(bad, "PERSON_UNKNOWN", &["person"])),
        ((unseated, none), &programme, refusal(failed, "PERSON_NOT_SEATED", &[])),
        ((person, none), &unknown, refusal(bad, "PROGRAMME_UNKNOWN", &["programme"])),
        ((person, no_need.as_str()), &programme, refusal(bad, "NEED_UNKNOWN", &["need"])),
        ((person, closed.as_str()), &programme, refusal(failed, "NEED_ANSWERED", &[])),
        ((elsewhere, need.as_str()), &programme, refusal(bad, "NEED_OF_OTHER_UNIT", &["need"])),
        ((person, need.as_str()), &unfit, refusal(bad, "ELEMENT_NOT_ADDRESSED", &["programme"])),
    ];
    for (proposal, programme, expected) in cases {
        let refused = served.nominate(proposal, programme, &served.superior()).await.unwrap_err();
        assert_eq!(told(&refused), expected);
    }
    let twice = served.nominate((person, need.as_str()), &programme, &served.superior()).await.unwrap_err();
    assert_eq!(told(&twice), refusal(Code::AlreadyExists, "ALREADY_NOMINATED", &[]));
    assert_eq!(fact(&twice, "enrolment"), current.name);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_batch_must_be_of_the_programme_not_over_and_begun_before_anybody_completes() {
    let served = Served::start().await;
    let (programme, another) = (served.programme("U7").await, served.programme("U3").await);
    let past = (today() - 9.days(), today());
    let over = served.batch_of_days(&programme, 5, past).await.unwrap();
    let of_another = served.batch(&another, 5).await;
    let future = (today() + 1.day(), today() + 3.days());
    let coming = served.batch_of_days(&programme, 5, future).await.unwrap();
    let person = served.seated(served.kelurahan).await;
    let by = served.token(Uuid::from_u128(5), &[served.kelurahan]);
    let enrolment = served.nominate((person, ""), &programme, &by).await.unwrap();

    let nowhere = format!("{}/batches/{}", programme.name, Uuid::now_v7());
    let swapped = of_another.name.replace(&another.name, &programme.name);
    for batch in [&of_another.name, &nowhere, &swapped] {
        let refused = served.approve(&enrolment.name, batch, &served.superior()).await.unwrap_err();
        assert_eq!(told(&refused), refusal(Code::InvalidArgument, "BATCH_UNKNOWN", &["batch"]));
    }
    let refused = served.approve(&enrolment.name, &over.name, &served.superior()).await.unwrap_err();
    assert_eq!(told(&refused), refusal(Code::FailedPrecondition, "BATCH_ENDED", &[]));
    let early = served.complete(&enrolment.name, 0).await.unwrap_err();
    assert_eq!(told(&early), refusal(Code::FailedPrecondition, "ILLEGAL_TRANSITION", &[]));
    assert_eq!(fact(&early, "allowed"), "APPROVE, DECLINE");
    served.approve(&enrolment.name, &coming.name, &served.superior()).await.unwrap();
    let early = served.complete(&enrolment.name, 0).await.unwrap_err();
    assert_eq!(told(&early), refusal(Code::FailedPrecondition, "BATCH_NOT_STARTED", &[]));
    served.world.shift(24 * 3_600).await;
    assert!(served.complete(&enrolment.name, 0).await.is_ok(), "from its first day on");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_need_the_unit_is_that_of_the_seat_held_definitively() {
    let served = Served::start().await;
    let programme = served.programme("U7").await;
    let person = Uuid::now_v7();
    let kinds = [(AssignmentKind::Plt, served.other, 9), (AssignmentKind::Definitive, served.kelurahan, 1)];
    for (kind, unit, days) in kinds {
        let held = (kind, (today() - days.days(), None));
        served.road.assignment((Uuid::now_v7(), 1), (person, Uuid::now_v7(), unit), held).await;
    }
    served.road.person(person).await;
    served.seated(served.other).await;
    let enrolment = served.nominate((person, ""), &programme, &served.superior()).await.unwrap();
    assert_eq!(enrolment.unit, format!("units/{}", served.kelurahan));
    // For a need of the unit acted in, it is that one.
    let another = served.programme("U3").await;
    let need = served.road.need(served.other, "U3").await;
    let of_need = served.nominated(&need, 2).await;
    let own = of_need.iter().find(|enrolment| enrolment.person == format!("people/{person}")).unwrap();
    assert_eq!((own.unit.clone(), &own.programme), (format!("units/{}", served.other), &another.name));
    served.finish().await;
}
