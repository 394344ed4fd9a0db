//! WatchUpdates: one stream for each channel of what its reports came to. Resumed anywhere, it goes on with the next step
//! and misses none.

use std::{convert::Infallible, time::Duration};

use kit::{
    clock::to_proto,
    page, status,
    watch::{Pace, Sending, open},
};
use proto::complaints::v1::{self, ErrorReason, watch_updates_response::Update as Said};
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

/// The messages of one watch.
pub(crate) type Updates = kit::watch::Watch<v1::WatchUpdatesResponse>;

struct Watching {
    app: App,
    channel: String,
    list: String,
    position: i64,
    settling: Settling,
}

/// Opens a channel's watch.
pub(super) async fn watch(
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
    let watching = Watching { app: app.clone(), channel, list, position, settling: Settling::default() };
    Ok(open((DOMAIN, Pace::default()), &app.draining, |sending| watching.run(sending)))
}

fn resumed(list: &str, token: &str, newest: i64) -> Result<i64, Status> {
    let position = page::number(list, token).ok().filter(|position| *position >= 0);
    let position = position.ok_or_else(|| status::resume_token_invalid().status(DOMAIN))?;
    if position > newest {
        let why = "the database was restored to a time before this token; begin again";
        return Err(own(Code::OutOfRange, ErrorReason::ResumeTokenExpired, why).status(DOMAIN));
    }
    Ok(position)
}

impl Watching {
    async fn run(mut self, sending: Sending<v1::WatchUpdatesResponse>) -> Result<Infallible, Status> {
        let mut silent_until = Instant::now() + BOOKMARK;
        loop {
            let found = self.app.updates_since(&self.channel, (self.position, &mut self.settling)).await;
            let found = found.map_err(|failure| failed(&failure))?;
            let is_idle = found.is_empty();
            for update in found {
                self.position = update.step.position;
                sending.send(self.message(Said::Change(change(update)))).await?;
                silent_until = Instant::now() + BOOKMARK;
            }
            if !is_idle {
                continue;
            }
            // What is settled and not this channel's is not looked at again.
            self.position = self.position.max(self.settling.settled);
            if Instant::now() >= silent_until {
                sending.send(self.message(Said::Bookmark(v1::UpdatesBookmark {}))).await?;
                silent_until = Instant::now() + BOOKMARK;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn message(&self, update: Said) -> v1::WatchUpdatesResponse {
        let resume_token = page::token(&self.list, &self.position.to_string());
        v1::WatchUpdatesResponse { update: Some(update), resume_token }
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
