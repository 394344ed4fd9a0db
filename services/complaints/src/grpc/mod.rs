//! The RPCs: proto in, domain types on, an answer or a status out. Nothing is decided here.

mod asks;
mod batch;
mod catalog;
mod commands;
pub(crate) mod convert;
mod duplicates;
mod evidence;
mod inbox;
mod listing;
mod replay;
mod reporter;
mod routing;
mod service;
mod statistics;
mod status;
mod tracking;
mod updates;
mod watch;
pub(crate) mod words;

pub(crate) use catalog::Catalog;
pub(crate) use evidence::EvidenceRpcs;
pub(crate) use replay::Replays;
pub(crate) use reporter::Reporters;
pub(crate) use routing::RoutingRpcs;
pub(crate) use service::Complaints;
pub(crate) use statistics::StatisticsRpcs;
pub(crate) use tracking::Tracking;
