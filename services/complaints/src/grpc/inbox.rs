//! WatchInbox: the open reports first, then each step on a report that comes, is there, or leaves. What was missed before
//! is read from the store; then the process's reader hands the steps on, and who falls behind is cut.

use std::{collections::HashMap, collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use futures::{Stream, stream};
use kit::{
    identity::Caller,
    page,
    status::{self, Answer},
};
use proto::{
    complaints::v1::{self, ErrorReason, watch_inbox_response::Update},
    options::v1::ErrorReason as Shared,
};
use tokio::{sync::broadcast, time::Instant};
use tonic::{Code, Status};
use uuid::Uuid;

use super::{
    convert,
    status::{DOMAIN, of, own},
    words,
};
use crate::{
    app::{App, Failure, Following, Watched},
    store::inbox::{Change, Position},
};

/// How long a watch is silent at most.
const BOOKMARK: Duration = Duration::from_secs(15);
/// A watch ends after this long, plus up to as much again, so that watchers spread over the processes.
const LIFETIME: Duration = Duration::from_secs(300);
/// How long a watch waits for the process's reader at its beginning.
const JOINED_WITHIN: Duration = Duration::from_secs(5);

/// The messages of one watch.
pub(crate) type InboxWatch = Pin<Box<dyn Stream<Item = Result<v1::WatchInboxResponse, Status>> + Send>>;

struct Watching {
    app: App,
    caller: Arc<Caller>,
    watched: Watched,
    list: String,
    first: Option<v1::InboxPage>,
    position: Position,
    /// Read and not yet sent: at most a batch.
    changes: VecDeque<(Position, v1::InboxChange)>,
    /// What was missed is not yet read to its end.
    is_behind: bool,
    steps: broadcast::Receiver<Arc<Vec<Change>>>,
    ends_at: Instant,
    ended: bool,
}

/// Opens a watch of the inbox of the caller's units.
pub(super) async fn open(
    app: &App,
    caller: Arc<Caller>,
    request: v1::WatchInboxRequest,
) -> Result<InboxWatch, Status> {
    let watched = app.watched(&caller).await.map_err(failed)?;
    let joined = tokio::time::timeout(JOINED_WITHIN, app.join_inbox()).await;
    let steps = joined.map_err(|_| not_yet())?;
    let list = format!("WatchInbox {}", caller.key());
    let size = page::size(request.page_size);
    let (position, first) = if request.resume_token.is_empty() {
        let limit = i64::try_from(size).expect("a page is small") + 1;
        let (position, listed) = app.inbox_page(&caller, limit).await.map_err(failed)?;
        let has_more = listed.complaints.len() > size;
        let complaints = listed.complaints.iter().take(size).map(convert::complaint).collect();
        (position, Some(v1::InboxPage { complaints, has_more }))
    } else {
        (resumed(app, &list, &request.resume_token).await?, None)
    };
    let watching = Watching {
        app: app.clone(),
        caller,
        watched,
        list,
        first,
        position,
        changes: VecDeque::new(),
        is_behind: true,
        steps,
        ends_at: Instant::now() + LIFETIME + LIFETIME.mul_f64(rand::random()),
        ended: false,
    };
    Ok(Box::pin(stream::unfold(watching, |mut watching| async move {
        if watching.ended {
            return None;
        }
        let next = watching.next().await;
        watching.ended = next.is_err();
        Some((next, watching))
    })))
}

async fn resumed(app: &App, list: &str, token: &str) -> Result<Position, Status> {
    let position = page::key(list, token).ok().and_then(|key| to_position(&key));
    let position = position.ok_or_else(|| status::resume_token_invalid().status(DOMAIN))?;
    if app.knows(position).await.map_err(failed)? {
        return Ok(position);
    }
    Err(expired())
}

fn expired() -> Status {
    let why = "the token is of another life of the database; begin the watch anew";
    own(Code::OutOfRange, ErrorReason::ResumeTokenExpired, why).status(DOMAIN)
}

impl Watching {
    async fn next(&mut self) -> Result<v1::WatchInboxResponse, Status> {
        if let Some(page) = self.first.take() {
            return Ok(self.message(Update::Page(page)));
        }
        let bookmark_at = Instant::now() + BOOKMARK;
        loop {
            if let Some((position, change)) = self.changes.pop_front() {
                self.position = position;
                return Ok(self.message(Update::Change(change)));
            }
            if self.is_behind {
                let steps = self.app.steps_after(self.position).await.map_err(failed)?;
                self.is_behind = !steps.is_empty();
                self.take(&steps).await?;
                continue;
            }
            tokio::select! {
                steps = self.steps.recv() => match steps {
                    Ok(steps) => self.take(&steps).await?,
                    Err(broadcast::error::RecvError::Lagged(_)) => return Err(too_slow()),
                    Err(broadcast::error::RecvError::Closed) => return Err(ends()),
                },
                () = tokio::time::sleep_until(bookmark_at) => {
                    if !self.app.knows(self.position).await.map_err(failed)? {
                        return Err(expired());
                    }
                    self.watched = self.app.watched(&self.caller).await.map_err(failed)?;
                    return Ok(self.message(Update::Bookmark(v1::InboxBookmark {})));
                }
                () = tokio::time::sleep_until(self.ends_at) => return Err(ends()),
                () = self.app.draining.cancelled() => return Err(ends()),
            }
        }
    }

    /// Takes what concerns the watcher of steps after its position, with the reports as they stand.
    async fn take(&mut self, steps: &[Change]) -> Result<(), Status> {
        let new = steps.iter().filter(|step| step.position > self.position);
        let concerning: Vec<(Following, &Change)> =
            new.filter_map(|step| Some((self.watched.follows(step)?, step))).collect();
        let here = concerning.iter().filter(|(follows, _)| *follows != Following::Left);
        let ids: Vec<_> = here.map(|(_, step)| step.complaint()).collect();
        let mut reports = HashMap::new();
        if !ids.is_empty() {
            let found = self.app.reports(&ids).await.map_err(failed)?;
            // One that meanwhile went on to another unit is that one's to read.
            let found = found.iter().filter(|report| self.watched.has(report.responsible_unit()));
            reports.extend(found.map(|report| (report.id.0, convert::complaint(report))));
        }
        for (follows, step) in concerning {
            let change = v1::InboxChange {
                kind: kind(follows).into(),
                name: step.complaint().to_string(),
                version: step.position.version,
                command: words::command(step.command).into(),
                complaint: reports.get(&step.complaint().0).filter(|_| follows != Following::Left).cloned(),
            };
            self.changes.push_back((step.position, change));
        }
        if let Some(last) = steps.last().filter(|_| self.changes.is_empty()) {
            self.position = self.position.max(last.position);
        }
        Ok(())
    }

    fn message(&self, update: Update) -> v1::WatchInboxResponse {
        let Position { epoch, written_in, complaint, version } = self.position;
        let resume_token = page::token(&self.list, &format!("{epoch} {written_in} {complaint} {version}"));
        v1::WatchInboxResponse { update: Some(update), resume_token }
    }
}

fn to_position(key: &str) -> Option<Position> {
    let mut parts = key.split(' ');
    let mut number = || parts.next()?.parse().ok();
    let (epoch, written_in) = (number()?, number()?);
    let complaint = Uuid::parse_str(parts.next()?).ok()?;
    Some(Position { epoch, written_in, complaint, version: parts.next()?.parse().ok()? })
}

fn kind(follows: Following) -> v1::InboxChangeKind {
    match follows {
        Following::Entered => v1::InboxChangeKind::Entered,
        Following::Changed => v1::InboxChangeKind::Changed,
        Following::Left => v1::InboxChangeKind::Left,
    }
}

fn failed(failure: Failure) -> Status {
    of(&failure, convert::complaint_id(""))
}

fn not_yet() -> Status {
    let why = "the database does not answer; try again";
    Answer::shared(Code::Unavailable, Shared::DependencyDown, why).retry().status(DOMAIN)
}

fn too_slow() -> Status {
    let why = "more happened than you read; resume with the last token";
    Answer::shared(Code::ResourceExhausted, Shared::WatcherTooSlow, why).retry().status(DOMAIN)
}

fn ends() -> Status {
    let why = "the watch ends here; resume with the last token";
    Answer::shared(Code::Unavailable, Shared::Draining, why).retry().status(DOMAIN)
}
