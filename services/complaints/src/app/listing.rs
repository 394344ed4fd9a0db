//! Listing reports: which units a caller sees, and which way through them is short.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use kit::identity::Caller;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{App, Failure};
use crate::{
    domain::{Complaint, Priority, State},
    store::{
        self,
        complaint::{Loaded, Selection},
    },
};

/// Up to so many units are looked into one by one.
const UNITS_ONE_BY_ONE: usize = 64;
/// With more units, so many of all reports are looked through before.
const WALK: i64 = 5_000;
/// Reports are counted up to this many.
pub(crate) const COUNTED: i64 = 10_000;
/// Before every report, in a list by time.
const EARLIEST: Timestamp = Timestamp::UNIX_EPOCH;

/// In which order reports are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Newest,
    /// Open reports, the least time first.
    TimeLeft,
}

/// Which reports a caller asks for; all that is given must hold.
#[derive(Clone, Debug)]
pub(crate) struct ToList {
    pub(crate) order: Order,
    /// The unit, and whether those below it are left out.
    pub(crate) unit: Option<(Uuid, bool)>,
    /// Any where empty.
    pub(crate) states: Vec<State>,
    /// Any where empty.
    pub(crate) category: String,
    pub(crate) priority: Option<Priority>,
    /// Only those that have less than this left, in a list by time left.
    pub(crate) due_within: Option<SignedDuration>,
    /// The report to go on after, and as of when the list is.
    pub(crate) after: Option<ListKey>,
    /// At most this many.
    pub(crate) limit: i64,
    /// Whether to say how many there are on all pages.
    pub(crate) is_counted: bool,
}

/// Where a list goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListKey {
    pub(crate) as_of: Timestamp,
    pub(crate) at: Timestamp,
    pub(crate) id: Uuid,
}

/// A page, and one more report where there are more.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) complaints: Vec<Complaint>,
    /// As of when time left is counted.
    pub(crate) as_of: Timestamp,
    /// How many there are, one more than [`COUNTED`] where there are more than that.
    pub(crate) total: Option<i64>,
}

impl ListKey {
    /// The key of a report in a list.
    pub(crate) fn of(complaint: &Complaint, order: Order, as_of: Timestamp) -> Self {
        let at = match order {
            Order::Newest => complaint.filing.filed_at,
            Order::TimeLeft => complaint.left_at(as_of),
        };
        Self { as_of, at, id: complaint.id.0 }
    }
}

impl App {
    /// The reports that a caller asks for, of those that it may see.
    pub(crate) async fn list(&self, caller: &Caller, to_list: ToList) -> Result<Listed, Failure> {
        let as_of = to_list.after.map_or_else(|| self.clock.now(), |after| after.as_of);
        let mut connection = self.database.acquire().await?;
        let selection = selection(&mut connection, (caller, as_of), &to_list).await?;
        let complaints = match to_list.order {
            Order::Newest => newest(&mut connection, &selection).await?,
            Order::TimeLeft => store::complaint::list_open(&mut connection, &selection).await?,
        };
        let complaints = complaints.into_iter().map(|loaded| Ok(self.open(loaded)?.0));
        let complaints = complaints.collect::<Result<Vec<Complaint>, Failure>>()?;
        let counted = Selection { limit: COUNTED + 1, ..selection };
        let total = match to_list.order {
            _ if !to_list.is_counted => None,
            Order::Newest => Some(store::complaint::count(&mut connection, &counted).await?),
            Order::TimeLeft => Some(store::complaint::count_open(&mut connection, &counted).await?),
        };
        Ok(Listed { complaints, as_of, total })
    }
}

async fn newest(connection: &mut PgConnection, selection: &Selection) -> Result<Vec<Loaded>, Failure> {
    if selection.units.len() > UNITS_ONE_BY_ONE && selection.channel.is_empty() {
        let found = store::complaint::walk(connection, (selection, WALK)).await?;
        if i64::try_from(found.len()).is_ok_and(|found| found == selection.limit) {
            return Ok(found);
        }
    }
    Ok(store::complaint::list(connection, selection).await?)
}

async fn selection(
    connection: &mut PgConnection,
    (caller, as_of): (&Caller, Timestamp),
    to_list: &ToList,
) -> Result<Selection, Failure> {
    let mut units = store::unit::subtree(connection, &caller.units).await?;
    let asked_units = match to_list.unit {
        Some((unit, true)) => Some(vec![unit]),
        Some((unit, false)) => Some(store::unit::subtree(connection, &[unit]).await?),
        None => None,
    };
    if let Some(asked) = &asked_units {
        let asked: HashSet<&Uuid> = asked.iter().collect();
        units.retain(|unit| asked.contains(unit));
    }
    let latest = Timestamp::MAX - SignedDuration::from_hours(24);
    let first = match to_list.order {
        Order::Newest => (latest, Uuid::max()),
        Order::TimeLeft => (EARLIEST, Uuid::nil()),
    };
    let left_before = to_list.due_within.and_then(|within| as_of.checked_add(within).ok());
    Ok(Selection {
        units,
        hidden_from: store::unit::ancestors(connection, &caller.units).await?,
        // A person behind a channel's system sees by its units, not by the channel.
        channel: if caller.person.is_none() { caller.system().to_owned() } else { String::new() },
        asked_units,
        states: to_list.states.clone(),
        category: to_list.category.clone(),
        priority: to_list.priority,
        left_before: left_before.unwrap_or(latest),
        as_of,
        after: to_list.after.map_or(first, |after| (after.at, after.id)),
        limit: to_list.limit,
    })
}
