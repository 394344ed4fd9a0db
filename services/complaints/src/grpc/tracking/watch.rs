//! WatchTracking: where a report stands, then each step that is for citizens, in order. As WatchComplaint: nothing is
//! buffered, a missed wake-up is found at the next bookmark.

use std::{collections::VecDeque, pin::Pin, time::Duration};

use futures::{Stream, stream};
use kit::{page, status::Answer, watch::Subscription};
use proto::{
    complaints::v1::{self, watch_tracking_response::Update},
    options::v1::ErrorReason,
};
use tokio::time::Instant;
use tonic::{Code, Status};

use super::{shown, step};
use crate::{
    app::{App, Part, Tracked},
    domain::{ComplaintId, Step},
    grpc::status::{DOMAIN, of},
};

/// How long a watch is silent at most.
const BOOKMARK: Duration = Duration::from_secs(15);
/// A watch ends after this long, plus up to as much again, so that watchers spread over the processes.
const LIFETIME: Duration = Duration::from_secs(300);

/// The messages of one watch.
pub(crate) type Watch = Pin<Box<dyn Stream<Item = Result<v1::WatchTrackingResponse, Status>> + Send>>;

struct Watching {
    app: App,
    of: (ComplaintId, Part),
    list: String,
    first: Option<v1::TrackedComplaint>,
    version: i64,
    /// Up to where the timeline was looked at.
    looked: i64,
    steps: VecDeque<Step>,
    subscription: Subscription,
    ends_at: Instant,
    ended: bool,
}

/// Opens a watch of a report that the caller may track.
pub(super) fn open(
    app: &App,
    (tracked, subscription): (Tracked, Subscription),
    request: &v1::WatchTrackingRequest,
) -> Result<Watch, Status> {
    let list = format!("WatchTracking {}", request.number);
    let newest = tracked.complaint.version;
    let (first, version) = if request.resume_token.is_empty() {
        (Some(shown(&tracked)), newest)
    } else {
        (None, resumed(&list, &request.resume_token, newest)?)
    };
    let watching = Watching {
        app: app.clone(),
        of: (tracked.complaint.id, tracked.part),
        list,
        first,
        version,
        looked: version,
        steps: VecDeque::new(),
        subscription,
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

fn resumed(list: &str, token: &str, newest: i64) -> Result<i64, Status> {
    page::number(list, token).ok().filter(|version| (1..=newest).contains(version)).ok_or_else(|| {
        let why = "not a token of this watch";
        Answer::shared(Code::InvalidArgument, ErrorReason::ResumeTokenInvalid, format!("resume_token: {why}"))
            .field("resume_token", why)
            .status(DOMAIN)
    })
}

impl Watching {
    async fn next(&mut self) -> Result<v1::WatchTrackingResponse, Status> {
        if let Some(complaint) = self.first.take() {
            return Ok(self.message(Update::Complaint(complaint)));
        }
        let bookmark_at = Instant::now() + BOOKMARK;
        loop {
            if let Some(next) = self.steps.pop_front() {
                self.version = next.version;
                return Ok(self.message(Update::Step(step(&next))));
            }
            // What was looked at and is not for citizens is not looked at again.
            self.version = self.looked;
            let due = Instant::now() >= bookmark_at;
            let found = self.app.public_steps_since(self.of, self.looked).await;
            let (steps, looked) = found.map_err(|failure| of(&failure, self.of.0))?;
            let more = looked > self.looked;
            (self.steps, self.looked) = (steps.into(), looked);
            if more {
                continue;
            }
            if due {
                return Ok(self.message(Update::Bookmark(v1::TrackingBookmark { version: self.version })));
            }
            tokio::select! {
                () = self.subscription.woken() => {}
                () = tokio::time::sleep_until(bookmark_at) => {}
                () = tokio::time::sleep_until(self.ends_at) => return Err(self.ends()),
                () = self.app.draining.cancelled() => return Err(self.ends()),
            }
        }
    }

    fn message(&self, update: Update) -> v1::WatchTrackingResponse {
        let resume_token = page::token(&self.list, &self.version.to_string());
        v1::WatchTrackingResponse { update: Some(update), resume_token }
    }

    fn ends(&self) -> Status {
        Answer::shared(
            Code::Unavailable,
            ErrorReason::Draining,
            "the watch ends here; resume with the last token",
        )
        .retry()
        .status(DOMAIN)
    }
}
