//! How far this service is behind: with telling its own events, and with applying others'. It answers what the database
//! knows where NATS doesn't answer.

use std::collections::HashMap;

use futures::future::join_all;
use prost_types::Duration;
use proto::ops::v1::{ConsumerLag, GetLagResponse, OutboxLag, Presence, Watermark};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Operations, failure::Failure};
use crate::{clock::to_proto, events::Found, stored::Instant};

const MICROSECONDS: i64 = 1_000_000;

impl Operations {
    pub(super) async fn lag(&self) -> Result<GetLagResponse, Failure> {
        let outbox = async {
            let mut outbox = pending(&mut *self.database.acquire().await?).await?;
            outbox.stream = self.road.own_stream_name();
            let (presence, info) = found(self.road.look_at_stream().await);
            outbox.stream_presence = presence.into();
            outbox.messages = info.map_or(0, |info| number(info.state.messages));
            Ok(outbox)
        };
        let consumers = async {
            let mut letters = open_letters(&mut *self.database.acquire().await?).await?;
            let consumers = self.subscriptions.iter().map(|subscription| {
                let letters = letters.remove(&subscription.stream).unwrap_or_default();
                self.consumer_lag(&subscription.stream, letters)
            });
            join_all(consumers).await.into_iter().collect::<Result<Vec<_>, _>>()
        };
        let days = async { Ok(self.database.days_ahead().await?) };
        let (outbox, consumers, partition_days_ahead) = futures::try_join!(outbox, consumers, days)?;
        Ok(GetLagResponse { outbox: Some(outbox), consumers, partition_days_ahead })
    }

    /// The same for those who look again and again; none where the database does not answer.
    pub(crate) async fn observed(&self) -> Option<GetLagResponse> {
        match self.lag().await {
            Ok(lag) => Some(lag),
            Err(error) => {
                tracing::debug!(?error, "the lag can't be observed");
                None
            }
        }
    }

    async fn consumer_lag(
        &self,
        stream: &str,
        (waiting, parked): (i64, i64),
    ) -> Result<ConsumerLag, Failure> {
        let applied: Option<Instant> = sqlx::query_scalar(
            "SELECT applied_at FROM inbox WHERE consumer = $1 ORDER BY event_id DESC LIMIT 1",
        )
        .bind(stream)
        .fetch_optional(&mut *self.database.acquire().await?)
        .await?;
        let (presence, info) = found(self.road.look_at_durable(stream).await);
        let mut lag = ConsumerLag {
            stream: stream.to_owned(),
            consumer: self.road.durable_name().to_owned(),
            consumer_presence: presence.into(),
            dead_letters_waiting: waiting,
            dead_letters_parked: parked,
            last_apply_time: applied.map(|at| to_proto(at.to_jiff())),
            ..ConsumerLag::default()
        };
        if let Some(info) = info {
            lag.pending = number(info.num_pending);
            lag.ack_pending = number(info.num_ack_pending);
            lag.redelivered = number(info.num_redelivered);
        }
        Ok(lag)
    }
}

/// What the stream has not acknowledged.
async fn pending(connection: &mut PgConnection) -> Result<OutboxLag, sqlx::Error> {
    let (pending, age): (i64, Option<i64>) = sqlx::query_as(
        "SELECT count(*), (extract(epoch FROM clock_timestamp() - min(recorded_at)) * 1000000)::bigint FROM outbox_pending",
    )
    .fetch_one(&mut *connection)
    .await?;
    let oldest_pending_age = age.map(|age| Duration {
        seconds: age / MICROSECONDS,
        nanos: i32::try_from(age % MICROSECONDS * 1_000).unwrap_or_default(),
    });
    let watermark = watermark(connection).await?;
    Ok(OutboxLag { pending, oldest_pending_age, watermark, ..OutboxLag::default() })
}

/// What the stream was last seen to hold.
async fn watermark(connection: &mut PgConnection) -> Result<Option<Watermark>, sqlx::Error> {
    let seen: Option<(Instant, i64, Uuid, Instant)> = sqlx::query_as(
        "SELECT stream_created, sequence, event_id, checked_at FROM stream_check WHERE sequence IS NOT NULL
         ORDER BY checked_at DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    Ok(seen.map(|(created, sequence, event, checked)| Watermark {
        stream_create_time: Some(to_proto(created.to_jiff())),
        sequence,
        event: event.to_string(),
        check_time: Some(to_proto(checked.to_jiff())),
    }))
}

/// By stream, how many dead letters are WAITING and PARKED.
async fn open_letters(connection: &mut PgConnection) -> Result<HashMap<String, (i64, i64)>, sqlx::Error> {
    let counts: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT consumer, count(*) FILTER (WHERE state = 'WAITING'), count(*) FILTER (WHERE state = 'PARKED')
         FROM dead_letter WHERE state IN ('WAITING', 'PARKED') GROUP BY consumer",
    )
    .fetch_all(connection)
    .await?;
    Ok(counts.into_iter().map(|(stream, waiting, parked)| (stream, (waiting, parked))).collect())
}

fn found<T>(found: Found<T>) -> (Presence, Option<T>) {
    match found {
        Found::Present(info) => (Presence::Present, Some(info)),
        Found::Absent => (Presence::Absent, None),
        Found::Unknown => (Presence::Unknown, None),
    }
}

fn number(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
