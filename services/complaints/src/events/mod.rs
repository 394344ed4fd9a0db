//! What others hear of reports, and what is heard of others.

pub(crate) mod consume;
pub(crate) mod publish;
pub(crate) mod recall;
