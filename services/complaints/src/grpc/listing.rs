//! ListComplaints: the filter and the order, and the tokens that are bound to them.

use jiff::{SignedDuration, Timestamp};
use kit::{page, status, validate};
use proto::complaints::v1;
use tonic::{Request, Response, Status};

use super::{
    convert,
    service::Complaints,
    status::{DOMAIN, of},
    words,
};
use crate::app::{COUNTED, ListKey, ListOrder, ToList};

impl Complaints {
    pub(super) async fn list(
        &self,
        request: Request<v1::ListComplaintsRequest>,
    ) -> Result<Response<v1::ListComplaintsResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let bound = v1::ListComplaintsRequest {
            page_size: 0,
            page_token: String::new(),
            count: false,
            ..request.clone()
        };
        let list = format!("ListComplaints {bound:?}");
        let after = page::key(&list, &request.page_token)
            .ok()
            .and_then(|key| if key.is_empty() { Some(None) } else { to_key(&key).map(Some) })
            .ok_or_else(|| status::page_token_invalid().status(DOMAIN))?;
        let size = page::size(request.page_size);
        let to_list = to_list(&request, (after, size))?;
        let order = to_list.order;
        let listed = self.app.list(&caller, to_list).await;
        let listed = listed.map_err(|failure| of(&failure, convert::complaint_id("")))?;
        let (found, next_page_token) = page::cut(&list, size, listed.complaints, |complaint| {
            of_key(ListKey::of(complaint, order, listed.as_of))
        });
        let total = listed.total.unwrap_or_default();
        Ok(Response::new(v1::ListComplaintsResponse {
            complaints: found.iter().map(convert::complaint).collect(),
            next_page_token,
            total_size: i32::try_from(total.min(COUNTED)).unwrap_or(i32::MAX),
            total_size_exceeded: total > COUNTED,
        }))
    }
}

fn to_list(
    request: &v1::ListComplaintsRequest,
    (after, size): (Option<ListKey>, usize),
) -> Result<ToList, Status> {
    let order = if request.order_by == "due_time" { ListOrder::TimeLeft } else { ListOrder::Newest };
    let within = request.due_within.map(|within| SignedDuration::new(within.seconds, within.nanos));
    let due_within = if request.overdue { Some(SignedDuration::ZERO) } else { within };
    if order == ListOrder::Newest && due_within.is_some() {
        let field = if request.overdue { "overdue" } else { "due_within" };
        return Err(status::invalid_field(field, "is for order_by due_time alone").status(DOMAIN));
    }
    let unit = request.unit.strip_prefix("units/").map(|_| convert::unit_id(&request.unit).0);
    Ok(ToList {
        order,
        unit: unit.map(|unit| (unit, request.unit_alone)),
        states: [request.state()].into_iter().chain(request.states()).filter_map(words::to_state).collect(),
        category: request.category.trim_start_matches("categories/").to_owned(),
        priority: words::to_priority(request.priority()),
        due_within,
        after,
        limit: i64::try_from(size).expect("a page is small") + 1,
        is_counted: request.count,
    })
}

fn of_key(key: ListKey) -> String {
    format!("{} {} {}", key.as_of.as_microsecond(), key.at.as_microsecond(), key.id)
}

fn to_key(text: &str) -> Option<ListKey> {
    let mut parts = text.split(' ');
    let mut time = || Timestamp::from_microsecond(parts.next()?.parse().ok()?).ok();
    let (as_of, at) = (time()?, time()?);
    Some(ListKey { as_of, at, id: parts.next()?.parse().ok()? })
}
