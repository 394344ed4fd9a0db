//! The comparison of what this service knows of a producer's resources with what the producer knows.

use std::sync::Arc;

use proto::ops::v1::{CompareProjectionsRequest, CompareProjectionsResponse};
use tokio::sync::Notify;

use super::{Operations, acts, alone, failure::Failure};
use crate::{backbone::comparer, identity::Caller};

/// The RPC, as its acts are kept by it.
const COMPARE: &str = "CompareProjections";

impl Operations {
    /// Compares now. That it was asked for is kept first: each aggregate is taken over by itself.
    pub(super) async fn compare(
        &self,
        caller: &Caller,
        request: CompareProjectionsRequest,
    ) -> Result<CompareProjectionsResponse, Failure> {
        let CompareProjectionsRequest { producer, reason } = request;
        let subscription = self.subscriptions.iter().find(|subscription| subscription.producer == producer);
        let Some(subscription) = subscription else { return Err(Failure::NotTaken(producer)) };
        acts::record(&mut *self.database.acquire().await?, caller, (COMPARE, &producer), &reason).await?;
        let comparer = comparer(&self.shell, subscription, Arc::new(Notify::new()));
        let compared = alone(|| comparer.once()).await.map_err(|error| {
            tracing::warn!(producer, error = format!("{error:#}"), "projections can't be compared");
            Failure::ProducerDown(producer)
        })?;
        let compared = compared.ok_or(Failure::Busy)?;
        Ok(CompareProjectionsResponse {
            aggregates: compared.aggregates,
            missing: compared.missing,
            behind: compared.behind,
            ahead: compared.ahead,
            repaired: compared.repaired,
        })
    }
}
