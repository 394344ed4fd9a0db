//! Events of the past, put on the outbox once more: a page of the history in one transaction, by bounded statements. Who
//! has applied them already drops them; what was redacted stays untold.

use jiff::Timestamp;
use proto::ops::v1::{ReplayEventsRequest, ReplayEventsResponse};
use sqlx::PgConnection;

use super::{Operations, acts, failure::Failure};
use crate::{
    clock::from_proto,
    database::Deadline,
    identity::Caller,
    page,
    request::{Claim, RequestKey, claim},
    stored::{Instant, ToStored},
};

/// The RPC, as acts and request ids are kept by it.
pub(super) const REPLAY: &str = "ReplayEvents";
/// Events of the history that a statement looks at.
const STATEMENT_EVENTS: i64 = 5_000;
/// Statements of a page.
const PAGE_STATEMENTS: usize = 10;

/// What to publish again.
enum What {
    Since(Timestamp),
    Resource(String),
}

/// How far a replay is.
struct Progress {
    /// What is told after the replay began is told anyway.
    until: Timestamp,
    /// The last event that was looked at, in the history's order.
    reached: (Timestamp, i64),
    events: i64,
    enqueued: i64,
}

impl Operations {
    /// Puts a page on the outbox. The act is kept with the first.
    pub(super) async fn replay(
        &self,
        (caller, key, deadline): (&Caller, RequestKey, Deadline),
        request: ReplayEventsRequest,
    ) -> Result<ReplayEventsResponse, Failure> {
        let what = what(&request)?;
        let list = what.list();
        let begun = page::key(&list, &request.page_token).map_err(|_| Failure::PageTokenInvalid)?;
        let mut transaction = self.database.begin(deadline).await?;
        // The outcome is known only after the work; it is kept where others keep a name.
        if let Claim::Done { resource } = claim(&mut transaction, &key, "").await? {
            transaction.rollback().await?;
            return answered(&list, &resource).ok_or(Failure::PageTokenInvalid);
        }
        let mut progress = if begun.is_empty() {
            acts::record(&mut transaction, caller, (REPLAY, &what.subject()), &request.reason).await?;
            begin(&mut transaction, &what).await?
        } else {
            Progress::parse(&begun).ok_or(Failure::PageTokenInvalid)?
        };
        let is_done = advance(&mut transaction, what.resource(), &mut progress).await?;
        if is_done && progress.events == 0 {
            transaction.rollback().await?;
            return Err(match what {
                What::Since(_) => Failure::NothingToReplay,
                What::Resource(resource) => Failure::AggregateUnknown(resource),
            });
        }
        let outcome = progress.outcome(is_done);
        sqlx::query(
            "UPDATE request_reply SET resource = $4 WHERE caller = $1 AND rpc = $2 AND request_id = $3",
        )
        .bind(&key.caller)
        .bind(key.rpc)
        .bind(key.request_id)
        .bind(&outcome)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.shell.relay_wake.notify_one();
        let Progress { events, enqueued, .. } = progress;
        tracing::info!(events, enqueued, is_done, "an operator has events published again");
        answered(&list, &outcome).ok_or(Failure::PageTokenInvalid)
    }
}

impl What {
    /// What pages of it have in common.
    fn list(&self) -> String {
        format!("{REPLAY} {}", self.subject())
    }

    fn subject(&self) -> String {
        match self {
            Self::Since(since) => format!("since {since}"),
            Self::Resource(resource) => resource.clone(),
        }
    }

    fn resource(&self) -> &str {
        match self {
            Self::Since(_) => "",
            Self::Resource(resource) => resource,
        }
    }
}

impl Progress {
    /// As a token and a reply keep it: the counts first, then where it goes on, if it does.
    fn outcome(&self, is_done: bool) -> String {
        let counts = format!("{} {}", self.events, self.enqueued);
        if is_done {
            return counts;
        }
        let (reached, id) = self.reached;
        format!("{counts} {} {} {id}", self.until.as_microsecond(), reached.as_microsecond())
    }

    fn parse(text: &str) -> Option<Self> {
        let numbers: Vec<i64> = text.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [events, enqueued, until, reached, id] = numbers[..] else { return None };
        let time = |microseconds| Timestamp::from_microsecond(microseconds).ok();
        Some(Self { until: time(until)?, reached: (time(reached)?, id), events, enqueued })
    }
}

fn answered(list: &str, outcome: &str) -> Option<ReplayEventsResponse> {
    let mut counts = outcome.splitn(3, ' ');
    let (events, enqueued) = (counts.next()?.parse().ok()?, counts.next()?.parse().ok()?);
    let next_page_token = counts.next().map(|_| page::token(list, outcome)).unwrap_or_default();
    Some(ReplayEventsResponse { events, enqueued, next_page_token })
}

fn what(request: &ReplayEventsRequest) -> Result<What, Failure> {
    let invalid = |field, why| Failure::Invalid { field, why };
    match &request.since_time {
        Some(_) if !request.resource.is_empty() => {
            Err(invalid("resource", "must be empty where since_time is given"))
        }
        Some(since) => from_proto(since)
            .map(What::Since)
            .map_err(|_| invalid("since_time", "must be a time of the years 1 to 9999")),
        None if request.resource.is_empty() => {
            Err(invalid("since_time", "must be given where resource is empty"))
        }
        None => Ok(What::Resource(request.resource.clone())),
    }
}

/// Where a replay begins, by the database's time.
async fn begin(connection: &mut PgConnection, what: &What) -> Result<Progress, Failure> {
    let (now, oldest): (Instant, Option<Instant>) =
        sqlx::query_as("SELECT clock_timestamp(), (SELECT min(recorded_at) FROM event_log)")
            .fetch_one(connection)
            .await?;
    let now = now.to_jiff();
    let first = match what {
        What::Resource(_) => Timestamp::UNIX_EPOCH,
        What::Since(since) if *since > now => {
            return Err(Failure::Invalid { field: "since_time", why: "must not be in the future" });
        }
        What::Since(since) => match oldest.map(Instant::to_jiff) {
            None => return Err(Failure::NothingToReplay),
            Some(oldest) if *since < oldest => return Err(Failure::BeforeHistory(oldest)),
            Some(_) => *since,
        },
    };
    // No event has an id below 1.
    Ok(Progress { until: now, reached: (first, 0), events: 0, enqueued: 0 })
}

/// Looks at a page of the history; says whether that was the last.
async fn advance(
    connection: &mut PgConnection,
    resource: &str,
    progress: &mut Progress,
) -> Result<bool, sqlx::Error> {
    for _ in 0..PAGE_STATEMENTS {
        let (reached, id) = progress.reached;
        let (seen, wanted, enqueued, last, last_id): (i64, i64, i64, Option<Instant>, Option<i64>) =
            sqlx::query_as(
                "WITH seen AS (
                     SELECT shard, id, recorded_at,
                            ($5 = '' OR headers->>'ce-subject' = $5) AND NOT headers ? 'ce-primaredacted' AS is_wanted
                     FROM event_log
                     WHERE recorded_at >= $1 AND (recorded_at, id) > ($1, $2) AND recorded_at <= $3
                     ORDER BY recorded_at, id LIMIT $4
                 ), enqueued AS (
                     INSERT INTO outbox_pending (shard, id, recorded_at)
                     SELECT shard, id, recorded_at FROM seen WHERE is_wanted
                     ON CONFLICT DO NOTHING RETURNING 1
                 ), last AS (
                     SELECT recorded_at, id FROM seen ORDER BY recorded_at DESC, id DESC LIMIT 1
                 )
                 SELECT (SELECT count(*) FROM seen), (SELECT count(*) FROM seen WHERE is_wanted),
                        (SELECT count(*) FROM enqueued), (SELECT recorded_at FROM last), (SELECT id FROM last)",
            )
            .bind(reached.stored())
            .bind(id)
            .bind(progress.until.stored())
            .bind(STATEMENT_EVENTS)
            .bind(resource)
            .fetch_one(&mut *connection)
            .await?;
        progress.events += wanted;
        progress.enqueued += enqueued;
        if let Some((last, id)) = last.zip(last_id) {
            progress.reached = (last.to_jiff(), id);
        }
        if seen < STATEMENT_EVENTS {
            return Ok(true);
        }
    }
    Ok(false)
}
