//! Names of nothing, requests that break a rule, and lists that page and filter.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found() {
    let served = Served::start().await;
    let system = served.system();
    let nothing = |collection: &str| format!("{collection}/{}", Uuid::now_v7());
    let batch = format!("{}/batches/{}", nothing("programmes"), Uuid::now_v7());
    let programme = served.programme("U7").await;
    let made = served.batch(&programme, 1).await;
    let misplaced = made.name.replace(&programme.name, &nothing("programmes"));
    let (mut programmes, mut batches) = (
        ProgrammeServiceClient::new(served.channel.clone()),
        BatchServiceClient::new(served.channel.clone()),
    );
    let mut lotteries = LotteryServiceClient::new(served.channel.clone());
    let mut refused = vec![served.need(&nothing("needs")).await.unwrap_err()];
    let request = v1::GetProgrammeRequest { name: nothing("programmes") };
    refused.push(programmes.get_programme(authorized(request, &system)).await.unwrap_err());
    for name in [batch, misplaced] {
        let request = v1::GetBatchRequest { name };
        refused.push(batches.get_batch(authorized(request, &system)).await.unwrap_err());
    }
    let request = v1::ListBatchesRequest { parent: nothing("programmes"), ..Default::default() };
    refused.push(batches.list_batches(authorized(request, &system)).await.unwrap_err());
    let request = v1::GetEnrolmentRequest { name: nothing("enrolments") };
    refused.push(served.enrolments().get_enrolment(authorized(request, &system)).await.unwrap_err());
    let request = v1::GetLotteryRequest { name: nothing("lotteries") };
    refused.push(lotteries.get_lottery(authorized(request, &system)).await.unwrap_err());
    refused.push(served.complete(&nothing("enrolments"), 0).await.unwrap_err());
    refused.push(served.draw_nothing().await);
    let elsewhere = v1::Programme { name: nothing("programmes"), ..Default::default() };
    refused.push(served.batch_of_days(&elsewhere, 1, (today(), today() + 1.day())).await.unwrap_err());
    for status in refused {
        assert_eq!(told(&status), refusal(Code::NotFound, "NOT_FOUND", &[]));
    }
    served.finish().await;
}

impl Served {
    async fn draw_nothing(&self) -> Status {
        let name = format!("lotteries/{}", Uuid::now_v7());
        let request = v1::DrawLotteryRequest { request_id: id(), name, ..Default::default() };
        let mut client = LotteryServiceClient::new(self.channel.clone());
        client.draw_lottery(authorized(request, &self.system())).await.unwrap_err()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_breaks_a_rule_is_refused_with_the_field() {
    let served = Served::start().await;
    let (system, bad) = (served.system(), Code::InvalidArgument);
    let mut programmes = ProgrammeServiceClient::new(served.channel.clone());
    let request = v1::CreateProgrammeRequest { request_id: id(), ..Default::default() };
    let refused = programmes.create_programme(authorized(request, &system)).await.unwrap_err();
    let expected = refusal(bad, "INVALID_FIELD", &["title", "elements", "hours_jp", "form"]);
    assert_eq!(told(&refused), expected);

    let programme = served.programme("U7").await;
    let mut batches = BatchServiceClient::new(served.channel.clone());
    let request = v1::CreateBatchRequest {
        request_id: id(),
        parent: programme.name.clone(),
        start_date: "2027-02-29".to_owned(),
        end_date: "2027-03-02".to_owned(),
        capacity: 3,
    };
    for (start, end, field) in [
        ("2027-02-29", "2027-03-02", "start_date"),
        ("2027-02-27", "2027-02-30", "end_date"),
        ("2027-02-27", "2027-02-27", "end_date"),
    ] {
        let (start_date, end_date) = (start.to_owned(), end.to_owned());
        let request = v1::CreateBatchRequest { start_date, end_date, ..request.clone() };
        let refused = batches.create_batch(authorized(request, &system)).await.unwrap_err();
        assert_eq!(told(&refused), refusal(bad, "DATES_INVALID", &[field]));
    }
    let token = "Zm9v".to_owned();
    let request = v1::ListEnrolmentsRequest { page_token: token, ..Default::default() };
    let refused = served.enrolments().list_enrolments(authorized(request, &system)).await.unwrap_err();
    assert_eq!(told(&refused), refusal(bad, "PAGE_TOKEN_INVALID", &["page_token"]));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_page_through_all_and_filter() {
    let served = Served::start().await;
    let system = served.system();
    let mut made = Vec::new();
    for element in ["U1", "U7", "U1", "U1", "U7"] {
        made.push(served.programme(element).await);
    }
    let mut programmes = ProgrammeServiceClient::new(served.channel.clone());
    let mut request = v1::ListProgrammesRequest { page_size: 2, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page =
            programmes.list_programmes(authorized(request.clone(), &system)).await.unwrap().into_inner();
        seen.extend(page.programmes);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    seen.reverse();
    assert_eq!(seen, made);
    let request = v1::ListProgrammesRequest { element: "U7".to_owned(), ..Default::default() };
    let found = programmes.list_programmes(authorized(request, &system)).await.unwrap().into_inner();
    assert_eq!(found.programmes.len(), 2);

    let mut batches = Vec::new();
    for day in [5, 1, 3] {
        let days = (today() + day.days(), today() + 9.days());
        batches.push(served.batch_of_days(&made[0], 4, days).await.unwrap());
    }
    let request = v1::ListBatchesRequest { parent: made[0].name.clone(), page_size: 2, ..Default::default() };
    let mut client = BatchServiceClient::new(served.channel.clone());
    let first = client.list_batches(authorized(request.clone(), &system)).await.unwrap().into_inner();
    let request = v1::ListBatchesRequest { page_token: first.next_page_token, ..request };
    let rest = client.list_batches(authorized(request, &system)).await.unwrap().into_inner();
    assert_eq!([first.batches, rest.batches].concat(), [1, 2, 0].map(|index: usize| batches[index].clone()));

    let needs = [
        served.road.need(served.kelurahan, "U8").await,
        served.road.need(served.other, "U8").await,
        served.road.need(served.other, "U9").await,
    ];
    for need in &needs {
        served.arrived(need).await;
    }
    let unit = |unit: Uuid| format!("units/{unit}");
    for (unit, element, count) in [
        (String::new(), "", 3),
        (unit(served.province), "", 3),
        (unit(served.other), "", 2),
        (unit(served.other), "U9", 1),
        (unit(Uuid::now_v7()), "", 0),
    ] {
        let request = v1::ListNeedsRequest { unit, element: element.to_owned(), ..Default::default() };
        let mut client = NeedServiceClient::new(served.channel.clone());
        let found = client.list_needs(authorized(request, &system)).await.unwrap().into_inner().needs;
        assert_eq!(found.len(), count);
    }
    served.finish().await;
}
