//! What operators do with dead letters, and what is kept of it.

use std::time::Duration;

use dev::client::authorized;
use proto::ops::v1::{
    DeadLetterReason, DeadLetterState, DropDeadLetterRequest, ListAuditRequest, OperatorAct,
    RetryDeadLetterRequest,
};
use tonic::Code;
use tonic_types::StatusExt;
use uuid::Uuid;

use super::{
    Place, Served, letter_name, reason,
    script::Ending::{Applied, Fails, Refuses},
};

fn to_retry(event: Uuid) -> RetryDeadLetterRequest {
    RetryDeadLetterRequest {
        request_id: Uuid::now_v7().to_string(),
        name: letter_name(event),
        reason: "the cause is gone".to_owned(),
    }
}

fn to_drop(event: Uuid) -> DropDeadLetterRequest {
    DropDeadLetterRequest {
        request_id: Uuid::now_v7().to_string(),
        name: letter_name(event),
        reason: "nobody needs it".to_owned(),
    }
}

/// A service with a parked event.
async fn parked() -> (Served, Uuid) {
    let place = Place::new().await;
    let event = Uuid::now_v7();
    place.script.play(event, &[Refuses]);
    place.publish(event).await;
    let served = place.serve().await;
    served.place.letter_in(event, "PARKED").await;
    (served, event)
}

/// A service with an event that waits for the clock, which will not come to it during the test.
async fn waiting() -> (Served, Uuid) {
    let mut place = Place::new().await;
    place.retry_unit = Duration::from_secs(3_600);
    let event = Uuid::now_v7();
    place.script.play(event, &[Fails]);
    place.tried(event, 4).await;
    place.publish(event).await;
    let served = place.serve().await;
    served.place.letter_in(event, "WAITING").await;
    (served, event)
}

async fn acts(served: &Served, page_size: i32) -> Vec<OperatorAct> {
    let request = ListAuditRequest { page_size, page_token: String::new() };
    let request = authorized(request, &served.token(&["ops.read"]));
    served.client.clone().list_audit(request).await.unwrap().into_inner().acts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_event_is_applied_once_when_it_is_tried_again_after_its_cause_is_gone() {
    let (served, event) = parked().await;
    served.place.script.play(event, &[Applied]);
    let request = to_retry(event);
    let retried = served.retry(&request).await.unwrap();
    assert_eq!((retried.state(), retried.attempts), (DeadLetterState::Resolved, 2));
    assert_eq!(retried.retry_time, None);
    // The same request is answered again, not done again; another finds nothing to try.
    assert_eq!(served.retry(&request).await.unwrap(), retried);
    let refused = served.retry(&to_retry(event)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "ILLEGAL_TRANSITION"));
    let precondition = refused.get_details_precondition_failure().unwrap();
    assert_eq!(precondition.violations[0].subject, letter_name(event));
    let info = refused.get_details_error_info().unwrap();
    assert_eq!((info.domain.as_str(), info.metadata["state"].as_str()), ("prima.training", "RESOLVED"));
    assert_eq!(served.place.effects(event).await, 1);

    let acts = acts(&served, 0).await;
    assert_eq!(acts.len(), 1);
    assert_eq!((acts[0].act.as_str(), acts[0].subject.as_str()), ("RetryDeadLetter", &*letter_name(event)));
    assert_eq!((acts[0].actor.as_str(), acts[0].reason.as_str()), ("operator", "the cause is gone"));
    assert!(acts[0].act_time.is_some() && acts[0].name.starts_with("operatorActs/"));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_fails_again_stays_parked_with_the_new_error() {
    let (served, event) = parked().await;
    served.place.script.play(event, &[Fails]);
    let retried = served.retry(&to_retry(event)).await.unwrap();
    assert_eq!((retried.state(), retried.attempts), (DeadLetterState::Parked, 2));
    assert_eq!(retried.reason(), DeadLetterReason::Transient);
    assert!(retried.error.contains("division by zero"), "{}", retried.error);
    assert_eq!(served.place.effects(event).await, 0);
    assert_eq!(acts(&served, 0).await.len(), 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_tries_at_once_one_applies_the_event_and_the_other_is_refused() {
    let (served, event) = parked().await;
    served.place.script.play(event, &[Applied]);
    let (one, other) = (to_retry(event), to_retry(event));
    let (one, other) = tokio::join!(served.retry(&one), served.retry(&other));
    let refused = match (one, other) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        both => panic!("not one of them: {both:?}"),
    };
    assert_eq!(reason(&refused), "ILLEGAL_TRANSITION");
    assert_eq!(served.place.effects(event).await, 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_waits_is_applied_at_once_when_an_operator_tries_it() {
    let (served, event) = waiting().await;
    assert!(served.get(&letter_name(event)).await.retry_time.is_some());
    served.place.script.play(event, &[Applied]);
    let retried = served.retry(&to_retry(event)).await.unwrap();
    assert_eq!((retried.state(), retried.attempts), (DeadLetterState::Resolved, 6));
    assert_eq!(served.place.effects(event).await, 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_given_up_is_never_applied() {
    let (served, event) = waiting().await;
    let request = to_drop(event);
    let dropped = served.give_up(&request).await.unwrap();
    assert_eq!((dropped.state(), dropped.retry_time), (DeadLetterState::Dropped, None));
    assert_eq!(served.give_up(&request).await.unwrap(), dropped);
    for refused in [
        served.give_up(&to_drop(event)).await.unwrap_err(),
        served.retry(&to_retry(event)).await.unwrap_err(),
    ] {
        assert_eq!(reason(&refused), "ILLEGAL_TRANSITION");
    }
    // Not even if it is published once more.
    let later = Uuid::now_v7();
    served.place.script.play(event, &[Applied]);
    served.place.publish(event).await;
    served.place.publish(later).await;
    served.place.applied(later).await;
    served.place.quiet().await;
    assert_eq!(served.place.effects(event).await, 0);
    let acts = acts(&served, 1).await;
    assert_eq!((acts[0].act.as_str(), acts[0].reason.as_str()), ("DropDeadLetter", "nobody needs it"));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_can_decide_nothing_and_a_bad_request_leaves_no_act() {
    let (served, event) = parked().await;
    let request = authorized(to_retry(event), &served.token(&["ops.read"]));
    let refused = served.client.clone().retry_dead_letter(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "SCOPE_MISSING"));
    let refused = served.retry(&to_retry(Uuid::now_v7())).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "NOT_FOUND"));
    let without_reason = RetryDeadLetterRequest { reason: String::new(), ..to_retry(event) };
    let refused = served.retry(&without_reason).await.unwrap_err();
    assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, "reason");
    let first = to_drop(event);
    served.give_up(&first).await.unwrap();
    let other = DropDeadLetterRequest { reason: "another".to_owned(), ..first };
    assert_eq!(reason(&served.give_up(&other).await.unwrap_err()), "REQUEST_ID_REUSED");
    assert_eq!(acts(&served, 0).await.len(), 1);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_itself_cannot_change_or_delete_an_act() {
    let (served, event) = parked().await;
    served.give_up(&to_drop(event)).await.unwrap();
    for statement in ["UPDATE operator_act SET actor = 'nobody'", "DELETE FROM operator_act"] {
        let refused = sqlx::query(statement).execute(&mut served.place.connection().await).await.unwrap_err();
        let code = refused.as_database_error().unwrap().code().unwrap().into_owned();
        assert_eq!(code, "42501", "{statement}");
    }
    served.finish().await;
}
