//! What all RPCs do with a request before it is theirs: who calls, by when, is it valid, under which id; and where a list
//! goes on.

use std::sync::Arc;

use jiff::Timestamp;
use kit::{database::Deadline, identity::Caller, page, request::RequestKey, status, validate};
use tonic::{Request, Status};
use uuid::Uuid;

use super::status::DOMAIN;
use crate::{app::Order, store::After};

/// A command as it came in, valid by the contract's rules.
pub(super) struct Call<M> {
    caller: Arc<Caller>,
    deadline: Deadline,
    key: RequestKey,
    pub(super) request: M,
}

impl<M: validate::Checked> Call<M> {
    /// Takes a command in. `request_id` picks its id.
    pub(super) fn try_new(
        rpc: &'static str,
        request: Request<M>,
        request_id: impl Fn(&M) -> &str,
    ) -> Result<Self, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let key = RequestKey::try_new(&caller, rpc, request_id(&request), &request)
            .map_err(|_| status::invalid_field("request_id", "must be a UUID").status(DOMAIN))?;
        Ok(Self { caller, deadline, key, request })
    }

    /// The order that it makes, under an etag (empty for any).
    pub(super) fn order(&self, etag: &str) -> Order<'_> {
        Order { caller: &self.caller, key: self.key.clone(), deadline: self.deadline, etag: etag.to_owned() }
    }
}

/// Takes a read in, of what not everybody may see.
pub(super) fn read_by<M: validate::Checked>(request: Request<M>) -> Result<(Arc<Caller>, M), Status> {
    let (caller, _) = kit::identity::caller(&request)?;
    Ok((caller, read(request)?))
}

/// Takes a read in.
pub(super) fn read<M: validate::Checked>(request: Request<M>) -> Result<M, Status> {
    let request = request.into_inner();
    validate::request(&request, DOMAIN)?;
    Ok(request)
}

/// A page of a list: where it begins, and how long it is.
pub(super) struct Page {
    list: String,
    size: usize,
    key: String,
}

impl Page {
    /// `list` names method and filter.
    pub(super) fn try_new(list: String, page_token: &str, page_size: i32) -> Result<Self, Status> {
        let key = page::key(&list, page_token).map_err(|_| invalid())?;
        Ok(Self { list, size: page::size(page_size), key })
    }

    /// Where it goes on, by a key of two parts; none from the start.
    pub(super) fn after<A, B>(
        &self,
        parse: impl Fn(&str, &str) -> Option<(A, B)>,
    ) -> Result<Option<(A, B)>, Status> {
        if self.key.is_empty() {
            return Ok(None);
        }
        let parts = self.key.split_once(' ').and_then(|(first, second)| parse(first, second));
        parts.map(Some).ok_or_else(invalid)
    }

    /// Where it goes on, in a list that is the newest first.
    pub(super) fn after_time(&self) -> Result<After, Status> {
        self.after(|microsecond, id| {
            let time = Timestamp::from_microsecond(microsecond.parse().ok()?).ok()?;
            Some((time, id.parse().ok()?))
        })
    }

    /// How many to read: one more than the page.
    pub(super) fn limit(&self) -> i64 {
        i64::try_from(self.size).expect("a page is small") + 1
    }

    /// The page of what was read, and the token of the next.
    pub(super) fn cut<T>(&self, items: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, String) {
        page::cut(&self.list, self.size, items, key)
    }
}

/// The key of an item in a list that is the newest first.
pub(super) fn time_key(created_at: Timestamp, id: Uuid) -> String {
    format!("{} {id}", created_at.as_microsecond())
}

fn invalid() -> Status {
    status::page_token_invalid().status(DOMAIN)
}
