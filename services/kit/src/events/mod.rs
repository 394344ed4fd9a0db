//! How facts travel: appended beside the change they tell of, carried to the stream by a relay, applied once by each
//! consumer. Payloads are bytes here; what they mean is the services' business.

mod apply;
mod compare;
mod comparer;
mod consumer;
pub(crate) mod dead_letter;
mod failure;
mod inspect;
mod known;
mod outbox;
mod pending;
mod reading;
pub(crate) mod recall;
mod received;
mod relay;
mod retry;
mod road;
mod settings;
mod spans;
mod stream_audit;
mod stream_check;
mod subscription;
mod wire;

pub(crate) use apply::Applied;
pub use compare::Projection;
pub(crate) use compare::{Comparison, Peers};
pub(crate) use comparer::Comparer;
pub(crate) use consumer::Consumer;
pub(crate) use failure::Failure;
pub use failure::HandlerError;
pub(crate) use inspect::{Difference, Found};
pub use outbox::{Event, append};
pub use recall::Recall;
pub use received::{Received, newest_of_each};
pub(crate) use relay::Relay;
pub(crate) use retry::{RETRY_UNIT, Retry};
pub use road::stream_name;
pub(crate) use road::{Road, StreamSettings};
pub(crate) use stream_audit::Audit;
pub(crate) use stream_check::StreamCheck;
pub use subscription::Handler;
pub(crate) use subscription::Subscription;

/// How many shards a stream's subjects have; an aggregate stays in one.
pub const SHARDS: u32 = 16;

/// The shard of an aggregate: the same for all its events.
#[must_use]
pub fn shard(aggregate: uuid::Uuid) -> u32 {
    crc32fast::hash(aggregate.as_bytes()) & (SHARDS - 1)
}
