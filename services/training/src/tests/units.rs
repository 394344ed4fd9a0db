//! What a caller may see and do is bounded by its units, whatever its scopes.

use std::fmt::Debug;

use tonic::Response;

use super::*;

fn refused<T: Debug>(answer: Result<Response<T>, Status>) {
    let refused = answer.unwrap_err();
    assert_eq!(told(&refused), refusal(Code::PermissionDenied, "UNIT_UNKNOWN", &[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn needs_and_enrolments_are_shown_to_who_holds_their_unit_and_to_whom_they_are_about() {
    let served = Served::start().await;
    let programme = served.programme("U7").await;
    let batch = served.batch(&programme, 1).await;
    let person = served.seated(served.kelurahan).await;
    let need = served.road.need(served.kelurahan, "U7").await;
    let enrolment = served.nominated(&need, 1).await.remove(0).name;
    let here = served.token(Uuid::from_u128(5), &[served.kelurahan]);
    let elsewhere = served.token(Uuid::from_u128(6), &[served.other]);
    let own = served.token(person, &[]);

    let needs = NeedServiceClient::new(served.channel.clone());
    let get_need = v1::GetNeedRequest { name: need };
    needs.clone().get_need(authorized(get_need.clone(), &here)).await.unwrap();
    refused(needs.clone().get_need(authorized(get_need, &elsewhere)).await);
    for (token, shown) in [(&here, 1), (&elsewhere, 0), (&own, 0)] {
        let list = authorized(v1::ListNeedsRequest::default(), token);
        assert_eq!(needs.clone().list_needs(list).await.unwrap().into_inner().needs.len(), shown);
    }

    let get = v1::GetEnrolmentRequest { name: enrolment.clone() };
    for token in [&here, &own] {
        served.enrolments().get_enrolment(authorized(get.clone(), token)).await.unwrap();
    }
    refused(served.enrolments().get_enrolment(authorized(get, &elsewhere)).await);
    for (token, shown) in [(&here, 1), (&elsewhere, 0), (&own, 1)] {
        let list = authorized(v1::ListEnrolmentsRequest::default(), token);
        let listed = served.enrolments().list_enrolments(list).await.unwrap().into_inner();
        assert_eq!(listed.enrolments.len(), shown);
    }

    served.approve(&enrolment, &batch.name, &here).await.unwrap();
    let complete = v1::CompleteEnrolmentRequest { request_id: id(), name: enrolment, ..Default::default() };
    refused(served.enrolments().complete_enrolment(authorized(complete.clone(), &elsewhere)).await);
    served.enrolments().complete_enrolment(authorized(complete, &here)).await.unwrap();
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lottery_is_run_by_who_holds_its_units_and_shown_to_all() {
    let served = Served::start().await;
    let programme = served.programme("U7").await;
    served.seated(served.kelurahan).await;
    let here = served.token(Uuid::from_u128(5), &[served.kelurahan]);
    let publish = v1::PublishLotteryRequest {
        request_id: id(),
        programme: programme.name,
        seed: "2027-06-01-4711".to_owned(),
        units: [served.kelurahan, served.other].iter().map(|unit| format!("units/{unit}")).collect(),
        first_wave: 1,
    };
    let lotteries = LotteryServiceClient::new(served.channel.clone());
    refused(lotteries.clone().publish_lottery(authorized(publish.clone(), &here)).await);
    let published = lotteries.clone().publish_lottery(authorized(publish, &served.system())).await.unwrap();
    let name = published.into_inner().lottery.unwrap().name;
    let draw = v1::DrawLotteryRequest { request_id: id(), name: name.clone(), ..Default::default() };
    refused(lotteries.clone().draw_lottery(authorized(draw, &here)).await);
    let get = v1::GetLotteryRequest { name };
    lotteries.clone().get_lottery(authorized(get, &here)).await.unwrap();
    served.finish().await;
}
