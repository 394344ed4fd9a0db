//! The RPCs: proto in, domain types on, an answer or a status out. Nothing is decided here.

mod figures;
mod status;

pub(crate) use figures::Figures;
