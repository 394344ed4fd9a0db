//! The RPCs: proto in, domain types on, an answer or a status out. Nothing is decided here.

pub(crate) mod convert;
mod figures;
mod indices;
mod norms;
mod replay;
mod responses;
mod signals;
mod status;
mod studies;
mod surveys;

pub(crate) use figures::Figures;
pub(crate) use indices::Indices;
pub(crate) use norms::Norms;
pub(crate) use replay::Replays;
pub(crate) use responses::Responses;
pub(crate) use signals::Signals;
pub(crate) use studies::Studies;
pub(crate) use surveys::Surveys;

use kit::{identity::Caller, request::RequestKey, status as answers, validate};
use tonic::Status;

use crate::app::{Callers, Failure, Order};
use status::{DOMAIN, of};

/// Validates a command, and makes the order that its answer is kept by.
fn order<M: validate::Checked>(
    (caller, deadline): (&Caller, kit::database::Deadline),
    rpc: &'static str,
    (request_id, request): (&str, &M),
) -> Result<Order, Status> {
    validate::request(request, DOMAIN)?;
    let key = RequestKey::try_new(caller, rpc, request_id, request)
        .map_err(|_| answers::invalid_field("request_id", "must be a UUID").status(DOMAIN))?;
    Ok(Order { key, callers: Callers::of(caller), deadline })
}

/// What a name that the contract's rules let pass names; one that is no UUID names nothing.
fn named<T>(name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Status> {
    parse(name).ok_or_else(|| of(&Failure::NotFound(name.to_owned())))
}

/// The key that a page token continues after, read by `parse`; none on the first page.
fn after<T>(list: &str, token: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Status> {
    let invalid = || answers::page_token_invalid().status(DOMAIN);
    let key = kit::page::key(list, token).map_err(|_| invalid())?;
    if key.is_empty() { Ok(None) } else { parse(&key).map(Some).ok_or_else(invalid) }
}
