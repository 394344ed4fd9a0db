//! From answers to published indices.

use proto::evaluation::events::v1::IndexPublished;
use tonic::Code;

use super::*;

/// Scores of each respondent that make spread: `high` of 4, the rest of 3.
fn sheets(respondents: usize, high: usize) -> Vec<[i32; 9]> {
    (0..respondents).map(|at| [if at < high { 4 } else { 3 }; 9]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_all_4_give_100_and_an_a_and_of_all_1_give_25_and_a_d() {
    let served = Served::start(2).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-01").await;
    served.answer(&round, 0, &[[4; 9]; 12]).await;
    served.answer(&round, 1, &[[1; 9]; 10]).await;
    let open = served.index(&round, 0).await.unwrap_err();
    assert_eq!((open.code(), reason(&open).as_str()), (Code::FailedPrecondition, "ROUND_OPEN"));

    assert_eq!(served.close(&round).await.state(), v1::RoundState::Closed);
    let best = served.index(&round, 0).await.unwrap();
    assert_eq!((best.ikm.as_str(), best.grade()), ("100.00", v1::Grade::A));
    assert_eq!((best.numerator.as_str(), best.denominator.as_str()), ("100", "1"));
    assert_eq!((best.ci_low.as_str(), best.ci_high.as_str()), ("100.00", "100.00"));
    assert_eq!((best.respondents, best.target_index.as_str()), (12, "76.61"));
    let proof = &best.proof[6];
    assert_eq!((proof.element.as_str(), proof.answers, proof.score_sum), ("U7", 12, 48));
    assert_eq!((proof.mean.as_str(), proof.mean_ci_low.as_str()), ("4.0000", "4.0000"));
    let worst = served.index(&round, 1).await.unwrap();
    assert_eq!((worst.ikm.as_str(), worst.grade(), worst.respondents), ("25.00", v1::Grade::D, 10));

    let mut told = served.told::<IndexPublished>().await;
    told.sort_by_key(|told| told.index.as_ref().unwrap().respondents);
    let told: Vec<v1::Index> = told.into_iter().map(|told| told.index.unwrap()).collect();
    assert_eq!(told, [worst, best]);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fewer_than_ten_nothing_is_shown_and_an_element_that_nobody_scored_gives_no_index() {
    let served = Served::start(3).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-Q1").await;
    served.answer(&round, 0, &[[3; 9]; 9]).await;
    for token in served.tokens(&round, 1, 11).await {
        served.submit(&token, &[("U1", 3), ("U1", 4), ("U2", 2)]).await.unwrap();
    }
    served.close(&round).await;

    let few = served.index(&round, 0).await.unwrap();
    let shown = v1::Index {
        name: format!("{round}/indices/{}", served.units[0]),
        round: round.clone(),
        unit: served.unit(0),
        period: "2026-Q1".to_owned(),
        norm: "norms/skm-2017".to_owned(),
        target_index: "76.61".to_owned(),
        suppressed: true,
        no_index_reason: v1::NoIndexReason::TooFewRespondents.into(),
        publish_time: few.publish_time,
        ..Default::default()
    };
    assert_eq!(few, shown, "not even how many");
    assert_eq!(
        served.index(&round, 2).await.unwrap().no_index_reason(),
        v1::NoIndexReason::TooFewRespondents
    );
    let blank = served.index(&round, 1).await.unwrap();
    assert_eq!(blank.no_index_reason(), v1::NoIndexReason::ElementUnanswered);
    assert_eq!((blank.ikm.as_str(), blank.respondents, blank.suppressed), ("", 11, false));
    assert_eq!((blank.proof[0].answers, blank.proof[0].score_sum), (22, 77));
    assert_eq!((blank.proof[0].mean.as_str(), blank.proof[2].mean.as_str()), ("3.5000", ""));

    let listed = served.list(v1::ListIndicesRequest { round, ..Default::default() }).await;
    assert_eq!((listed.indices.len(), listed.aggregate), (3, None), "none has a value");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_indices_are_given_as_one_both_ways_and_rounded_once() {
    let served = Served::start(3).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026").await;
    // 25 · (3 + 1/12), 25 · (3 + 30/30) and a suppressed one.
    served.answer(&round, 0, &sheets(12, 1)).await;
    served.answer(&round, 1, &sheets(30, 30)).await;
    served.answer(&round, 2, &sheets(3, 0)).await;
    served.close(&round).await;
    let one = served.index(&round, 0).await.unwrap();
    assert_eq!((one.ikm.as_str(), one.numerator.as_str(), one.denominator.as_str()), ("77.08", "925", "12"));
    // se = 25 · sqrt(12/11 · 11/12 / 144) = 2.0833…, t(0.975, 11) = 2.200985.
    assert_eq!((one.ci_low.as_str(), one.ci_high.as_str()), ("72.50", "81.67"));
    assert_eq!((one.grade(), one.grade_low(), one.grade_high()), (v1::Grade::B, v1::Grade::C, v1::Grade::B));

    let by_round = v1::ListIndicesRequest { round: round.clone(), page_size: 1, ..Default::default() };
    let page = served.list(by_round.clone()).await;
    // (925/12 + 100) / 2 = 88.541…; (12 · 925/12 + 30 · 100) / 42 = 93.452….
    let whole = v1::Aggregate {
        unweighted_ikm: "88.54".to_owned(),
        respondent_weighted_ikm: "93.45".to_owned(),
        unweighted_grade: v1::Grade::A.into(),
        respondent_weighted_grade: v1::Grade::A.into(),
        indices: 2,
        respondents: 42,
    };
    assert_eq!((page.indices.len(), page.aggregate.as_ref()), (1, Some(&whole)), "of all, not of the page");
    let mut names: Vec<String> = page.indices.into_iter().map(|index| index.name).collect();
    let mut page_token = page.next_page_token;
    while !page_token.is_empty() {
        let page = served.list(v1::ListIndicesRequest { page_token, ..by_round.clone() }).await;
        names.extend(page.indices.into_iter().map(|index| index.name));
        page_token = page.next_page_token;
    }
    let mut expected: Vec<String> =
        served.units.iter().map(|unit| format!("{round}/indices/{unit}")).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
    let of_unit = v1::ListIndicesRequest { unit: served.unit(0), ..Default::default() };
    let found = served.list(of_unit).await;
    assert_eq!((found.indices.len(), found.aggregate), (1, None), "neither round nor period was given");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_population_narrows_the_interval_and_one_too_small_changes_nothing() {
    let served = Served::start(3).await;
    let survey = served.survey().await;
    let mut request = served.to_open(&survey, "2026-01");
    (request.units[1].population, request.units[2].population) = (24, 5);
    let opened = served.surveys().open_round(served.with_token(request)).await.unwrap();
    let round = opened.into_inner().round.unwrap().name;
    for unit in 0..3 {
        served.answer(&round, unit, &sheets(12, 1)).await;
    }
    served.close(&round).await;
    let mut bounds = Vec::new();
    for unit in 0..3 {
        bounds.push(served.index(&round, unit).await.unwrap().ci_low);
    }
    // Half of the population answered, so the variance is halved: 77.0833 − 4.5854/√2.
    assert_eq!(bounds, ["72.50", "73.84", "72.50"]);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_is_closed_once_and_the_same_request_id_publishes_nothing_again() {
    let served = Served::start(1).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-01").await;
    served.answer(&round, 0, &[[4; 9]; 10]).await;
    let etag =
        |etag: &str| v1::CloseRoundRequest { request_id: id(), name: round.clone(), etag: etag.to_owned() };
    let stale = served.surveys().close_round(served.with_token(etag("9"))).await.unwrap_err();
    assert_eq!((stale.code(), reason(&stale).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    let request = etag("1");
    let first = served.surveys().close_round(served.with_token(request.clone())).await.unwrap().into_inner();
    let again = served.surveys().close_round(served.with_token(request)).await.unwrap().into_inner();
    assert_eq!(first, again);
    let refused = served.surveys().close_round(served.with_token(etag(""))).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "ILLEGAL_TRANSITION"));
    assert_eq!(served.told::<IndexPublished>().await.len(), 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_come_while_a_round_closes_are_counted_or_refused_never_lost() {
    let served = Served::start(1).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-01").await;
    served.answer(&round, 0, &[[4; 9]; 10]).await;
    let tokens = served.tokens(&round, 0, 60).await;
    let (served_ref, round_ref) = (&served, &round);
    let sending = stream::iter(tokens).map(|token| async move {
        let scores: Vec<(&str, i32)> = ELEMENTS.into_iter().map(|element| (element, 4)).collect();
        served_ref.submit(&token, &scores).await
    });
    let (sent, _) =
        tokio::join!(sending.buffer_unordered(AT_ONCE).collect::<Vec<_>>(), served_ref.close(round_ref));
    let taken = sent.iter().filter(|sent| sent.is_ok()).count();
    for refused in sent.iter().filter_map(|sent| sent.as_ref().err()) {
        assert_eq!(reason(refused), "ROUND_CLOSED");
    }
    let index = served.index(&round, 0).await.unwrap();
    assert_eq!(usize::try_from(index.respondents).unwrap(), 10 + taken);
    let mut connection = served.superuser().await;
    let kept = count(&mut connection, "SELECT count(*) FROM evaluation.answer").await;
    assert_eq!(kept, index.respondents);
    assert_eq!(count(&mut connection, "SELECT count(*) FROM evaluation.answer_intake").await, 0);
    served.finish().await;
}
