//! What the commands' ways in have in common: authorised by scope before, validated here.

use kit::{request::RequestKey, status, validate};
use tonic::{Request, Status};

use super::status::DOMAIN;
use crate::app::Order;

/// Takes a command in: who asks, under which request id, and the validated message.
pub(super) fn take<M: validate::Checked>(
    request: Request<M>,
    rpc: &'static str,
    request_id: impl Fn(&M) -> &str,
) -> Result<(Order, M), Status> {
    let (caller, deadline) = kit::identity::caller(&request)?;
    let message = request.into_inner();
    validate::request(&message, DOMAIN)?;
    let key = RequestKey::try_new(&caller, rpc, request_id(&message), &message)
        .map_err(|_| status::invalid_field("request_id", "must be a UUID").status(DOMAIN))?;
    Ok((Order { caller, key, deadline }, message))
}

/// A page's size as the store takes it, with one more to know whether there is a next page.
pub(super) fn limit(size: usize) -> i64 {
    i64::try_from(size).expect("a page is small") + 1
}
