//! Lots: published, drawn, drawn again by anybody, and told with the exposure.

use aws_lc_rs::digest::{SHA256, digest};
use proto::training::events::v1::InterventionRecorded;

use super::*;

impl Served {
    async fn publish(
        &self,
        programme: &v1::Programme,
        units: &[Uuid],
        first_wave: i32,
    ) -> Result<v1::Lottery, Status> {
        let request = v1::PublishLotteryRequest {
            request_id: id(),
            programme: programme.name.clone(),
            seed: "2027-06-01-4711".to_owned(),
            units: units.iter().map(|unit| format!("units/{unit}")).collect(),
            first_wave,
        };
        let mut client = LotteryServiceClient::new(self.channel.clone());
        Ok(client.publish_lottery(authorized(request, &self.system())).await?.into_inner().lottery.unwrap())
    }

    async fn draw(&self, name: &str) -> Result<v1::Lottery, Status> {
        let request =
            v1::DrawLotteryRequest { request_id: id(), name: name.to_owned(), ..Default::default() };
        let mut client = LotteryServiceClient::new(self.channel.clone());
        Ok(client.draw_lottery(authorized(request, &self.system())).await?.into_inner().lottery.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lottery_is_drawn_once_in_the_order_that_anybody_can_draw_again() {
    let served = Served::start().await;
    let programme = served.programme("U7").await;
    let mut units = Vec::new();
    for _ in 0..20 {
        units.push(Uuid::now_v7());
        served.road.unit(units[units.len() - 1], Some(served.province)).await;
    }
    served.seated(served.kelurahan).await;
    units.reverse();

    let published = served.publish(&programme, &units, 7).await.unwrap();
    assert_eq!((published.state(), published.drawn_units.len()), (v1::LotteryState::Published, 0));
    assert!(published.units.is_sorted());
    let drawn = served.draw(&published.name).await.unwrap();
    let mut expected = published.units.clone();
    expected
        .sort_by_key(|unit| digest(&SHA256, format!("2027-06-01-4711:{unit}").as_bytes()).as_ref().to_vec());
    assert_eq!((drawn.state(), &drawn.drawn_units), (v1::LotteryState::Drawn, &expected));
    let again = served.draw(&published.name).await.unwrap_err();
    assert_eq!(told(&again), refusal(Code::FailedPrecondition, "ILLEGAL_TRANSITION", &[]));
    let request = v1::GetLotteryRequest { name: published.name };
    let mut client = LotteryServiceClient::new(served.channel.clone());
    let read = client.get_lottery(authorized(request, &served.system())).await.unwrap().into_inner();
    assert_eq!(read.lottery.unwrap(), drawn);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lottery_of_unknown_units_of_all_units_or_of_units_of_another_is_refused() {
    let served = Served::start().await;
    let programme = served.programme("U7").await;
    served.seated(served.kelurahan).await;
    let both = [served.kelurahan, served.other];
    let bad = Code::InvalidArgument;

    let unknown = v1::Programme { name: format!("programmes/{}", Uuid::now_v7()), ..Default::default() };
    let refused = served.publish(&unknown, &both, 1).await.unwrap_err();
    assert_eq!(told(&refused), refusal(bad, "PROGRAMME_UNKNOWN", &["programme"]));
    let refused = served.publish(&programme, &[served.other, Uuid::now_v7()], 1).await.unwrap_err();
    assert_eq!(told(&refused), refusal(bad, "UNIT_NOT_FOUND", &["units[1]"]));
    let refused = served.publish(&programme, &both, 2).await.unwrap_err();
    assert_eq!(told(&refused), refusal(bad, "FIRST_WAVE_INVALID", &["first_wave"]));

    let published = served.publish(&programme, &both, 1).await.unwrap();
    let refused = served.publish(&programme, &[served.province, served.other], 1).await.unwrap_err();
    assert_eq!(told(&refused), refusal(Code::AlreadyExists, "LOTTERY_EXISTS", &[]));
    assert_eq!(fact(&refused, "lottery"), published.name);
    let another = served.programme("U7").await;
    assert!(served.publish(&another, &both, 1).await.is_ok(), "another programme has lots of its own");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exposure_is_by_lot_where_the_unit_was_drawn_to_go_first() {
    let served = Served::start().await;
    let programme = served.programme("U7").await;
    let batch = served.batch(&programme, 5).await;
    let in_unit = [
        (served.kelurahan, served.seated(served.kelurahan).await),
        (served.other, served.seated(served.other).await),
    ];
    let lottery = served.publish(&programme, &[served.kelurahan, served.other], 1).await.unwrap();
    let drawn = served.draw(&lottery.name).await.unwrap();
    for (_, person) in in_unit {
        let by = served.token(Uuid::from_u128(5), &[served.province]);
        let enrolment = served.nominate((person, ""), &programme, &by).await.unwrap();
        served.approve(&enrolment.name, &batch.name, &served.superior()).await.unwrap();
        served.complete(&enrolment.name, 0).await.unwrap();
    }
    for event in served.road.told::<InterventionRecorded>(2).await {
        let first = event.unit == drawn.drawn_units[0];
        let expected = if first { lottery.name.as_str() } else { "" };
        assert_eq!((event.by_lot, event.lottery.as_str()), (first, expected));
    }
    served.finish().await;
}
