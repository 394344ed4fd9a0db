//! WatchUpdates: one stream for each channel of what its reports came to. Nothing is buffered but a batch that was read;
//! resumed anywhere, it goes on with the next step and misses none.

use std::{collections::VecDeque, pin::Pin, time::Duration};

use futures::{Stream, stream};
use kit::{clock::to_proto, page, status::Answer};
use proto::{
    complaints::v1::{self, ErrorReason, watch_updates_response::Update as Said},
    options::v1::ErrorReason as Shared,
};
use tokio::time::Instant;
use tonic::{Code, Status};

use super::{
    convert,
    status::{DOMAIN, of, own},
    words,
};
use crate::{
    app::{App, Settling, Update},
    domain::tidings,
};

/// How often the table is looked at where nothing was new.
const POLL: Duration = Duration::from_millis(100);
/// How long a watch is silent at most.
const BOOKMARK: Duration = Duration::from_secs(15);
/// A watch ends after this long, plus up to as much again, so that watchers spread over the processes.
const LIFETIME: Duration = Duration::from_secs(300);

/// The messages of one watch.
pub(crate) type Updates = Pin<Box<dyn Stream<Item = Result<v1::WatchUpdatesResponse, Status>> + Send>>;

struct Watching {
    app: App,
    channel: String,
    list: String,
    position: i64,
    settling: Settling,
    read: VecDeque<Update>,
    ends_at: Instant,
    ended: bool,
}

/// Opens a channel's watch.
pub(super) async fn open(
    app: &App,
    caller: &kit::identity::Caller,
    request: v1::WatchUpdatesRequest,
) -> Result<Updates, Status> {
    if caller.person.is_some() {
        let why = "this is a channel's own stream, and the token names a person";
        return Err(own(Code::PermissionDenied, ErrorReason::ChannelOnly, why).status(DOMAIN));
    }
    let channel = caller.system().to_owned();
    let list = format!("WatchUpdates {channel}");
    let newest = app.newest_position().await.map_err(|failure| failed(&failure))?;
    let position = match (request.resume_token.as_str(), request.only_new) {
        ("", true) => newest,
        ("", false) => 0,
        (token, _) => resumed(&list, token, newest)?,
    };
    let watching = Watching {
        app: app.clone(),
        channel,
        list,
        position,
        settling: Settling::default(),
        read: VecDeque::new(),
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
    let why = "not a token of this watch";
    let position = page::number(list, token).ok().filter(|position| *position >= 0).ok_or_else(|| {
        Answer::shared(Code::InvalidArgument, Shared::ResumeTokenInvalid, format!("resume_token: {why}"))
            .field("resume_token", why)
            .status(DOMAIN)
    })?;
    if position > newest {
        let why = "the database was restored to a time before this token; begin again";
        return Err(own(Code::OutOfRange, ErrorReason::ResumeTokenExpired, why).status(DOMAIN));
    }
    Ok(position)
}

impl Watching {
    async fn next(&mut self) -> Result<v1::WatchUpdatesResponse, Status> {
        let bookmark_at = Instant::now() + BOOKMARK;
        loop {
            if Instant::now() >= self.ends_at || self.app.draining.is_cancelled() {
                return Err(self.ends());
            }
            if let Some(update) = self.read.pop_front() {
                self.position = update.step.position;
                return Ok(self.message(Said::Change(change(update))));
            }
            let due = Instant::now() >= bookmark_at;
            let found = self.app.updates_since(&self.channel, (self.position, &mut self.settling)).await;
            self.read = found.map_err(|failure| failed(&failure))?.into();
            if !self.read.is_empty() {
                continue;
            }
            // What is settled and not this channel's is not looked at again.
            self.position = self.position.max(self.settling.settled);
            if due {
                return Ok(self.message(Said::Bookmark(v1::UpdatesBookmark {})));
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = tokio::time::sleep_until(self.ends_at) => return Err(self.ends()),
                () = self.app.draining.cancelled() => return Err(self.ends()),
            }
        }
    }

    fn message(&self, update: Said) -> v1::WatchUpdatesResponse {
        let resume_token = page::token(&self.list, &self.position.to_string());
        v1::WatchUpdatesResponse { update: Some(update), resume_token }
    }

    fn ends(&self) -> Status {
        Answer::shared(Code::Unavailable, Shared::Draining, "the watch ends here; resume with the last token")
            .retry()
            .status(DOMAIN)
    }
}

fn failed(failure: &crate::app::Failure) -> Status {
    of(failure, convert::complaint_id(""))
}

fn change(update: Update) -> v1::ChannelUpdate {
    let Update { step, channel_reference } = update;
    let tidings = tidings::of_step(step.command);
    v1::ChannelUpdate {
        name: step.complaint.to_string(),
        number: step.number,
        channel_reference,
        version: step.version,
        command: words::command(step.command).into(),
        state: words::state(step.state).into(),
        time: Some(to_proto(step.at)),
        public_text: step.public_text,
        text_id: tidings.map(|tidings| tidings.indonesian.to_owned()).unwrap_or_default(),
        text_en: tidings.map(|tidings| tidings.english.to_owned()).unwrap_or_default(),
    }
}
