//! What an operator asks for once all is well again.

use anyhow::{Context, Result, ensure};
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

async fn operations(stack: &Stack, service: &str) -> Result<OperationsServiceClient<Channel>> {
    let address = stack.service(service)?.url();
    Ok(OperationsServiceClient::new(channel(&address).await?))
}

/// Streams are whole, projections are as their owners have them, nothing waits; and what was asked for is kept.
pub(super) async fn look_as_an_operator(stack: &Stack) -> Result<()> {
    let identity = Identity { subject: "operator".to_owned(), scopes: all_scopes()?, ..Identity::default() };
    let token = stack.token(&identity)?;
    let reason = "After the faults".to_owned();

    let mut complaints = operations(stack, "complaints").await?;
    let audit = AuditStreamRequest { whole: true, reason: reason.clone() };
    let audited = complaints.audit_stream(authorized(audit, &token)).await?.into_inner();
    let is_whole = audited.events > 0 && audited.messages >= audited.events && audited.missing == 0;
    ensure!(is_whole, "the audit finds {audited:?}");
    let lag = complaints.get_lag(authorized(GetLagRequest {}, &token)).await?.into_inner();
    let outbox = lag.outbox.context("no outbox is told of")?;
    ensure!(outbox.pending == 0 && outbox.watermark.is_some(), "the outbox is {outbox:?}");

    let mut training = operations(stack, "training").await?;
    let compare =
        |producer: &str| CompareProjectionsRequest { producer: producer.to_owned(), reason: reason.clone() };
    let compared = training.compare_projections(authorized(compare("staff"), &token)).await?.into_inner();
    let off = compared.missing + compared.behind + compared.ahead + compared.repaired;
    ensure!(compared.aggregates > 0 && off == 0, "the comparison finds {compared:?}");
    let unknown = training.compare_projections(authorized(compare("complaints"), &token)).await;
    let code = unknown.err().map(|status| status.code());
    ensure!(code == Some(Code::InvalidArgument), "training takes nothing of complaints, and said {code:?}");
    let acts = training.list_audit(authorized(ListAuditRequest::default(), &token)).await?.into_inner().acts;
    let kept = acts.first().context("no act was kept")?;
    let kept = [&kept.act, &kept.actor, &kept.subject, &kept.reason].map(String::as_str);
    ensure!(
        kept == ["CompareProjections", "operator", "staff", reason.as_str()],
        "what was kept is {kept:?}"
    );
    Ok(())
}
