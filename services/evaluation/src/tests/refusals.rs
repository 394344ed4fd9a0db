//! Surveys and rounds: what is made once, what is refused, and lists.

use tonic::Code;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_norm_of_2017_is_there_with_weights_that_add_to_1() {
    let served = Served::start(0).await;
    let mut client = NormServiceClient::new(served.channel.clone());
    let listed = client.list_norms(served.with_token(v1::ListNormsRequest::default())).await.unwrap();
    let norms = listed.into_inner().norms;
    let request = v1::GetNormRequest { name: "norms/skm-2017".to_owned() };
    let norm = client.get_norm(served.with_token(request)).await.unwrap().into_inner().norm.unwrap();
    assert_eq!(norms.as_slice(), std::slice::from_ref(&norm));
    let codes: Vec<&str> = norm.elements.iter().map(|element| element.code.as_str()).collect();
    assert_eq!(codes, ELEMENTS);
    assert!(
        norm.elements.iter().all(|element| (element.weight_numerator, element.weight_denominator) == (1, 9))
    );
    let request = v1::GetNormRequest { name: "norms/skm-2004".to_owned() };
    let refused = client.get_norm(served.with_token(request)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "NOT_FOUND"));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_and_a_round_are_made_once_by_request_id() {
    let served = Served::start(2).await;
    let mut surveys = served.surveys();
    let request = v1::CreateSurveyRequest {
        request_id: id(),
        norm: "norms/skm-2017".to_owned(),
        title: "Kepuasan".to_owned(),
    };
    let first = surveys.create_survey(served.with_token(request.clone())).await.unwrap().into_inner();
    let again = surveys.create_survey(served.with_token(request.clone())).await.unwrap().into_inner();
    assert_eq!(first, again);
    let other = v1::CreateSurveyRequest { title: "Lain".to_owned(), ..request.clone() };
    let refused = surveys.create_survey(served.with_token(other)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    let unknown = v1::CreateSurveyRequest { request_id: id(), norm: "norms/none".to_owned(), ..request };
    let refused = surveys.create_survey(served.with_token(unknown)).await.unwrap_err();
    assert_eq!((reason(&refused).as_str(), fields(&refused)), ("NORM_UNKNOWN", vec!["norm".to_owned()]));

    let survey = first.survey.unwrap().name;
    let request = served.to_open(&survey, "2026-Q1");
    let opened = surveys.open_round(served.with_token(request.clone())).await.unwrap().into_inner();
    let again = surveys.open_round(served.with_token(request)).await.unwrap().into_inner();
    assert_eq!(opened, again);
    let round = opened.round.unwrap();
    assert_eq!((round.state(), round.target_index.as_str()), (v1::RoundState::Open, "76.61"));
    let refused =
        surveys.open_round(served.with_token(served.to_open(&survey, "2026-Q1"))).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "ROUND_EXISTS"));
    assert_eq!(refused.get_details_error_info().unwrap().metadata["round"], round.name);
    let request = v1::GetRoundRequest { name: round.name.clone() };
    let read = surveys.get_round(served.with_token(request)).await.unwrap().into_inner();
    assert_eq!(read.round, Some(round));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_can_not_be_is_refused_by_field() {
    let served = Served::start(2).await;
    let survey = served.survey().await;
    let with = |change: &dyn Fn(&mut v1::OpenRoundRequest)| {
        let mut request = served.to_open(&survey, "2026-01");
        change(&mut request);
        request
    };
    for (request, why, field) in [
        (
            with(&|request| request.units[1].unit = request.units[0].unit.clone()),
            "UNIT_REPEATED",
            "units[1].unit",
        ),
        (
            with(&|request| request.units[1].unit = format!("units/{}", Uuid::now_v7())),
            "UNIT_NOT_FOUND",
            "units[1].unit",
        ),
        (with(&|request| request.units[0].population = -1), "INVALID_FIELD", "units[0].population"),
        (with(&|request| request.units.clear()), "INVALID_FIELD", "units"),
        (with(&|request| request.period = "2026-13".to_owned()), "INVALID_FIELD", "period"),
        (with(&|request| request.period = "0000".to_owned()), "INVALID_FIELD", "period"),
        (with(&|request| request.target_index = "24.99".to_owned()), "INVALID_FIELD", "target_index"),
        (with(&|request| request.target_index = "100.01".to_owned()), "INVALID_FIELD", "target_index"),
    ] {
        let refused = served.surveys().open_round(served.with_token(request)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        assert_eq!((reason(&refused).as_str(), fields(&refused)), (why, vec![field.to_owned()]));
    }
    // An error travels in headers, of which clients take a few KiB.
    let unit = v1::RoundUnit { unit: "none".to_owned(), population: 0 };
    let many = with(&|request| request.units = vec![unit.clone(); 1_000]);
    let refused = served.surveys().open_round(served.with_token(many)).await.unwrap_err();
    assert_eq!((reason(&refused).as_str(), fields(&refused).len()), ("INVALID_FIELD", 10));
    assert!(refused.message().ends_with("(and 999 more)"), "{}", refused.message());
    let nowhere = format!("surveys/{}", Uuid::now_v7());
    let request = served.to_open(&nowhere, "2026-01");
    let refused = served.surveys().open_round(served.with_token(request)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "NOT_FOUND"));

    let mut request = served.to_open(&survey, "2026-01");
    request.units.truncate(1);
    let opened = served.surveys().open_round(served.with_token(request)).await.unwrap();
    let name = opened.into_inner().round.unwrap().name;
    let request =
        v1::IssueTokensRequest { request_id: id(), name: name.clone(), unit: served.unit(1), count: 1 };
    let refused = served.surveys().issue_tokens(served.with_token(request)).await.unwrap_err();
    assert_eq!((reason(&refused).as_str(), fields(&refused)), ("UNIT_NOT_IN_ROUND", vec!["unit".to_owned()]));
    let elsewhere = name.replace(&survey, &nowhere);
    let request =
        v1::IssueTokensRequest { request_id: id(), name: elsewhere, unit: served.unit(0), count: 1 };
    let refused = served.surveys().issue_tokens(served.with_token(request)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound, "a round of another survey is none");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rounds_are_listed_latest_period_first_page_by_page_and_by_state() {
    let served = Served::start(1).await;
    let survey = served.survey().await;
    for period in ["2026-02", "2025-12", "2026-01"] {
        let round = served.open(&survey, period).await;
        if period == "2025-12" {
            served.close(&round).await;
        }
    }
    let mut surveys = served.surveys();
    let mut request = v1::ListRoundsRequest { parent: survey.clone(), page_size: 2, ..Default::default() };
    let first = surveys.list_rounds(served.with_token(request.clone())).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let rest = surveys.list_rounds(served.with_token(request.clone())).await.unwrap().into_inner();
    let periods: Vec<&str> =
        first.rounds.iter().chain(&rest.rounds).map(|round| round.period.as_str()).collect();
    assert_eq!((periods, rest.next_page_token.as_str()), (vec!["2026-02", "2026-01", "2025-12"], ""));
    request.state = v1::RoundState::Open.into();
    let refused = surveys.list_rounds(served.with_token(request.clone())).await.unwrap_err();
    assert_eq!(reason(&refused), "PAGE_TOKEN_INVALID", "a token of another filter");
    request.page_token = String::new();
    let open = surveys.list_rounds(served.with_token(request)).await.unwrap().into_inner();
    assert_eq!(open.rounds.len(), 2);
    served.survey().await;
    let request =
        v1::ListSurveysRequest { norm: "norms/skm-2017".to_owned(), page_size: 1, ..Default::default() };
    let newest = surveys.list_surveys(served.with_token(request)).await.unwrap().into_inner();
    assert_ne!((newest.surveys[0].name.as_str(), newest.next_page_token.as_str()), (survey.as_str(), ""));
    served.finish().await;
}
