//! `prima events acts`: what operators did, and why.

use std::io::Write;

use proto::ops::v1::{ListAuditRequest, ListAuditResponse};

use super::{Limit, more};
use crate::{connection::Connection, failure::Failure, json, table};

#[derive(clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    limit: Limit,
}

pub(super) async fn run(
    list: List,
    (connection, as_json): (&Connection, bool),
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut all = ListAuditResponse::default();
    while let Some(page_size) = list.limit.next_page(all.acts.len()) {
        let request = ListAuditRequest { page_size, page_token: all.next_page_token.clone() };
        let page = connection.client.clone().list_audit(connection.request(request)).await?.into_inner();
        all.acts.extend(page.acts);
        all.next_page_token = page.next_page_token;
        if all.next_page_token.is_empty() {
            break;
        }
    }
    if as_json {
        return json::print(out, &all);
    }
    let rows: Vec<[String; 5]> = all
        .acts
        .iter()
        .map(|act| {
            let time = table::time(act.act_time.as_ref());
            [time, act.actor.clone(), act.act.clone(), act.subject.clone(), act.reason.clone()]
        })
        .collect();
    table::print(out, ["TIME", "ACTOR", "ACT", "SUBJECT", "REASON"], &rows)?;
    more(out, &all.next_page_token)
}
