//! What others hear of training, and what is heard of others.

pub(crate) mod consume;
pub(crate) mod publish;
