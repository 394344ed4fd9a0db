//! The comparison of what this service knows of a producer's resources with what the producer knows.

use proto::ops::v1::{CompareProjectionsRequest, CompareProjectionsResponse};

use super::{Operations, failure::Failure};
use crate::identity::Caller;

impl Operations {
    /// Not there yet.
    #[expect(clippy::unused_async, reason = "it will ask the producer")]
    pub(super) async fn compare(
        &self,
        _caller: &Caller,
        _request: CompareProjectionsRequest,
    ) -> Result<CompareProjectionsResponse, Failure> {
        Err(Failure::Unimplemented("CompareProjections"))
    }
}
