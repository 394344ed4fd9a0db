//! Compares what this service knows of a producer's aggregates with what the producer knows, by version, and takes what is
//! missing or behind from the producer itself: for a consumer that slept through what the stream keeps, for one that begins
//! from nothing, and for whatever nobody thought of. No command and no caller waits for it.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use sqlx::AssertSqlSafe;
use tonic::{
    Request, Streaming,
    client::Grpc,
    metadata::MetadataValue,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use super::{
    received::Received,
    stream_name,
    subscription::Handler,
    wire::{ExportState, ListVersions, Told, Version, Versions},
};
use crate::database::{Database, Deadline};

/// How long a producer may be silent.
const SILENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);
/// Aggregates unknown to the producer that are counted at once, in each stretch that it tells of.
const MOST_UNKNOWN: i64 = 10_000;
/// The least that an answer's message may be long: an event is at most 600 KiB.
const MESSAGE_BYTES: usize = 2 << 20;

/// Where a consumer keeps the newest that it knows of each aggregate of a type.
#[derive(Clone, Copy, Debug)]
pub struct Projection {
    /// The aggregates' type, as their producer names it, such as `unit`.
    pub aggregate_type: &'static str,
    /// The table; of several rows of an aggregate the newest counts.
    pub table: &'static str,
    /// Its column of the aggregate's id.
    pub id: &'static str,
    /// Its column of the epoch.
    pub epoch: &'static str,
    /// Its column of the version.
    pub version: &'static str,
}

impl Projection {
    /// A table with the columns `id`, `epoch` and `version`.
    #[must_use]
    pub const fn of(aggregate_type: &'static str, table: &'static str) -> Self {
        Self { aggregate_type, table, id: "id", epoch: "epoch", version: "version" }
    }
}

/// How producers are reached: addresses and token are read anew each time, so that both may change.
#[derive(Clone, Debug)]
pub(crate) struct Peers {
    /// One `service=http://host:port` in each line.
    pub(crate) addresses: Option<PathBuf>,
    /// A token with the scopes `<service>.replay`.
    pub(crate) token: Option<PathBuf>,
}

/// A consumer's side of the comparison with one producer.
pub(crate) struct Comparison {
    pub(crate) producer: String,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) database: Database,
    pub(crate) peers: Peers,
}

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) aggregates: i64,
    pub(crate) missing: i64,
    pub(crate) behind: i64,
    /// Known here in a version that the producer has not, or not known to it at all: its database was restored to an
    /// earlier time.
    pub(crate) ahead: i64,
    /// Taken from the producer, of those that were missing or behind.
    pub(crate) repaired: i64,
}

impl Comparison {
    /// Compares, and takes what is missing or behind.
    ///
    /// # Errors
    /// The producer can't be reached, or the database failed.
    pub(crate) async fn run(&self) -> anyhow::Result<Compared> {
        let mut compared = Compared::default();
        for projection in self.handler.projections() {
            let mut answers = self.list(*projection).await?;
            let (mut last, mut unknown) = (Uuid::nil(), HashSet::new());
            while let Some(Versions { versions }) = next(&mut answers).await? {
                // They come in the order of their ids.
                let told: Vec<Uuid> = versions.iter().filter_map(|version| id(&version.resource)).collect();
                let until = told.last().copied().unwrap_or(last);
                unknown.extend(self.not_told(*projection, (last, until), &told).await?);
                last = until;
                let off = self.look(*projection, versions, &mut compared).await?;
                if !off.is_empty() {
                    compared.repaired += self.take(*projection, off).await?;
                }
                let Compared { aggregates, repaired, .. } = compared;
                tracing::debug!(producer = self.producer, aggregates, repaired, "projections are compared");
            }
            unknown.extend(self.not_told(*projection, (last, Uuid::max()), &[]).await?);
            compared.ahead += i64::try_from(self.still_unknown(*projection, unknown).await?)?;
        }
        let Compared { aggregates, missing, behind, ahead, repaired } = compared;
        let producer = &self.producer;
        if missing + behind + ahead > 0 {
            tracing::error!(
                producer,
                aggregates,
                missing,
                behind,
                ahead,
                repaired,
                "a projection was not as its owner has it"
            );
        } else {
            tracing::info!(producer, aggregates, "the projections are as their owner has them");
        }
        Ok(compared)
    }

    async fn list(&self, projection: Projection) -> anyhow::Result<Streaming<Versions>> {
        let asked = ListVersions { aggregate_type: projection.aggregate_type.to_owned() };
        self.ask("ListVersions", asked).await
    }

    /// Aggregates known here with ids after `from` up to `until` that the producer did not tell of.
    async fn not_told(
        &self,
        projection: Projection,
        (from, until): (Uuid, Uuid),
        told: &[Uuid],
    ) -> anyhow::Result<Vec<Uuid>> {
        let Projection { table, id: column, .. } = projection;
        // The names are the service's own, never a caller's.
        Ok(sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT DISTINCT {column} FROM {table} WHERE {column} > $1 AND {column} <= $2 AND {column} <> ALL($3)
             ORDER BY {column} LIMIT $4"
        )))
        .bind(from)
        .bind(until)
        .bind(told)
        .bind(MOST_UNKNOWN)
        .fetch_all(&mut *self.database.acquire().await?)
        .await?)
    }

    /// How many of these the producer doesn't know now either: some may have been made after the listing had begun.
    async fn still_unknown(
        &self,
        projection: Projection,
        mut unknown: HashSet<Uuid>,
    ) -> anyhow::Result<usize> {
        if unknown.is_empty() {
            return Ok(0);
        }
        let mut answers = self.list(projection).await?;
        while let Some(Versions { versions }) = next(&mut answers).await? {
            for told in versions.iter().filter_map(|version| id(&version.resource)) {
                unknown.remove(&told);
            }
        }
        Ok(unknown.len())
    }

    /// Which of these aggregates are missing here or behind.
    async fn look(
        &self,
        projection: Projection,
        versions: Vec<Version>,
        compared: &mut Compared,
    ) -> anyhow::Result<Vec<String>> {
        let ids: Vec<Uuid> = versions.iter().filter_map(|version| id(&version.resource)).collect();
        let Projection { table, id: column, epoch, version, .. } = projection;
        // The names are the service's own, never a caller's.
        let known: Vec<(Uuid, i64, i64)> = sqlx::query_as(AssertSqlSafe(format!(
            "SELECT DISTINCT ON ({column}) {column}, {epoch}, {version} FROM {table} WHERE {column} = ANY($1)
             ORDER BY {column}, {epoch} DESC, {version} DESC"
        )))
        .bind(ids)
        .fetch_all(&mut *self.database.acquire().await?)
        .await?;
        let known: HashMap<Uuid, (i64, i64)> =
            known.into_iter().map(|(id, epoch, version)| (id, (epoch, version))).collect();
        let mut off = Vec::new();
        for told in versions {
            compared.aggregates += 1;
            match id(&told.resource).and_then(|id| known.get(&id)) {
                None => compared.missing += 1,
                Some(known) if *known < (told.epoch, told.version) => compared.behind += 1,
                Some(known) if *known > (told.epoch, told.version) => {
                    compared.ahead += 1;
                    continue;
                }
                Some(_) => continue,
            }
            off.push(told.resource);
        }
        Ok(off)
    }

    /// Takes the newest of these aggregates from the producer, each in a transaction of its own. That an event was applied
    /// before says nothing where its effect is gone, so the inbox is only told.
    async fn take(&self, projection: Projection, resources: Vec<String>) -> anyhow::Result<i64> {
        let aggregate_type = projection.aggregate_type.to_owned();
        let mut answers: Streaming<Told> =
            self.ask("ExportState", ExportState { aggregate_type, resources }).await?;
        let mut taken = 0;
        while let Some(told) = next(&mut answers).await? {
            let header = |key: &str| told.headers.get(key).map(String::as_str);
            let event = Received::parse(header, told.payload.clone()).map_err(|why| {
                anyhow::anyhow!("{} sent an event that can't be read: {why}", self.producer)
            })?;
            self.apply(&event).await?;
            taken += 1;
        }
        Ok(taken)
    }

    async fn apply(&self, event: &Received) -> anyhow::Result<()> {
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        sqlx::query("INSERT INTO inbox (event_id, consumer) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(event.id)
            .bind(stream_name(&self.producer))
            .execute(&mut *transaction)
            .await?;
        self.handler.apply(&mut transaction, event).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Calls a method of the producer's `ReplayService`.
    async fn ask<Asked, Answer>(&self, method: &str, asked: Asked) -> anyhow::Result<Streaming<Answer>>
    where
        Asked: prost::Message + 'static,
        Answer: prost::Message + Default + 'static,
    {
        let mut client =
            Grpc::new(self.peers.channel(&self.producer).await?).max_decoding_message_size(MESSAGE_BYTES);
        client.ready().await?;
        let mut request = Request::new(asked);
        request.metadata_mut().insert("authorization", self.peers.authorization().await?);
        let path = format!("/prima.{}.v1.ReplayService/{method}", self.producer).parse()?;
        let answered = client.server_streaming(request, path, ProstCodec::<Asked, Answer>::default());
        Ok(tokio::time::timeout(SILENCE, answered).await??.into_inner())
    }
}

async fn next<T>(answers: &mut Streaming<T>) -> anyhow::Result<Option<T>> {
    Ok(tokio::time::timeout(SILENCE, answers.message()).await??)
}

impl Peers {
    async fn channel(&self, producer: &str) -> anyhow::Result<Channel> {
        let file = self.addresses.as_ref().ok_or_else(|| anyhow::anyhow!("no --peers-file is given"))?;
        let text = tokio::fs::read_to_string(file).await?;
        let address =
            text.lines().find_map(|line| line.trim().strip_prefix(producer)?.trim_start().strip_prefix('='));
        let address = address.ok_or_else(|| anyhow::anyhow!("{} names no {producer}", file.display()))?;
        Ok(Endpoint::from_shared(address.trim().to_owned())?.connect_timeout(CONNECT).connect().await?)
    }

    async fn authorization(&self) -> anyhow::Result<MetadataValue<tonic::metadata::Ascii>> {
        let file = self.token.as_ref().ok_or_else(|| anyhow::anyhow!("no --peers-token-file is given"))?;
        let token = tokio::fs::read_to_string(file).await?;
        Ok(format!("Bearer {}", token.trim()).parse()?)
    }
}

/// The id in a resource name: its last part.
fn id(resource: &str) -> Option<Uuid> {
    Uuid::parse_str(resource.rsplit('/').next()?).ok()
}
