//! What others hear of surveys and studies, and what is heard of others.

pub(crate) mod consume;
pub(crate) mod publish;
