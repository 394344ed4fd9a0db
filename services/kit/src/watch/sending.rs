//! The stream of one watch: a task looks and sends; who reads too slowly is cut, not waited for; it ends after a while and
//! when the process drains. What is sent is the service's.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use futures::Stream;
use proto::options::v1::ErrorReason;
use tokio::sync::mpsc::{self, error::SendTimeoutError};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::status::Answer;

/// Messages that wait for the reader, besides those that the transport has taken.
const QUEUE: usize = 4;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A reader that takes nothing for so long is cut.
    pub slow: Duration,
    /// A watch ends after this long, plus up to as much again, so that watchers spread over the processes.
    pub lifetime: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { slow: Duration::from_secs(30), lifetime: Duration::from_secs(300) }
    }
}

/// Where a watch's task sends.
#[derive(Debug)]
pub struct Sending<T> {
    messages: mpsc::Sender<T>,
    slow: Duration,
    domain: &'static str,
}

impl<T> Sending<T> {
    /// Sends a message, once there is room for it.
    ///
    /// # Errors
    /// The reader took nothing for too long: RESOURCE_EXHAUSTED, with which the watch ends.
    pub async fn send(&self, message: T) -> Result<(), Status> {
        match self.messages.send_timeout(message, self.slow).await {
            Ok(()) => Ok(()),
            // Nobody reads any more, and nobody will hear of this.
            Err(SendTimeoutError::Closed(_)) => Err(ended(self.domain)),
            Err(SendTimeoutError::Timeout(_)) => Err(Answer::shared(
                Code::ResourceExhausted,
                ErrorReason::WatcherTooSlow,
                "the watch was not read for too long; resume with the last token",
            )
            .retry()
            .status(self.domain)),
        }
    }
}

/// The messages of a watch, and why it ended.
#[derive(Debug)]
pub struct Watch<T> {
    messages: mpsc::Receiver<T>,
    end: Arc<OnceLock<Status>>,
    is_over: bool,
}

/// Opens a watch: `run` looks and sends for as long as it may.
pub fn open<T, F, R>((domain, pace): (&'static str, Pace), draining: &CancellationToken, run: F) -> Watch<T>
where
    T: Send + 'static,
    F: FnOnce(Sending<T>) -> R,
    R: Future<Output = Result<Infallible, Status>> + Send + 'static,
{
    let (sender, messages) = mpsc::channel(QUEUE);
    let end = Arc::<OnceLock<Status>>::default();
    let closed = sender.clone();
    let running = run(Sending { messages: sender, slow: pace.slow, domain });
    let (draining, said) = (draining.clone(), Arc::clone(&end));
    let lifetime = pace.lifetime + pace.lifetime.mul_f64(rand::random());
    tokio::spawn(async move {
        let why = tokio::select! {
            Err(why) = running => why,
            () = closed.closed() => return,
            () = tokio::time::sleep(lifetime) => ended(domain),
            () = draining.cancelled() => ended(domain),
        };
        // Said before the queue closes, which is when it is asked for.
        let _ = said.set(why);
        drop(closed);
    });
    Watch { messages, end, is_over: false }
}

fn ended(domain: &str) -> Status {
    Answer::shared(
        Code::Unavailable,
        ErrorReason::Draining,
        "the watch ends here; resume with the last token",
    )
    .retry()
    .status(domain)
}

impl<T> Stream for Watch<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(message) = std::task::ready!(self.messages.poll_recv(context)) else {
            let is_over = std::mem::replace(&mut self.is_over, true);
            return Poll::Ready(self.end.get().filter(|_| !is_over).cloned().map(Err));
        };
        Poll::Ready(Some(Ok(message)))
    }
}
