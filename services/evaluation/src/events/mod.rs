//! What is heard of others.

pub(crate) mod consume;
