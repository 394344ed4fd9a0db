//! Citizens who file reports through the real RPC: as many at once as are asked for, or so many a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dev::client::{authorized, channel};
use dev::token::{Identity, all_scopes};
use futures::future::try_join_all;
use proto::complaints::v1::{FileComplaintRequest, complaint_service_client::ComplaintServiceClient};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::bed::{PRODUCER, TestBed};
use crate::measure::milliseconds;

/// Connections to the service: one for this many callers at once.
const CALLERS_PER_CHANNEL: usize = 16;
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
const TEXT: &str =
    "Lampu jalan di depan pasar padam sejak tiga malam dan warga takut lewat. Mohon diperbaiki.";

/// Whoever files.
pub(crate) struct Filing {
    clients: Vec<ComplaintServiceClient<Channel>>,
    token: String,
    /// The codes of kelurahan, which take turns.
    kelurahan: Vec<String>,
    next: AtomicUsize,
}

/// What came of it.
pub(crate) struct Filed {
    /// How long each call took, in milliseconds.
    pub(crate) times_ms: Vec<f64>,
    /// From the first call to the last answer.
    pub(crate) time: Duration,
}

impl Filing {
    /// Connects for this many callers at once.
    pub(crate) async fn connect(bed: &TestBed, callers: usize) -> Result<Arc<Self>> {
        let identity = Identity { subject: "bench".to_owned(), scopes: all_scopes()?, ..Identity::default() };
        let address = bed.stack.service(PRODUCER)?.url();
        let channels = (0..callers.div_ceil(CALLERS_PER_CHANNEL)).map(|_| channel(&address));
        let clients = try_join_all(channels).await?.into_iter().map(ComplaintServiceClient::new).collect();
        let kelurahan: Vec<String> = sqlx::query_scalar(
            "SELECT area FROM complaints.unit, unnest(area_codes) AS served (area)
                 WHERE area ~ '^[0-9]{2}[.][0-9]{2}[.][0-9]{2}[.][0-9]{4}$' ORDER BY 1",
        )
        .fetch_all(&bed.database)
        .await?;
        ensure!(!kelurahan.is_empty(), "no kelurahan is known");
        let token = bed.stack.token(&identity)?;
        Ok(Arc::new(Self { clients, token, kelurahan, next: AtomicUsize::new(0) }))
    }

    /// This many callers, each filing one report after the other.
    pub(crate) async fn at_once(self: &Arc<Self>, callers: usize, slice: Duration) -> Result<Filed> {
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..callers {
            let filing = Arc::clone(self);
            tasks.spawn(async move {
                let mut times_ms = Vec::new();
                while begun.elapsed() < slice {
                    times_ms.push(filing.file().await?);
                }
                anyhow::Ok(times_ms)
            });
        }
        Self::all(tasks, begun).await
    }

    /// So many a second, whether the ones before are answered or not.
    pub(crate) async fn at_a_rate(self: &Arc<Self>, per_second: u32, slice: Duration) -> Result<Filed> {
        let begun = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut tasks = JoinSet::new();
        while begun.elapsed() < slice {
            ticks.tick().await;
            let filing = Arc::clone(self);
            tasks.spawn(async move { Ok(vec![filing.file().await?]) });
        }
        Self::all(tasks, begun).await
    }

    async fn all(mut tasks: JoinSet<Result<Vec<f64>>>, begun: Instant) -> Result<Filed> {
        let mut times_ms = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            times_ms.extend(ended??);
        }
        Ok(Filed { times_ms, time: begun.elapsed() })
    }

    /// Files a report; answers how long it took, in milliseconds.
    async fn file(&self) -> Result<f64> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let message = FileComplaintRequest {
            request_id: Uuid::now_v7().to_string(),
            category: "categories/sampah".to_owned(),
            text: TEXT.to_owned(),
            kelurahan_code: self.kelurahan[number % self.kelurahan.len()].clone(),
            ..Default::default()
        };
        let mut request = authorized(message, &self.token);
        request.set_timeout(CALL_TIMEOUT);
        let mut client = self.clients[number % self.clients.len()].clone();
        let begun = Instant::now();
        client.file_complaint(request).await.context("a report could not be filed")?;
        Ok(milliseconds(begun.elapsed()))
    }
}
