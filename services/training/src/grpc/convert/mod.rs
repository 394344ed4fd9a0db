//! Between the contract's messages and the domain's types, parsed once. A name that the contract's rules let pass and
//! that is no UUID is of nothing: it becomes the nil id.

pub(crate) mod batch;
pub(crate) mod enrolment;
pub(crate) mod lottery;
pub(crate) mod need;
pub(crate) mod programme;

use kit::clock::to_proto;
use uuid::Uuid;

fn name<T: ToString>(id: Option<T>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn time(at: jiff::Timestamp) -> Option<prost_types::Timestamp> {
    Some(to_proto(at))
}

/// An id that a filter names; none where it is empty.
fn filter<T>(name: &str, parse: impl Fn(&str) -> Option<T>, nil: impl Fn(Uuid) -> T) -> Option<T> {
    (!name.is_empty()).then(|| parse(name).unwrap_or_else(|| nil(Uuid::nil())))
}
