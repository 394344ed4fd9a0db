//! Which types of events the contract has that this binary was built with: one that it does not have is newer than the
//! binary, and must wait for one that knows it.

use std::{collections::HashSet, sync::LazyLock};

use prost_reflect::DescriptorPool;

static TYPES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).expect("the build has written it");
    pool.all_messages().map(|message| message.full_name().to_owned()).collect()
});

/// Whether the contract has a message of this name.
pub(super) fn is_known(event_type: &str) -> bool {
    TYPES.contains(event_type)
}

/// The names of all messages.
pub(super) fn types() -> Vec<String> {
    TYPES.iter().cloned().collect()
}
