//! How facts travel: appended beside the change they tell of, carried to the stream by a relay, applied once by each
//! consumer. Payloads are bytes here; what they mean is the services' business.

mod consumer;
mod outbox;
mod relay;
mod road;

pub(crate) use consumer::{Consumer, Subscription};
pub use consumer::{Handler, HandlerError, Received};
pub use outbox::{Event, append};
pub(crate) use relay::Relay;
pub use road::stream_name;
pub(crate) use road::{Road, StreamSettings};

/// How many shards a stream's subjects have; an aggregate stays in one.
pub const SHARDS: u32 = 16;

/// The shard of an aggregate: the same for all its events.
#[must_use]
pub fn shard(aggregate: uuid::Uuid) -> u32 {
    crc32fast::hash(aggregate.as_bytes()) & (SHARDS - 1)
}
