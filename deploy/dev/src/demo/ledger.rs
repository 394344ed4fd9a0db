//! Counts events where they are: committed in the databases, published in the streams, applied in the inboxes. It only
//! reads.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, Result, bail};
use async_nats::jetstream;
use futures::TryStreamExt;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::{sync::Mutex, time::Instant};

use super::period::business_now;
use crate::{client, clock::DevelopmentClock, cluster::SERVICES, stack::Stack};

/// How long events may be under way once nobody makes new ones.
const QUIET_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);
/// Who reads whose events, as the services are built: a missing consumer would otherwise look like a quiet one.
const CONSUMERS: usize = 6;

/// A reader of all counts of one stack.
pub(super) struct Ledger {
    database: Mutex<PgConnection>,
    jetstream: jetstream::Context,
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    committed: i64,
    published: i64,
    applied: i64,
    pending: i64,
    dead_letters: i64,
    /// What `applied` must come to: the sum, over all consumers, of the events in the streams they consume.
    to_apply: i64,
}

impl Ledger {
    pub(super) async fn connect(stack: &Stack) -> Result<Self> {
        let database = PgConnection::connect(&stack.superuser_url()).await?;
        let jetstream = jetstream::new(client::nats(stack.nats_url()).await?);
        Ok(Self { database: Mutex::new(database), jetstream })
    }

    /// Waits until nothing is under way: nothing pending, and all that is published applied by everyone who consumes it.
    pub(super) async fn quiet(&self) -> Result<Counts> {
        let until = Instant::now() + QUIET_WITHIN;
        loop {
            let counts = self.count().await?;
            let all = counts.pending == 0
                && counts.published == counts.committed
                && counts.applied == counts.to_apply
                && counts.to_apply > 0;
            if all || counts.dead_letters > 0 {
                return Ok(counts);
            }
            if Instant::now() > until {
                bail!("events are still under way after {QUIET_WITHIN:?}: {counts:?}");
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the clock of reports has done what is due by now, so that no call races with it.
    pub(super) async fn settled(&self, clock: &DevelopmentClock) -> Result<()> {
        let until = Instant::now() + QUIET_WITHIN;
        loop {
            let statement =
                "SELECT count(*) FROM complaints.complaint WHERE next_due_at <= to_timestamp($1::bigint)";
            let due: i64 = sqlx::query_scalar(statement)
                .bind(business_now(clock)?.as_second())
                .fetch_one(&mut *self.database.lock().await)
                .await?;
            if due == 0 {
                return Ok(());
            }
            if Instant::now() > until {
                bail!("{due} reports are still due after {QUIET_WITHIN:?}");
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn count(&self) -> Result<Counts> {
        let mut counts = Counts::default();
        let mut database = self.database.lock().await;
        for service in SERVICES {
            let statement = format!(
                "SELECT (SELECT count(*) FROM {service}.event_log), (SELECT count(*) FROM {service}.outbox_pending),
                        (SELECT count(*) FROM {service}.inbox),
                        (SELECT count(*) FROM {service}.dead_letter WHERE state IN ('WAITING', 'PARKED'))"
            );
            let (committed, pending, applied, dead_letters): (i64, i64, i64, i64) =
                sqlx::query_as(AssertSqlSafe(statement)).fetch_one(&mut *database).await?;
            counts.committed += committed;
            counts.pending += pending;
            counts.applied += applied;
            counts.dead_letters += dead_letters;
        }
        // How many days have a signed root depends on when the service looked while the days went by here: not counted.
        let roots = "SELECT count(*) FROM complaints.event_log WHERE aggregate_type = 'ledger_root'";
        let roots: i64 = sqlx::query_scalar(roots).fetch_one(&mut *database).await?;
        counts.committed -= roots;
        drop(database);
        let mut consumers = BTreeSet::new();
        for service in SERVICES {
            let name = kit::events::stream_name(service);
            // A stream is made by its service as soon as that is connected.
            let Ok(mut stream) = self.jetstream.get_stream(&name).await else { continue };
            let uncounted = if service == "complaints" { roots } else { 0 };
            let held = i64::try_from(stream.info().await.context("no word of a stream")?.state.messages)?;
            let messages = held - uncounted;
            let mut durables: Vec<String> = stream.consumer_names().try_collect().await?;
            // A service that looks through its own stream reads it by a consumer with a name of no meaning, for a while.
            durables.retain(|durable| SERVICES.contains(&durable.as_str()));
            counts.published += messages;
            let takers = i64::try_from(durables.len())?;
            counts.to_apply += messages * takers;
            counts.applied -= uncounted * takers;
            consumers.extend(durables.into_iter().map(|durable| (service, durable)));
        }
        if consumers.len() < CONSUMERS {
            counts.to_apply = 0;
        }
        Ok(counts)
    }
}

impl Counts {
    /// What was added since.
    pub(super) fn since(self, before: &Self) -> Self {
        Self {
            committed: self.committed - before.committed,
            published: self.published - before.published,
            applied: self.applied - before.applied,
            to_apply: self.to_apply - before.to_apply,
            pending: self.pending,
            dead_letters: self.dead_letters,
        }
    }

    pub(super) fn to_json(self) -> Value {
        json!({
            "committed": self.committed,
            "published": self.published,
            "applied": self.applied,
            "pending": self.pending,
            "dead_letters": self.dead_letters,
        })
    }
}
