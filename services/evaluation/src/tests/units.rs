//! What a caller may see and do is bounded by its units, whatever its scopes.

use std::fmt::Debug;

use tonic::{Code, Response};

use super::*;

/// Two units: the caller of one of them is at work.
async fn one_of_two() -> (Served, String, String) {
    let served = Served::start(2).await;
    let (mine, others) = (served.token_of(&[served.units[0]]), served.token_of(&[served.units[1]]));
    (served, mine, others)
}

fn refused<T: Debug>(answer: Result<Response<T>, Status>) {
    let refused = answer.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "UNIT_UNKNOWN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_is_run_by_who_holds_its_units() {
    let (served, mine, _) = one_of_two().await;
    let survey = served.survey().await;
    let both = served.to_open(&survey, "2026-Q1");
    refused(served.surveys().open_round(authorized(both.clone(), &mine)).await);
    let round = served.open(&survey, "2026-Q1").await;

    let tokens = |at| v1::IssueTokensRequest {
        request_id: id(),
        name: round.clone(),
        unit: served.unit(at),
        count: 1,
    };
    refused(served.surveys().issue_tokens(authorized(tokens(1), &mine)).await);
    assert_eq!(
        served.surveys().issue_tokens(authorized(tokens(0), &mine)).await.unwrap().into_inner().count,
        1
    );
    let close = v1::CloseRoundRequest { request_id: id(), name: round.clone(), etag: String::new() };
    refused(served.surveys().close_round(authorized(close.clone(), &mine)).await);
    served.close(&round).await;

    // Nothing that was refused has left a trace: the same request id is free.
    let of_mine =
        v1::OpenRoundRequest { period: "2026-Q2".to_owned(), units: both.units[..1].to_vec(), ..both };
    served.surveys().open_round(authorized(of_mine, &mine)).await.unwrap();
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_shown_to_who_holds_its_unit() {
    let (served, mine, _) = one_of_two().await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-Q1").await;
    served.answer(&round, 0, &[[4; 9]; 12]).await;
    served.answer(&round, 1, &[[1; 9]; 12]).await;
    served.close(&round).await;

    let of = |at| v1::GetIndexRequest { round: round.clone(), unit: served.unit(at) };
    refused(served.indices().get_index(authorized(of(1), &mine)).await);
    let shown = served.indices().get_index(authorized(of(0), &mine)).await.unwrap().into_inner();
    assert_eq!(shown.index.unwrap().ikm, "100.00");

    let list = v1::ListIndicesRequest { round: round.clone(), ..Default::default() };
    let listed = served.indices().list_indices(authorized(list.clone(), &mine)).await.unwrap().into_inner();
    assert_eq!(listed.indices.len(), 1);
    assert_eq!(listed.aggregate.unwrap().unweighted_ikm, "100.00", "the other unit isn't in it");
    assert_eq!(served.list(list).await.aggregate.unwrap().unweighted_ikm, "62.50");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_is_shown_to_who_holds_its_unit() {
    let (served, mine, others) = one_of_two().await;
    let survey = served.survey().await;
    for period in ["2026-Q1", "2026-Q2"] {
        let round = served.open(&survey, period).await;
        served.answer(&round, 0, &[[2; 9]; 30]).await;
        served.close(&round).await;
    }
    let signals = SignalServiceClient::new(served.channel.clone());
    let list = |token: &str| authorized(v1::ListSignalsRequest::default(), token);
    let listed = signals.clone().list_signals(list(&mine)).await.unwrap().into_inner().signals;
    assert_eq!(listed.len(), 1);
    assert!(signals.clone().list_signals(list(&others)).await.unwrap().into_inner().signals.is_empty());
    let get = v1::GetSignalRequest { name: listed[0].name.clone() };
    signals.clone().get_signal(authorized(get.clone(), &mine)).await.unwrap();
    refused(signals.clone().get_signal(authorized(get, &others)).await);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_is_run_by_who_holds_all_its_units_and_shown_to_who_holds_one() {
    let served = Served::start(3).await;
    let (mine, others) = (served.token_of(&[served.units[0]]), served.token_of(&[served.units[2]]));
    let request = v1::RegisterStudyRequest {
        request_id: id(),
        title: "Apakah membantu?".to_owned(),
        outcome: v1::StudyOutcome::Ikm.into(),
        treated_units: vec![served.unit(0)],
        comparison_units: vec![served.unit(1)],
        pre_periods: vec!["2025-Q4".to_owned()],
        post_periods: vec!["2026-Q1".to_owned()],
        ..Default::default()
    };
    let studies = StudyServiceClient::new(served.channel.clone());
    refused(studies.clone().register_study(authorized(request.clone(), &mine)).await);
    let registered = studies.clone().register_study(served.with_token(request)).await.unwrap().into_inner();
    let name = registered.study.unwrap().name;

    let run = v1::RunStudyRequest { request_id: id(), name: name.clone(), etag: String::new() };
    refused(studies.clone().run_study(authorized(run, &mine)).await);
    let get = v1::GetStudyRequest { name };
    studies.clone().get_study(authorized(get.clone(), &mine)).await.unwrap();
    refused(studies.clone().get_study(authorized(get, &others)).await);
    for (token, shown) in [(&mine, 1), (&others, 0)] {
        let list = authorized(v1::ListStudiesRequest::default(), token);
        let listed = studies.clone().list_studies(list).await.unwrap().into_inner().studies;
        assert_eq!(listed.len(), shown);
    }
    served.finish().await;
}
