//! WatchTracking: where a report stands, then each step that is for citizens, in order. As WatchComplaint.

use std::convert::Infallible;

use kit::{
    page,
    watch::{Pace, Sending, Subscription, open},
};
use proto::complaints::v1::{self, watch_tracking_response::Update};
use tokio::time::Instant;
use tonic::Status;

use super::{shown, step};
use crate::{
    app::{App, Part, Tracked},
    domain::ComplaintId,
    grpc::{
        status::{DOMAIN, of},
        watch::{BOOKMARK, resumed},
    },
};

/// The messages of one watch.
pub(crate) type Watch = kit::watch::Watch<v1::WatchTrackingResponse>;

struct Watching {
    app: App,
    of: (ComplaintId, Part),
    list: String,
    /// Up to where the timeline was looked at.
    version: i64,
    subscription: Subscription,
}

/// Opens a watch of a report that the caller may track.
pub(super) fn watch(
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
    let of = (tracked.complaint.id, tracked.part);
    let watching = Watching { app: app.clone(), of, list, version, subscription };
    Ok(open((DOMAIN, Pace::default()), &app.draining, |sending| watching.run(sending, first, newest)))
}

impl Watching {
    async fn run(
        mut self,
        sending: Sending<v1::WatchTrackingResponse>,
        first: Option<v1::TrackedComplaint>,
        mut heard: i64,
    ) -> Result<Infallible, Status> {
        if let Some(complaint) = first {
            sending.send(self.message(Update::Complaint(complaint))).await?;
        }
        let mut silent_until = Instant::now() + BOOKMARK;
        loop {
            while heard > self.version {
                let found = self.app.public_steps_since(self.of, self.version).await;
                let (steps, looked) = found.map_err(|failure| of(&failure, self.of.0))?;
                if looked == self.version {
                    heard = self.version;
                }
                for next in steps {
                    self.version = next.version;
                    sending.send(self.message(Update::Step(step(&next)))).await?;
                    silent_until = Instant::now() + BOOKMARK;
                }
                // What is not for citizens is not looked at again.
                self.version = looked;
            }
            tokio::select! {
                () = self.subscription.woken() => heard = self.subscription.newest(),
                () = tokio::time::sleep_until(silent_until) => {
                    let bookmark = v1::TrackingBookmark { version: self.version };
                    sending.send(self.message(Update::Bookmark(bookmark))).await?;
                    silent_until = Instant::now() + BOOKMARK;
                }
            }
        }
    }

    fn message(&self, update: Update) -> v1::WatchTrackingResponse {
        let resume_token = page::token(&self.list, &self.version.to_string());
        v1::WatchTrackingResponse { update: Some(update), resume_token }
    }
}
