//! Citizens who report and officers who lead reports on, all the time: each repeats what was not answered, and some hang up
//! in the middle of a call and call again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use dev::{
    calls::{Asked, call},
    client::{authorized, channel},
    stack::Stack,
    token::{Identity, all_scopes},
    units,
};
use proto::complaints::v1::{
    AcceptComplaintRequest, ApproveFollowUpRequest, ComplaintOutcome, FileComplaintRequest,
    SubmitFollowUpRequest, complaint_service_client::ComplaintServiceClient,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::sync::{RwLock, RwLockReadGuard};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tonic::{Request, Response, Status, transport::Channel};
use uuid::Uuid;

/// Reports that must have been led on after a fault, and how long that may take.
const MORE: u64 = 50;
const WITHIN: Duration = Duration::from_secs(60);
/// One call of so many is broken off, within this time.
const BROKEN_OFF: u32 = 10;
const BREAK_OFF_MICROS: u64 = 6_000;
/// What a report that is led on tells: filed, accepted, followed up, approved.
pub(super) const EVENTS_PER_REPORT: u64 = 4;

/// The load on a stack.
pub(super) struct Load {
    counts: Arc<Counts>,
    /// Whoever writes stops the workers between two reports.
    gate: Arc<RwLock<bool>>,
    workers: Vec<JoinHandle<Result<()>>>,
}

#[derive(Default)]
struct Counts {
    done: AtomicU64,
    broken_off: AtomicU64,
}

/// What a load did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    /// Reports filed and led on.
    pub(super) reports: u64,
    /// Calls that were broken off, and made again.
    pub(super) broken_off: u64,
}

/// Whose tokens the workers use.
#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) officer: String,
    pub(super) validator: String,
}

impl Tokens {
    pub(super) async fn of(stack: &Stack) -> Result<Self> {
        let identity = |person: u128, units| {
            anyhow::Ok(Identity {
                subject: format!("load-{person}"),
                scopes: all_scopes()?,
                units,
                person: Some(format!("people/{}", Uuid::from_u128(person))),
                actor: None,
            })
        };
        let looking = stack.token(&identity(1, Vec::new())?)?;
        let province = units::province(&stack.service("staff")?.url(), &looking).await?;
        let province = vec![province.context("there is no province")?];
        let token = |person| stack.token(&identity(person, province.clone())?);
        Ok(Self { officer: token(1)?, validator: token(2)? })
    }
}

impl Load {
    /// Starts so many workers, spread over the addresses of complaints' processes.
    pub(super) async fn start(
        stack: &Stack,
        addresses: &[String],
        workers: usize,
        seed: u64,
    ) -> Result<Self> {
        let tokens = Tokens::of(stack).await?;
        let (counts, gate) = (Arc::<Counts>::default(), Arc::new(RwLock::new(true)));
        let mut running = Vec::with_capacity(workers);
        for (number, address) in (0..workers as u64).zip(addresses.iter().cycle()) {
            let mut worker = Worker {
                complaints: ComplaintServiceClient::new(channel(address).await?),
                tokens: tokens.clone(),
                counts: Arc::clone(&counts),
                rng: StdRng::seed_from_u64(seed ^ number),
            };
            let gate = Arc::clone(&gate);
            running.push(tokio::spawn(async move {
                loop {
                    let open: RwLockReadGuard<'_, bool> = gate.read().await;
                    if !*open {
                        return Ok(());
                    }
                    worker.report().await?;
                }
            }));
        }
        Ok(Self { counts, gate, workers: running })
    }

    /// What was done so far.
    pub(super) fn done(&self) -> Done {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Done { reports: count(&self.counts.done), broken_off: count(&self.counts.broken_off) }
    }

    /// Waits until many more reports were led on than before.
    pub(super) async fn more_than(&self, before: Done) -> Result<()> {
        let until = Instant::now() + WITHIN;
        while self.done().reports < before.reports + MORE {
            if Instant::now() > until || self.workers.iter().any(JoinHandle::is_finished) {
                bail!("{} reports were led on, of {MORE} expected", self.done().reports - before.reports);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Lets the workers end what they are at, and holds them until the answer is dropped.
    #[cfg(test)]
    pub(super) async fn pause(&self) -> tokio::sync::RwLockWriteGuard<'_, bool> {
        self.gate.write().await
    }

    /// Lets the workers end what they are at, and go.
    pub(super) async fn stop(self) -> Result<Done> {
        *self.gate.write().await = false;
        for worker in self.workers {
            worker.await??;
        }
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Ok(Done { reports: count(&self.counts.done), broken_off: count(&self.counts.broken_off) })
    }
}

struct Worker {
    complaints: ComplaintServiceClient<Channel>,
    tokens: Tokens,
    counts: Arc<Counts>,
    rng: StdRng,
}

/// A report as it is filed anywhere.
pub(super) fn to_file() -> FileComplaintRequest {
    FileComplaintRequest {
        request_id: Uuid::now_v7().to_string(),
        category: "categories/sampah".to_owned(),
        text: "Mohon ditindaklanjuti.".to_owned(),
        kelurahan_code: "31.74.01.1001".to_owned(),
        ..Default::default()
    }
}

impl Worker {
    /// Files a report and leads it on.
    async fn report(&mut self) -> Result<()> {
        let (officer, validator) = (self.tokens.officer.clone(), self.tokens.validator.clone());
        let filed = self
            .command(&officer, to_file(), |mut complaints, request| async move {
                complaints.file_complaint(request).await
            })
            .await?;
        let name = filed.complaint.context("a filed report has no body")?.name;
        let request_id = Uuid::now_v7().to_string();
        let accept = AcceptComplaintRequest { request_id, name: name.clone(), ..Default::default() };
        self.command(&officer, accept, |mut complaints, request| async move {
            complaints.accept_complaint(request).await
        })
        .await?;
        let submit = SubmitFollowUpRequest {
            request_id: Uuid::now_v7().to_string(),
            name: name.clone(),
            public_text: "Sudah ditindaklanjuti.".to_owned(),
            proposed_outcome: ComplaintOutcome::Fixed.into(),
            ..Default::default()
        };
        self.command(&officer, submit, |mut complaints, request| async move {
            complaints.submit_follow_up(request).await
        })
        .await?;
        let request_id = Uuid::now_v7().to_string();
        let approve = ApproveFollowUpRequest { request_id, name, ..Default::default() };
        self.command(&validator, approve, |mut complaints, request| async move {
            complaints.approve_follow_up(request).await
        })
        .await?;
        self.counts.done.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Calls until there is an answer; now and then hangs up first, at any instant of the call.
    async fn command<A, Answer, Rpc, Answered>(&mut self, token: &str, message: A, rpc: Rpc) -> Result<Answer>
    where
        A: Asked,
        Rpc: Fn(ComplaintServiceClient<Channel>, Request<A>) -> Answered,
        Answered: Future<Output = Result<Response<Answer>, Status>>,
    {
        if self.rng.random_range(0..BROKEN_OFF) == 0 {
            let instant = Duration::from_micros(self.rng.random_range(0..BREAK_OFF_MICROS));
            let first = rpc(self.complaints.clone(), authorized(message.clone(), token));
            if tokio::time::timeout(instant, first).await.is_err() {
                self.counts.broken_off.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(call(token, &message, |request| rpc(self.complaints.clone(), request)).await?)
    }
}
