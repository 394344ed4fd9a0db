//! Messages as JSON, by the names that the contract gives.

use std::io::Write;

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

use crate::failure::Failure;

/// A message as JSON, its empty fields included.
pub(crate) fn value<M: Message + Name>(message: &M) -> Result<Value, Failure> {
    of_type(&M::full_name(), &message.encode_to_vec())
}

/// What the bytes of a message of this type hold.
pub(crate) fn of_type(full_name: &str, bytes: &[u8]) -> Result<Value, Failure> {
    let contract = |error: String| Failure::Contract(error);
    let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).map_err(|error| contract(error.to_string()))?;
    let descriptor = pool
        .get_message_by_name(full_name)
        .ok_or_else(|| contract(format!("there is no message {full_name}")))?;
    let message = DynamicMessage::decode(descriptor, bytes).map_err(|error| contract(error.to_string()))?;
    let options = SerializeOptions::new().skip_default_fields(false).stringify_64_bit_integers(false);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .map_err(|error| contract(error.to_string()))
}

/// Prints a message.
pub(crate) fn print<M: Message + Name>(out: &mut impl Write, message: &M) -> Result<(), Failure> {
    writeln!(out, "{:#}", value(message)?)?;
    Ok(())
}
