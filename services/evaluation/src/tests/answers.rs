//! One token, one answer.

use tonic::Code;

use super::*;

const SCORES: [(&str, i32); 2] = [("U1", 4), ("U2", 3)];

async fn taken(served: &Served) -> i64 {
    count(&mut served.superuser().await, "SELECT sums[1] FROM evaluation.round_unit").await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_used_fifty_times_at_once_counts_once() {
    let served = Served::start(1).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-01").await;
    let token = served.tokens(&round, 0, 1).await.remove(0);
    let same = stream::iter(0..50).map(|_| served.submit(&token, &SCORES));
    let outcomes: Vec<_> = same.buffer_unordered(50).collect().await;
    assert!(outcomes.iter().all(Result::is_ok), "the same answer again is answered the same: {outcomes:?}");
    assert_eq!(taken(&served).await, 1);
    let mut connection = served.superuser().await;
    assert_eq!(count(&mut connection, "SELECT count(*) FROM evaluation.answer_intake").await, 1);
    assert_eq!(count(&mut connection, "SELECT count(*) FROM evaluation.survey_token").await, 0);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_different_answers_with_one_token_one_is_taken() {
    let served = Served::start(1).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-01").await;
    let token = served.tokens(&round, 0, 1).await.remove(0);
    let token = &token;
    let served_ref = &served;
    let different = stream::iter(0..50).map(|at: i32| async move {
        let scores = [("U1", 1 + at % 4), ("U2", 1 + at / 4 % 4), ("U3", 1 + at / 16)];
        served_ref.submit(token, &scores).await
    });
    let outcomes: Vec<_> = different.buffer_unordered(50).collect().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for refused in outcomes.into_iter().filter_map(Result::err) {
        let found = (refused.code(), reason(&refused));
        assert_eq!(found, (Code::FailedPrecondition, "TOKEN_SPENT_OR_UNKNOWN".to_owned()));
    }
    assert_eq!(taken(&served).await, 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_may_be_sent_again_in_any_order_until_it_is_mixed() {
    let served = Served::start(1).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-01").await;
    let tokens = served.tokens(&round, 0, 10).await;
    let database = database(&served.world).await;
    for token in &tokens[..9] {
        served.submit(token, &SCORES).await.unwrap();
    }
    assert_eq!(crate::app::mix(&database).await.unwrap(), 0, "nine are too few to hide in");
    served.submit(&tokens[0], &[SCORES[1], SCORES[0]]).await.unwrap();
    let other = served.submit(&tokens[0], &[("U1", 4)]).await.unwrap_err();
    assert_eq!(reason(&other), "TOKEN_SPENT_OR_UNKNOWN");

    served.submit(&tokens[9], &SCORES).await.unwrap();
    assert_eq!(crate::app::mix(&database).await.unwrap(), 10);
    let again = served.submit(&tokens[0], &SCORES).await.unwrap_err();
    assert_eq!(reason(&again), "TOKEN_SPENT_OR_UNKNOWN");
    assert_eq!(taken(&served).await, 10);
    drop(database);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_round_takes_no_answer_and_gives_no_token() {
    let served = Served::start(1).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-01").await;
    let token = served.tokens(&round, 0, 1).await.remove(0);
    served.close(&round).await;
    let refused = served.submit(&token, &SCORES).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "ROUND_CLOSED"));
    let request = v1::IssueTokensRequest { request_id: id(), name: round, unit: served.unit(0), count: 1 };
    let refused = served.surveys().issue_tokens(served.with_token(request)).await.unwrap_err();
    assert_eq!(reason(&refused), "ROUND_CLOSED");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scores_that_are_refused_are_named_by_field_and_leave_the_token_unspent() {
    let served = Served::start(1).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-01").await;
    let token = served.tokens(&round, 0, 1).await.remove(0);
    let six = [("U1", 4); 6];
    for (scores, why, field) in [
        (&[("U1", 4), ("U2", 5)][..], "INVALID_FIELD", "scores[1].score"),
        (&[("U1", 0)], "INVALID_FIELD", "scores[0].score"),
        (&[("x", 4)], "INVALID_FIELD", "scores[0].element"),
        (&[("U1", 4), ("U10", 4)], "ELEMENT_UNKNOWN", "scores[1].element"),
        (&six, "ELEMENT_REPEATED", "scores[5].element"),
        (&[], "INVALID_FIELD", "scores"),
    ] {
        let refused = served.submit(&token, scores).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        assert_eq!((reason(&refused).as_str(), fields(&refused)), (why, vec![field.to_owned()]));
    }
    let refused = served.submit(&"0".repeat(32), &SCORES).await.unwrap_err();
    assert_eq!(reason(&refused), "TOKEN_SPENT_OR_UNKNOWN");
    assert_eq!(taken(&served).await, 0);
    served.submit(&token, &SCORES).await.unwrap();
    assert_eq!(taken(&served).await, 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_given_once_and_are_all_different() {
    let served = Served::start(1).await;
    let survey = served.survey().await;
    let round = served.open(&survey, "2026-01").await;
    let request =
        v1::IssueTokensRequest { request_id: id(), name: round, unit: served.unit(0), count: 1_000 };
    let mut surveys = served.surveys();
    let first = surveys.issue_tokens(served.with_token(request.clone())).await.unwrap().into_inner();
    let again = surveys.issue_tokens(served.with_token(request)).await.unwrap().into_inner();
    assert_eq!((first.count, again.count, again.tokens.len()), (1_000, 1_000, 0));
    let mut tokens = first.tokens;
    assert!(tokens.iter().all(|token| token.len() == 32));
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 1_000);
    let kept = count(&mut served.superuser().await, "SELECT count(*) FROM evaluation.survey_token").await;
    assert_eq!(kept, 1_000);
    served.finish().await;
}
