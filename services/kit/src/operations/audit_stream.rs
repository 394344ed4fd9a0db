//! The search for events that the stream should hold and doesn't.

use proto::ops::v1::{AuditStreamRequest, AuditStreamResponse};

use super::{Operations, acts, alone, failure::Failure};
use crate::{events::Found, identity::Caller};

/// The RPC, as its acts are kept by it.
const AUDIT: &str = "AuditStream";

impl Operations {
    /// Searches now. That it was asked for is kept first: the search itself changes what it finds by pieces.
    pub(super) async fn audit(
        &self,
        caller: &Caller,
        request: AuditStreamRequest,
    ) -> Result<AuditStreamResponse, Failure> {
        match self.road.look_at_stream().await {
            Found::Present(_) => {}
            Found::Absent => return Err(Failure::StreamAbsent(self.road.own_stream_name())),
            Found::Unknown => return Err(Failure::RoadDown),
        }
        acts::record(&mut *self.database.acquire().await?, caller, (AUDIT, ""), &request.reason).await?;
        let audited = alone(|| self.audit.audit(request.whole)).await.map_err(|error| {
            tracing::warn!(error = format!("{error:#}"), "the stream can't be audited");
            Failure::RoadDown
        })?;
        let audited = audited.ok_or(Failure::Busy)?;
        Ok(AuditStreamResponse {
            messages: audited.messages,
            events: audited.events,
            missing: audited.missing,
        })
    }
}
