//! The contract of Prima's services, generated from the `.proto` files beside this crate: messages, service traits,
//! clients, validation, and the descriptor set that servers read scopes from. It holds no logic.

#[expect(missing_docs, unreachable_pub, clippy::all, clippy::allow_attributes, reason = "generated")]
mod packages {
    include!(concat!(env!("OUT_DIR"), "/packages.rs"));
    include!(concat!(env!("OUT_DIR"), "/validate_impl.rs"));
}

pub use packages::prima::*;

/// The encoded `FileDescriptorSet` of all packages and what they import, custom options included.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));
