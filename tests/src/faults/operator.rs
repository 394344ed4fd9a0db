//! What an operator asks for once all is well again.

use dev::{
    client::{authorized, channel},
    stack::Stack,
    token::{Identity, all_scopes},
};
use proto::ops::v1::{
    AuditStreamRequest, CompareProjectionsRequest, GetLagRequest, ListAuditRequest,
    operations_service_client::OperationsServiceClient,
};
use tonic::{Code, transport::Channel};

async fn operations(stack: &Stack, service: &str) -> OperationsServiceClient<Channel> {
    let address = stack.service(service).unwrap().url();
    OperationsServiceClient::new(channel(&address).await.unwrap())
}

/// Streams are whole, projections are as their owners have them, nothing waits; and what was asked for is kept.
pub(super) async fn look_as_an_operator(stack: &Stack) {
    let identity =
        Identity { subject: "operator".to_owned(), scopes: all_scopes().unwrap(), ..Identity::default() };
    let token = stack.token(&identity).unwrap();
    let reason = "After the faults".to_owned();

    let mut complaints = operations(stack, "complaints").await;
    let audit = AuditStreamRequest { whole: true, reason: reason.clone() };
    let audited = complaints.audit_stream(authorized(audit, &token)).await.unwrap().into_inner();
    assert!(audited.events > 0 && audited.messages >= audited.events, "{audited:?}");
    assert_eq!(audited.missing, 0);
    let lag = complaints.get_lag(authorized(GetLagRequest {}, &token)).await.unwrap().into_inner();
    let outbox = lag.outbox.unwrap();
    assert_eq!(outbox.pending, 0);
    assert!(outbox.watermark.is_some());

    let mut training = operations(stack, "training").await;
    let compare =
        |producer: &str| CompareProjectionsRequest { producer: producer.to_owned(), reason: reason.clone() };
    let compared =
        training.compare_projections(authorized(compare("staff"), &token)).await.unwrap().into_inner();
    assert!(compared.aggregates > 0);
    assert_eq!((compared.missing, compared.behind, compared.ahead, compared.repaired), (0, 0, 0, 0));
    let unknown = training.compare_projections(authorized(compare("complaints"), &token)).await.unwrap_err();
    assert_eq!(unknown.code(), Code::InvalidArgument, "training takes nothing of complaints");
    let acts = training.list_audit(authorized(ListAuditRequest::default(), &token)).await.unwrap();
    let acts = acts.into_inner().acts;
    assert_eq!((acts[0].act.as_str(), acts[0].actor.as_str()), ("CompareProjections", "operator"));
    assert_eq!((acts[0].subject.as_str(), &acts[0].reason), ("staff", &reason));
}
