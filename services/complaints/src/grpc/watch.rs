//! WatchComplaint: the state first, then each step in order. Nothing is buffered: a step is read from the timeline when
//! the caller is ready for it, so that a slow reader costs nothing, and a missed wake-up is found at the next bookmark.

use std::{collections::VecDeque, pin::Pin, time::Duration};

use futures::{Stream, stream};
use kit::{identity::Caller, page, status::Answer, watch::Subscription};
use proto::{
    complaints::v1::{self, watch_complaint_response::Update},
    options::v1::ErrorReason,
};
use tokio::time::Instant;
use tonic::{Code, Status};

use super::{
    convert,
    status::{DOMAIN, of},
};
use crate::{
    app::{App, Sight},
    domain::{ComplaintId, Step},
};

/// How long a watch is silent at most.
const BOOKMARK: Duration = Duration::from_secs(15);
/// A watch ends after this long, plus up to as much again, so that watchers spread over the processes.
const LIFETIME: Duration = Duration::from_secs(300);

/// The messages of one watch.
pub(crate) type Watch = Pin<Box<dyn Stream<Item = Result<v1::WatchComplaintResponse, Status>> + Send>>;

struct Watching {
    app: App,
    id: ComplaintId,
    sight: Sight,
    list: String,
    first: Option<v1::Complaint>,
    version: i64,
    steps: VecDeque<Step>,
    subscription: Subscription,
    ends_at: Instant,
    ended: bool,
}

/// Opens a watch for a caller who may see the report.
pub(super) async fn open(
    app: &App,
    caller: &Caller,
    request: v1::WatchComplaintRequest,
) -> Result<Watch, Status> {
    let id = convert::complaint_id(&request.name);
    let list = format!("WatchComplaint {}", request.name);
    // Subscribed before the state is read, so that nothing falls in between.
    let subscription = app.hub.subscribe(id.0);
    let proof = convert::proof(request.reporter);
    let (complaint, sight) = app.get(caller, id, &proof).await.map_err(|failure| of(&failure, id))?;
    let (first, version) = if request.resume_token.is_empty() {
        (Some(convert::complaint(&complaint)), complaint.version)
    } else {
        (None, resumed(&list, &request.resume_token, complaint.version)?)
    };
    let watching = Watching {
        app: app.clone(),
        id,
        sight,
        list,
        first,
        version,
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
    async fn next(&mut self) -> Result<v1::WatchComplaintResponse, Status> {
        if let Some(complaint) = self.first.take() {
            return Ok(self.message(Update::Complaint(complaint)));
        }
        let bookmark_at = Instant::now() + BOOKMARK;
        loop {
            if let Some(step) = self.steps.pop_front() {
                self.version = step.version;
                return Ok(self.message(Update::Entry(convert::entry(&step))));
            }
            let due = Instant::now() >= bookmark_at;
            self.steps = self
                .app
                .steps_since((self.id, self.sight), self.version)
                .await
                .map_err(|failure| of(&failure, self.id))?
                .into();
            if !self.steps.is_empty() {
                continue;
            }
            if due {
                return Ok(self.message(Update::Bookmark(v1::Bookmark { version: self.version })));
            }
            tokio::select! {
                () = self.subscription.woken() => {}
                () = tokio::time::sleep_until(bookmark_at) => {}
                () = tokio::time::sleep_until(self.ends_at) => return Err(self.ends()),
                () = self.app.draining.cancelled() => return Err(self.ends()),
            }
        }
    }

    fn message(&self, update: Update) -> v1::WatchComplaintResponse {
        let resume_token = page::token(&self.list, &self.version.to_string());
        v1::WatchComplaintResponse { update: Some(update), resume_token }
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
