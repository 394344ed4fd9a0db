//! What of this service's stream and durables is not as it would make them; and, where an operator asks for it, made so.

use proto::ops::v1::{AppliedDifference, StreamDifference};

use super::{Operations, acts, failure::Failure};
use crate::{
    events::{Applied, Difference},
    identity::Caller,
};

/// The RPC, as its acts are kept by it.
const APPLY: &str = "ApplyStreams";

impl Operations {
    pub(super) async fn diff(&self) -> Result<Vec<StreamDifference>, Failure> {
        let own = self.road.own_stream_name();
        let found = self.road.compare_stream().await.ok_or(Failure::RoadDown)?;
        let mut all: Vec<StreamDifference> =
            found.into_iter().map(|difference| told((&own, ""), difference)).collect();
        for subscription in &*self.subscriptions {
            let stream = &subscription.stream;
            let found = self.road.compare_durable(stream).await.ok_or(Failure::RoadDown)?;
            let durable = (stream.as_str(), self.road.durable_name());
            all.extend(found.into_iter().map(|difference| told(durable, difference)));
        }
        Ok(all)
    }

    /// Changes setting by setting what differs, so that one that can't be changed holds up no other. That it was asked for
    /// is kept first.
    pub(super) async fn apply(
        &self,
        caller: &Caller,
        reason: &str,
    ) -> Result<Vec<AppliedDifference>, Failure> {
        if !self.road.is_connected() {
            return Err(Failure::RoadDown);
        }
        acts::record(&mut *self.database.acquire().await?, caller, (APPLY, ""), reason).await?;
        let own = self.road.own_stream_name();
        let applied = self.road.apply_stream().await.ok_or(Failure::RoadDown)?;
        let mut all: Vec<AppliedDifference> =
            applied.into_iter().map(|applied| outcome((&own, ""), applied)).collect();
        for subscription in &*self.subscriptions {
            let stream = &subscription.stream;
            let applied = self.road.apply_durable(stream).await.ok_or(Failure::RoadDown)?;
            let durable = (stream.as_str(), self.road.durable_name());
            all.extend(applied.into_iter().map(|applied| outcome(durable, applied)));
        }
        let refused = all.iter().filter(|applied| !applied.is_applied).count();
        tracing::info!(changed = all.len() - refused, refused, "an operator had shipped settings applied");
        Ok(all)
    }
}

fn outcome(place: (&str, &str), Applied { difference, refusal }: Applied) -> AppliedDifference {
    AppliedDifference {
        difference: Some(told(place, difference)),
        is_applied: refusal.is_none(),
        refusal: refusal.unwrap_or_default(),
    }
}

fn told((stream, consumer): (&str, &str), difference: Difference) -> StreamDifference {
    StreamDifference {
        stream: stream.to_owned(),
        consumer: consumer.to_owned(),
        setting: difference.setting.to_owned(),
        actual: difference.actual,
        shipped: difference.shipped,
    }
}
