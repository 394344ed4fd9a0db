//! What a service told and its restored database does not know: in a new epoch, and before the process is ready, the
//! resources that an event of one kind was told of are read from the service's own stream and given to it, so that it does
//! again what must not be undone. What the event means is the service's.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::consumer::DeliverPolicy;
use tonic::async_trait;

use super::{inspect::Found, reading::Reading, road::Road};
use crate::{database::Database, readiness::Readiness};

/// How often the epoch is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// The same, until it was looked at for the first time.
const FIRST: Duration = Duration::from_millis(20);
const CONDITION: &str = "recall";

/// Does again what was told.
#[async_trait]
pub trait Recall: Send + Sync + 'static {
    /// The subject of the events, but for what all subjects of the service begin with, such as `order.*.cancelled`.
    fn subject(&self) -> &'static str;

    /// Does for these resources what the event tells of, where it is not done. It may be called again.
    async fn recall(&self, resources: Vec<String>) -> anyhow::Result<()>;
}

/// Sees to it for as long as the process lives.
pub(crate) async fn run(recall: Arc<dyn Recall>, (database, road): (Database, Road), readiness: Readiness) {
    readiness.set(CONDITION, Some("it was not looked yet whether the database was restored".to_owned()));
    let mut pause = FIRST;
    loop {
        match new_epoch(recall.subject(), &database).await {
            Ok(None) => {
                readiness.set(CONDITION, None);
                pause = EVERY;
            }
            Ok(Some(epoch)) => match turn(recall.as_ref(), epoch, (&database, &road)).await {
                Ok(()) => continue,
                Err(error) => {
                    readiness.set(CONDITION, Some(format!("what was told can't be recalled: {error:#}")));
                }
            },
            // Whether the database answers is another condition.
            Err(error) => tracing::debug!(error = %error, "the epoch can't be read"),
        }
        tokio::time::sleep(pause).await;
    }
}

/// The epoch, where nothing was recalled in it yet.
async fn new_epoch(subject: &str, database: &Database) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT max(epoch) FROM history_epoch
         WHERE epoch > (SELECT coalesce(max(epoch), 0) FROM recalled_epoch WHERE subject = $1)",
    )
    .bind(subject)
    .fetch_one(&mut *database.acquire().await?)
    .await
}

async fn turn(recall: &dyn Recall, epoch: i64, (database, road): (&Database, &Road)) -> anyhow::Result<()> {
    let subject = recall.subject();
    let resources = road.resources_under(&format!("evt.{}.{subject}", road.service)).await?;
    if !resources.is_empty() {
        tracing::info!(
            epoch,
            subject,
            resources = resources.len(),
            "a new epoch: what was told is done again"
        );
        recall.recall(resources).await?;
    }
    sqlx::query("INSERT INTO recalled_epoch (epoch, subject) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(epoch)
        .bind(subject)
        .execute(&mut *database.acquire().await?)
        .await?;
    Ok(())
}

impl Road {
    /// The resources that the stream's events under a subject are about; none where there is no stream.
    async fn resources_under(&self, subject: &str) -> anyhow::Result<Vec<String>> {
        match self.look_at_stream().await {
            Found::Present(_) => {}
            Found::Absent => return Ok(Vec::new()),
            Found::Unknown => anyhow::bail!("NATS does not answer"),
        }
        let stream = self.own_stream().await?;
        let mut reading = Reading::begin(&stream, DeliverPolicy::All, subject).await?;
        let mut resources = Vec::new();
        while let Some((_, headers)) = reading.next_headers().await? {
            resources.extend(headers.get("ce-subject").map(|name| name.as_str().to_owned()));
        }
        Ok(resources)
    }
}
