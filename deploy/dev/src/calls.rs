//! Calls as a real client makes them: repeated, with the same request id, while the service does not answer.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use prost::{Message, Name};
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status};

use crate::client::authorized;

/// The token of a call that needs none.
pub const NOBODY: &str = "";
/// How long a call is repeated while its service does not answer.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);
/// A call's own deadline.
const DEADLINE: Duration = Duration::from_secs(10);

/// What a call asks: any message of the contract.
pub trait Asked: Message + Name + Clone + Default {}

impl<M: Message + Name + Clone + Default> Asked for M {}

/// Changes a request before it is sent: its full name and its encoding in, its encoding out.
pub type Touch = Arc<dyn Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync>;

tokio::task_local! {
    static TOUCH: Touch;
}

/// Does work whose calls' requests are changed before they are sent.
pub async fn touched<T>(touch: Touch, work: impl Future<Output = T>) -> T {
    TOUCH.scope(touch, work).await
}

/// Why a call failed for good.
#[derive(Debug)]
pub struct Failed {
    /// What the service said.
    pub status: Status,
    /// Whether it had been tried before without an answer, so that it may have been done.
    pub repeated: bool,
}

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.status.code(), self.status.message())
    }
}

impl std::error::Error for Failed {}

/// Calls, and calls again while the service does not answer.
///
/// # Errors
/// The service refuses, or has not answered for a minute.
///
/// # Panics
/// Whoever touches requests makes one that is none.
pub async fn call<A, Answer, Rpc, Answered>(token: &str, message: &A, rpc: Rpc) -> Result<Answer, Failed>
where
    A: Asked,
    Rpc: Fn(Request<A>) -> Answered,
    Answered: Future<Output = Result<Response<Answer>, Status>>,
{
    let until = Instant::now() + PATIENCE;
    let mut repeated = false;
    let touched = TOUCH.try_with(|touch| {
        let touched = touch(&A::full_name(), message.encode_to_vec());
        A::decode(touched.as_slice()).expect("what is touched stays what it is")
    });
    let message = touched.unwrap_or_else(|_| message.clone());
    loop {
        let message = message.clone();
        let mut request = if token == NOBODY { Request::new(message) } else { authorized(message, token) };
        request.set_timeout(DEADLINE);
        match rpc(request).await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if passes(&status) && Instant::now() < until => tokio::time::sleep(PAUSE).await,
            Err(status) => return Err(Failed { status, repeated }),
        }
        repeated = true;
    }
}

/// Whether a failure may pass by itself: the service is away, or went away in the middle of the call.
fn passes(status: &Status) -> bool {
    let broken = matches!(status.code(), Code::Unknown | Code::Internal | Code::Cancelled)
        && std::error::Error::source(status).is_some();
    broken || matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted)
}
