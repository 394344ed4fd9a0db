//! What operators do with a service's events, the same on every service: look, try again, give up, each act kept with who
//! did it and why. What an event means is not known here.

mod acts;
mod audit_stream;
mod compare_projections;
mod convert;
mod dead_letters;
mod decide;
mod failure;
mod lag;
mod partitions;
mod redact_event;
mod replay_events;
mod streams;

use std::{future::Future, sync::Arc, time::Duration};

use proto::ops::v1::{
    self, operations_service_server::OperationsService, operations_service_server::OperationsServiceServer,
};
use tonic::{Request, Response, Status, async_trait, server::NamedService};

use crate::{
    database::Database,
    events::{Audit, Road, Subscription},
    identity::Caller,
    page,
    request::RequestKey,
    run::to_the_end,
    server::Shell,
    status, validate,
};
use failure::Failure;

/// How often, and how many times, it is seen whether another process is through with what only one may be at.
const TURN: Duration = Duration::from_millis(250);
const TURNS: u32 = 20;
/// The service's full name in the contract.
pub(crate) const NAME: &str = OperationsServiceServer::<Operations>::NAME;

/// The operators' side of one service.
#[derive(Clone)]
pub(crate) struct Operations {
    shell: Shell,
    domain: Arc<str>,
    database: Database,
    road: Road,
    subscriptions: Arc<[Subscription]>,
    audit: Audit,
}

impl Operations {
    pub(crate) fn new(shell: &Shell, road: &Road, subscriptions: &[Subscription]) -> Self {
        Self {
            audit: Audit { pool: shell.relay_pool.clone(), road: road.clone() },
            shell: shell.clone(),
            domain: format!("prima.{}", shell.service).into(),
            database: shell.database.clone(),
            road: road.clone(),
            subscriptions: subscriptions.into(),
        }
    }

    /// It, to be served.
    pub(crate) fn server(self) -> OperationsServiceServer<Self> {
        OperationsServiceServer::new(self)
    }

    fn validate(&self, request: &impl validate::Checked) -> Result<(), Status> {
        validate::request(request, &self.domain)
    }

    /// Validates a command, and makes the key that its answer is kept by.
    fn key<M: validate::Checked>(
        &self,
        caller: &Caller,
        rpc: &'static str,
        request_id: &str,
        request: &M,
    ) -> Result<RequestKey, Status> {
        self.validate(request)?;
        RequestKey::try_new(caller, rpc, request_id, request)
            .map_err(|_| status::invalid_field("request_id", "must be a UUID").status(&self.domain))
    }

    fn refused(&self) -> impl Fn(Failure) -> Status {
        |failure| failure::answer(&failure).status(&self.domain)
    }
}

/// Does what only one process may be at, once the others are through; none where they are not in a few seconds.
async fn alone<T, Doing>(work: impl Fn() -> Doing) -> anyhow::Result<Option<T>>
where
    Doing: Future<Output = anyhow::Result<Option<T>>>,
{
    for _ in 0..TURNS {
        if let Some(done) = work().await? {
            return Ok(Some(done));
        }
        tokio::time::sleep(TURN).await;
    }
    Ok(None)
}

#[async_trait]
impl OperationsService for Operations {
    async fn list_dead_letters(
        &self,
        request: Request<v1::ListDeadLettersRequest>,
    ) -> Result<Response<v1::ListDeadLettersResponse>, Status> {
        let request = request.into_inner();
        self.validate(&request)?;
        let state = convert::to_state(request.state());
        let filter = dead_letters::Filter { state, stream: request.stream };
        let size = page::size(request.page_size);
        let (letters, next_page_token) =
            self.list(&filter, (size, &request.page_token)).await.map_err(self.refused())?;
        let dead_letters = letters.iter().map(convert::listed).collect();
        Ok(Response::new(v1::ListDeadLettersResponse { dead_letters, next_page_token }))
    }

    async fn get_dead_letter(
        &self,
        request: Request<v1::GetDeadLetterRequest>,
    ) -> Result<Response<v1::GetDeadLetterResponse>, Status> {
        let request = request.into_inner();
        self.validate(&request)?;
        let letter = self.get(&request.name).await.map_err(self.refused())?;
        Ok(Response::new(v1::GetDeadLetterResponse { dead_letter: Some(convert::whole(&letter)) }))
    }

    async fn retry_dead_letter(
        &self,
        request: Request<v1::RetryDeadLetterRequest>,
    ) -> Result<Response<v1::RetryDeadLetterResponse>, Status> {
        let (caller, _) = crate::identity::caller(&request)?;
        let request = request.into_inner();
        let key = self.key(&caller, decide::RETRY, &request.request_id, &request)?;
        let operations = self.clone();
        let retried =
            to_the_end(async move { operations.retry((&caller, key), request.name, &request.reason).await });
        let letter = retried.await.map_err(self.refused())?;
        Ok(Response::new(v1::RetryDeadLetterResponse { dead_letter: Some(convert::whole(&letter)) }))
    }

    async fn drop_dead_letter(
        &self,
        request: Request<v1::DropDeadLetterRequest>,
    ) -> Result<Response<v1::DropDeadLetterResponse>, Status> {
        let (caller, deadline) = crate::identity::caller(&request)?;
        let request = request.into_inner();
        let key = self.key(&caller, decide::DROP, &request.request_id, &request)?;
        let operations = self.clone();
        let dropped = to_the_end(async move {
            operations.give_up((&caller, key, deadline), request.name, &request.reason).await
        });
        let letter = dropped.await.map_err(self.refused())?;
        Ok(Response::new(v1::DropDeadLetterResponse { dead_letter: Some(convert::whole(&letter)) }))
    }

    async fn get_lag(
        &self,
        _request: Request<v1::GetLagRequest>,
    ) -> Result<Response<v1::GetLagResponse>, Status> {
        self.lag().await.map(Response::new).map_err(self.refused())
    }

    async fn audit_stream(
        &self,
        request: Request<v1::AuditStreamRequest>,
    ) -> Result<Response<v1::AuditStreamResponse>, Status> {
        let (caller, _) = crate::identity::caller(&request)?;
        let request = request.into_inner();
        self.validate(&request)?;
        self.audit(&caller, request).await.map(Response::new).map_err(self.refused())
    }

    async fn compare_projections(
        &self,
        request: Request<v1::CompareProjectionsRequest>,
    ) -> Result<Response<v1::CompareProjectionsResponse>, Status> {
        let (caller, _) = crate::identity::caller(&request)?;
        let request = request.into_inner();
        self.validate(&request)?;
        self.compare(&caller, request).await.map(Response::new).map_err(self.refused())
    }

    async fn diff_streams(
        &self,
        _request: Request<v1::DiffStreamsRequest>,
    ) -> Result<Response<v1::DiffStreamsResponse>, Status> {
        let differences = self.diff().await.map_err(self.refused())?;
        Ok(Response::new(v1::DiffStreamsResponse { differences }))
    }

    async fn apply_streams(
        &self,
        request: Request<v1::ApplyStreamsRequest>,
    ) -> Result<Response<v1::ApplyStreamsResponse>, Status> {
        let (caller, _) = crate::identity::caller(&request)?;
        let request = request.into_inner();
        self.validate(&request)?;
        let operations = self.clone();
        let applied = to_the_end(async move { operations.apply(&caller, &request.reason).await });
        let applied = applied.await.map_err(self.refused())?;
        Ok(Response::new(v1::ApplyStreamsResponse { applied }))
    }

    async fn replay_events(
        &self,
        request: Request<v1::ReplayEventsRequest>,
    ) -> Result<Response<v1::ReplayEventsResponse>, Status> {
        let (caller, deadline) = crate::identity::caller(&request)?;
        let request = request.into_inner();
        let key = self.key(&caller, replay_events::REPLAY, &request.request_id, &request)?;
        let operations = self.clone();
        let replayed = to_the_end(async move { operations.replay((&caller, key, deadline), request).await });
        replayed.await.map(Response::new).map_err(self.refused())
    }

    async fn redact_event(
        &self,
        request: Request<v1::RedactEventRequest>,
    ) -> Result<Response<v1::RedactEventResponse>, Status> {
        let (caller, _) = crate::identity::caller(&request)?;
        let request = request.into_inner();
        self.validate(&request)?;
        let operations = self.clone();
        let redacted = to_the_end(async move { operations.redact(&caller, request).await });
        redacted.await.map(Response::new).map_err(self.refused())
    }

    async fn list_partitions(
        &self,
        _request: Request<v1::ListPartitionsRequest>,
    ) -> Result<Response<v1::ListPartitionsResponse>, Status> {
        let partitions = self.partitions().await.map_err(self.refused())?;
        Ok(Response::new(v1::ListPartitionsResponse { partitions }))
    }

    async fn detach_partitions(
        &self,
        request: Request<v1::DetachPartitionsRequest>,
    ) -> Result<Response<v1::DetachPartitionsResponse>, Status> {
        let (caller, deadline) = crate::identity::caller(&request)?;
        let request = request.into_inner();
        self.validate(&request)?;
        let operations = self.clone();
        let detached = to_the_end(async move { operations.detach((&caller, deadline), request).await });
        detached.await.map(Response::new).map_err(self.refused())
    }

    async fn list_audit(
        &self,
        request: Request<v1::ListAuditRequest>,
    ) -> Result<Response<v1::ListAuditResponse>, Status> {
        let request = request.into_inner();
        self.validate(&request)?;
        let size = page::size(request.page_size);
        let (acts, next_page_token) = self.acts((size, &request.page_token)).await.map_err(self.refused())?;
        Ok(Response::new(v1::ListAuditResponse {
            acts: acts.iter().map(convert::act).collect(),
            next_page_token,
        }))
    }
}
