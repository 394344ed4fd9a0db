//! Finds text with a NUL in a message of any type.

use std::sync::OnceLock;

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage, Value};

/// Made when it is first needed, which is seldom: hardly any request has a byte 0 at all.
static POOL: OnceLock<Option<DescriptorPool>> = OnceLock::new();

/// The path of the first field with text that holds a NUL.
pub(super) fn field<M: Message + Name>(message: &M) -> Option<String> {
    let bytes = message.encode_to_vec();
    if !bytes.contains(&0) {
        return None;
    }
    let pool = POOL.get_or_init(|| DescriptorPool::decode(proto::DESCRIPTOR_SET).ok()).as_ref()?;
    let descriptor = pool.get_message_by_name(&M::full_name())?;
    in_message(&DynamicMessage::decode(descriptor, bytes.as_slice()).ok()?)
}

fn in_message(message: &DynamicMessage) -> Option<String> {
    let fields: Vec<_> = message.descriptor().fields().collect();
    fields.into_iter().filter(|field| message.has_field(field)).find_map(|field| {
        let below = in_value(&message.get_field(&field))?;
        Some(format!("{}{below}", field.name()))
    })
}

/// The rest of the path, from a value on.
fn in_value(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Message(message) => in_message(message).map(|path| format!(".{path}")),
        Value::List(items) => {
            items.iter().enumerate().find_map(|(at, item)| Some(format!("[{at}]{}", in_value(item)?)))
        }
        // No request of the contract has a map.
        _ => None,
    }
}
