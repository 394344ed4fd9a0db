//! What of this service's stream and durables is not as it would make them.

use proto::ops::v1::StreamDifference;

use super::{Operations, failure::Failure};
use crate::events::Difference;

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
