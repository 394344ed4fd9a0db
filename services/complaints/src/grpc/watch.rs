//! WatchComplaint: the state first, then each step in order. A step is read from the timeline when the caller is ready for
//! it; what waits for a slow reader is a few messages, then the reader is cut.

use std::{convert::Infallible, sync::Arc, time::Duration};

use kit::{
    identity::Caller,
    page, status,
    watch::{Pace, Sending, Subscription, open},
};
use proto::complaints::v1::{self, watch_complaint_response::Update};
use tokio::time::Instant;
use tonic::Status;

use super::{
    convert,
    status::{DOMAIN, of},
};
use crate::{
    app::{App, Feed, Sight},
    domain::ComplaintId,
};

/// How long a watch is silent at most.
pub(super) const BOOKMARK: Duration = Duration::from_secs(15);

/// The messages of one watch.
pub(crate) type Watch = kit::watch::Watch<v1::WatchComplaintResponse>;

struct Watching {
    app: App,
    id: ComplaintId,
    feed: Arc<Feed>,
    sight: Sight,
    list: String,
    version: i64,
    subscription: Subscription,
}

/// Opens a watch for a caller who may see the report.
pub(super) async fn watch(
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
    let watching = Watching { app: app.clone(), id, feed: app.feed(id), sight, list, version, subscription };
    let heard = complaint.version;
    Ok(open((DOMAIN, Pace::default()), &app.draining, |sending| watching.run(sending, first, heard)))
}

/// The version after which a watch of one report goes on.
pub(super) fn resumed(list: &str, token: &str, newest: i64) -> Result<i64, Status> {
    let version = page::number(list, token).ok().filter(|version| (1..=newest).contains(version));
    version.ok_or_else(|| status::resume_token_invalid().status(DOMAIN))
}

impl Watching {
    async fn run(
        mut self,
        sending: Sending<v1::WatchComplaintResponse>,
        first: Option<v1::Complaint>,
        mut heard: i64,
    ) -> Result<Infallible, Status> {
        if let Some(complaint) = first {
            sending.send(self.message(Update::Complaint(complaint))).await?;
        }
        let mut silent_until = Instant::now() + BOOKMARK;
        loop {
            while heard > self.version {
                let read = self.app.steps_since((&self.feed, self.sight), (self.version, heard)).await;
                let steps = read.map_err(|failure| of(&failure, self.id))?;
                if steps.is_empty() {
                    heard = self.version;
                }
                for step in steps {
                    self.version = step.version;
                    sending.send(self.message(Update::Entry(convert::entry(&step)))).await?;
                    silent_until = Instant::now() + BOOKMARK;
                }
            }
            tokio::select! {
                () = self.subscription.woken() => heard = self.subscription.newest(),
                () = tokio::time::sleep_until(silent_until) => {
                    sending.send(self.message(Update::Bookmark(v1::Bookmark { version: self.version }))).await?;
                    silent_until = Instant::now() + BOOKMARK;
                }
            }
        }
    }

    fn message(&self, update: Update) -> v1::WatchComplaintResponse {
        let resume_token = page::token(&self.list, &self.version.to_string());
        v1::WatchComplaintResponse { update: Some(update), resume_token }
    }
}
