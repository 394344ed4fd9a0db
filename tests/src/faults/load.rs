//! Citizens who report and officers who take reports up, all the time, repeating what was not answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use dev::{
    calls::call,
    client::channel,
    stack::Stack,
    token::{Identity, all_scopes},
};
use proto::{
    complaints::v1::{
        AcceptComplaintRequest, FileComplaintRequest, complaint_service_client::ComplaintServiceClient,
    },
    staff::v1::{ListUnitsRequest, UnitKind, unit_service_client::UnitServiceClient},
};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tonic::transport::Channel;
use uuid::Uuid;

const WORKERS: usize = 16;
/// Reports that must have been led on after a fault, and how long that may take.
const MORE: u64 = 100;
const WITHIN: Duration = Duration::from_secs(60);

/// The load on a stack.
pub(super) struct Load {
    done: Arc<AtomicU64>,
    /// Whoever writes stops the workers between two reports.
    gate: Arc<RwLock<bool>>,
    workers: Vec<JoinHandle<Result<()>>>,
}

impl Load {
    pub(super) async fn start(stack: &Stack) -> Self {
        let identity = Identity {
            subject: "load".to_owned(),
            scopes: all_scopes().unwrap(),
            units: Vec::new(),
            person: Some(format!("people/{}", Uuid::from_u128(1))),
            actor: None,
        };
        let looking = stack.token(&identity).unwrap();
        let staff = channel(&stack.service("staff").unwrap().url()).await.unwrap();
        let province = ListUnitsRequest { kind: UnitKind::Province.into(), ..Default::default() };
        let province = call(&looking, &province, |request| {
            let mut staff = UnitServiceClient::new(staff.clone());
            async move { staff.list_units(request).await }
        });
        let province = province.await.unwrap().units.remove(0).name;
        let token = stack.token(&Identity { units: vec![province], ..identity }).unwrap();
        let address = stack.service("complaints").unwrap().url();
        let (done, gate) = (Arc::<AtomicU64>::default(), Arc::new(RwLock::new(true)));
        let mut workers = Vec::new();
        for _ in 0..WORKERS {
            let worker = Worker {
                complaints: channel(&address).await.unwrap(),
                token: token.clone(),
                done: Arc::clone(&done),
            };
            let gate = Arc::clone(&gate);
            workers.push(tokio::spawn(async move {
                loop {
                    let open: RwLockReadGuard<'_, bool> = gate.read().await;
                    if !*open {
                        return Ok(());
                    }
                    worker.report().await?;
                }
            }));
        }
        Self { done, gate, workers }
    }

    /// How many reports were led on so far.
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Waits until many more reports were led on than before.
    pub(super) async fn more_than(&self, before: u64) -> Result<()> {
        let until = Instant::now() + WITHIN;
        while self.done() < before + MORE {
            if Instant::now() > until || self.workers.iter().any(JoinHandle::is_finished) {
                bail!("{} reports were led on, of {MORE} expected", self.done() - before);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Lets the workers end what they are at, and holds them until the answer is dropped.
    pub(super) async fn pause(&self) -> RwLockWriteGuard<'_, bool> {
        self.gate.write().await
    }

    pub(super) async fn stop(self) {
        *self.gate.write().await = false;
        for worker in self.workers {
            worker.await.unwrap().unwrap();
        }
    }
}

struct Worker {
    complaints: Channel,
    token: String,
    done: Arc<AtomicU64>,
}

impl Worker {
    /// Files a report and takes it up.
    async fn report(&self) -> Result<()> {
        let request = FileComplaintRequest {
            request_id: Uuid::now_v7().to_string(),
            category: "categories/sampah".to_owned(),
            text: "Mohon ditindaklanjuti.".to_owned(),
            kelurahan_code: "31.74.01.1001".to_owned(),
            ..Default::default()
        };
        let filed = call(&self.token, &request, |request| {
            let mut complaints = ComplaintServiceClient::new(self.complaints.clone());
            async move { complaints.file_complaint(request).await }
        })
        .await?;
        let request = AcceptComplaintRequest {
            request_id: Uuid::now_v7().to_string(),
            name: filed.complaint.unwrap_or_default().name,
            ..Default::default()
        };
        call(&self.token, &request, |request| {
            let mut complaints = ComplaintServiceClient::new(self.complaints.clone());
            async move { complaints.accept_complaint(request).await }
        })
        .await?;
        self.done.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
