//! All SQL of the service. Functions take the connection first and decide nothing.

pub(crate) mod calendar;
pub(crate) mod category;
pub(crate) mod complaint;
pub(crate) mod duplicates;
pub(crate) mod erasure;
pub(crate) mod evidence;
pub(crate) mod fingerprint;
pub(crate) mod inbox;
pub(crate) mod ledger;
pub(crate) mod object;
pub(crate) mod place;
pub(crate) mod policy;
pub(crate) mod reporter;
pub(crate) mod reveal;
pub(crate) mod routing;
pub(crate) mod statistics;
pub(crate) mod supporter;
pub(crate) mod timeline;
pub(crate) mod unit;
pub(crate) mod update;
