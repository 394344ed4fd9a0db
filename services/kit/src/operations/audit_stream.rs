//! The search for events that the stream should hold and doesn't.

use proto::ops::v1::{AuditStreamRequest, AuditStreamResponse};

use super::{Operations, failure::Failure};
use crate::identity::Caller;

impl Operations {
    /// Not there yet.
    #[expect(clippy::unused_async, reason = "it will ask the stream")]
    pub(super) async fn audit(
        &self,
        _caller: &Caller,
        _request: AuditStreamRequest,
    ) -> Result<AuditStreamResponse, Failure> {
        Err(Failure::Unimplemented("AuditStream"))
    }
}
