//! TrackingService: following a report by its number, without a token. Guessing is slow: calls are limited by number and by
//! the caller's address, and a wrong guess counts as many.

mod watch;

use std::{net::IpAddr, sync::Arc, time::Duration};

use kit::{clock::to_proto, request::RequestKey, run::to_the_end, status, validate};
use proto::complaints::v1::{self, ErrorReason, tracking_service_server::TrackingService};
use tonic::{Code, Request, Response, Status, async_trait};

use super::{
    convert,
    status::{DOMAIN, of, own},
    words,
};
use crate::{
    app::{
        App, Failure, Part, Tracked,
        limits::{Limits, Rate},
    },
    domain::{Complaint, ComplaintId, Step, tidings},
};
use watch::Watch;

/// For each number: twenty calls at once, then one each three seconds.
const OF_NUMBER: Rate = Rate { burst: 20, every: Duration::from_secs(3) };
const NUMBERS: usize = 16_384;
/// For each address, behind which a whole channel may be: four hundred at once, then twenty a second.
const OF_ADDRESS: Rate = Rate { burst: 400, every: Duration::from_millis(50) };
const ADDRESSES: usize = 4_096;
/// A wrong guess counts as so many calls.
const WRONG: u32 = 20;

/// Reports by their numbers.
pub(crate) struct Tracking {
    app: App,
    guards: Arc<Guards>,
}

struct Guards {
    numbers: Limits,
    addresses: Limits,
}

impl Tracking {
    pub(crate) fn new(app: App) -> Self {
        let numbers = Limits::new(OF_NUMBER, NUMBERS);
        Self { app, guards: Arc::new(Guards { numbers, addresses: Limits::new(OF_ADDRESS, ADDRESSES) }) }
    }
}

/// Who asks, as far as the limits care.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Address(IpAddr);

impl Address {
    fn of<T>(request: &Request<T>) -> Self {
        let address = request.remote_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());
        Self(match address {
            // Who has one address of version six has all of its network's.
            IpAddr::V6(address) => {
                let mut bytes = address.octets();
                bytes[8..].fill(0);
                IpAddr::from(bytes)
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl Guards {
    fn admit(&self, address: Address, number: &str) -> Result<(), Status> {
        if self.addresses.take(address, 1) && self.numbers.take(number, 1) {
            return Ok(());
        }
        let why = "this number, or your address, asked too often; try again later";
        let refused = own(Code::ResourceExhausted, ErrorReason::TrackingTooOften, why);
        Err(refused.indonesian("Terlalu banyak permintaan. Coba lagi nanti.").retry().status(DOMAIN))
    }

    /// The status of a failure; a wrong guess is counted.
    fn refuse(&self, address: Address, failure: &Failure) -> Status {
        if matches!(failure, Failure::NotTracked) {
            self.addresses.punish(address, WRONG);
        }
        of(failure, ComplaintId(uuid::Uuid::nil()))
    }
}

#[async_trait]
impl TrackingService for Tracking {
    async fn track_complaint(
        &self,
        request: Request<v1::TrackComplaintRequest>,
    ) -> Result<Response<v1::TrackComplaintResponse>, Status> {
        let address = Address::of(&request);
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        self.guards.admit(address, &request.number)?;
        let tracked = self.app.track(&request.number, &request.access_code).await;
        let tracked = tracked.map_err(|failure| self.guards.refuse(address, &failure))?;
        Ok(Response::new(v1::TrackComplaintResponse { complaint: Some(shown(&tracked)) }))
    }

    type WatchTrackingStream = Watch;

    async fn watch_tracking(
        &self,
        request: Request<v1::WatchTrackingRequest>,
    ) -> Result<Response<Watch>, Status> {
        let address = Address::of(&request);
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        self.guards.admit(address, &request.number)?;
        // Subscribed before the report is read, so that nothing falls in between.
        let found = self.app.tracked(&request.number, &request.access_code).await;
        let (complaint, _) = found.map_err(|failure| self.guards.refuse(address, &failure))?;
        let subscription = self.app.hub.subscribe(complaint.id.0);
        let tracked = self.app.track(&request.number, &request.access_code).await;
        let tracked = tracked.map_err(|failure| self.guards.refuse(address, &failure))?;
        watch::watch(&self.app, (tracked, subscription), &request).map(Response::new)
    }

    async fn reissue_access_code(
        &self,
        request: Request<v1::ReissueAccessCodeRequest>,
    ) -> Result<Response<v1::ReissueAccessCodeResponse>, Status> {
        let address = Address::of(&request);
        let (caller, deadline) = kit::identity::anybody(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        self.guards.admit(address, &request.number)?;
        let key =
            RequestKey::of_anybody(caller.as_deref(), "ReissueAccessCode", &request.request_id, &request);
        let key = key.map_err(|_| status::invalid_field("request_id", "must be a UUID").status(DOMAIN))?;
        let (app, proof) = (self.app.clone(), convert::proof(request.proof));
        let reissued = to_the_end(async move {
            app.reissue((caller.as_deref(), key, deadline), &request.number, &proof).await
        });
        let access_code = reissued.await.map_err(|failure| self.guards.refuse(address, &failure))?;
        Ok(Response::new(v1::ReissueAccessCodeResponse { access_code }))
    }
}

/// A report as a citizen sees it.
fn shown(tracked: &Tracked) -> v1::TrackedComplaint {
    let Tracked { complaint, target, .. } = tracked;
    let reporter = (tracked.part == Part::Reporters).then(|| v1::TrackedReporterPart {
        name: complaint.id.to_string(),
        question: complaint.phase.question().map(|(question, _)| question.to_owned()).unwrap_or_default(),
        merged_into_number: target.as_ref().map(|target| target.filing.number.clone()).unwrap_or_default(),
        merged_into_state: target
            .as_ref()
            .map_or(v1::ComplaintState::Unspecified, |target| words::state(target.state()))
            .into(),
        merged_into_outcome: words::outcome(
            target.as_ref().and_then(|target| target.closing()).map(|closing| closing.outcome),
        )
        .into(),
        reveals: i32::try_from(tracked.reveals).unwrap_or(i32::MAX),
        reporter_erase_time: complaint.reporter_erased_at.map(to_proto),
    });
    let steps = tracked.steps.iter().map(step).collect();
    v1::TrackedComplaint { steps, reporter, ..stands(complaint) }
}

/// Where a report stands.
fn stands(complaint: &Complaint) -> v1::TrackedComplaint {
    let closing = complaint.closing();
    let outcome = closing.map(|closing| closing.outcome);
    let tidings = tidings::of_state(complaint.state(), outcome);
    v1::TrackedComplaint {
        number: complaint.filing.number.clone(),
        category: format!("categories/{}", complaint.category),
        kelurahan_code: complaint.filing.kelurahan_code.clone(),
        state: words::state(complaint.state()).into(),
        outcome: words::outcome(outcome).into(),
        create_time: Some(to_proto(complaint.filing.filed_at)),
        accept_time: complaint.first_accepted_at.map(to_proto),
        resolve_time: complaint.resolved_times.last().copied().map(to_proto),
        close_time: closing.map(|closing| to_proto(closing.at)),
        estimated_finish_date: complaint.estimated_finish.map(|day| day.to_string()).unwrap_or_default(),
        state_text_id: tidings.indonesian.to_owned(),
        state_text_en: tidings.english.to_owned(),
        text: complaint.filing.text.clone(),
        steps: Vec::new(),
        reporter: None,
    }
}

/// A step as a citizen sees it.
fn step(step: &Step) -> v1::TrackedStep {
    let tidings = tidings::of_step(step.command);
    v1::TrackedStep {
        version: step.version,
        command: words::command(step.command).into(),
        state: words::state(step.state).into(),
        time: Some(to_proto(step.at)),
        public_text: step.texts.public.clone(),
        reporter_text: step.texts.reporter.clone(),
        text_id: tidings.map(|tidings| tidings.indonesian.to_owned()).unwrap_or_default(),
        text_en: tidings.map(|tidings| tidings.english.to_owned()).unwrap_or_default(),
    }
}
