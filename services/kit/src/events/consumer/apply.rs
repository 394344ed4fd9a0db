//! Applies what was received: a batch in one transaction, and one by one what a batch could not. The database being down
//! counts against no event. What can't be applied is put down as a dead letter, and holds up nobody.

use std::time::Duration;

use async_nats::jetstream::{AckKind, Message};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Consumer, ack};
use crate::{
    database::Deadline,
    events::{
        dead_letter::{self, Reason},
        failure::{Failure, Fault, until_it_answers},
        received::Received,
        retry::{MAX_ATTEMPTS, delay_after},
    },
};

/// Tries after which the stream delivers an event again; after the next it is a dead letter.
const REDELIVERED_ATTEMPTS: i64 = 4;

impl Consumer {
    pub(super) async fn handle(
        &self,
        batch: Vec<Message>,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<()> {
        let mut fresh = Vec::with_capacity(batch.len());
        for message in batch {
            match (parse(&message), message.info().map_or(1, |info| info.delivered)) {
                (Err(why), _) => self.unreadable(&message, why, shutdown).await?,
                (Ok(event), 1) => fresh.push((message, event)),
                (Ok(event), _) => self.alone(&message, &event, shutdown).await?,
            }
        }
        if fresh.is_empty() {
            return Ok(());
        }
        loop {
            let events: Vec<&Received> = fresh.iter().map(|(_, event)| event).collect();
            match self.apply(&events).await {
                Ok(()) => break,
                Err(Failure::Down(error)) => until_it_answers(&self.database, &error, shutdown).await?,
                Err(Failure::Event(Fault { error, .. })) => {
                    tracing::info!(error, "a batch failed; its events are tried one by one");
                    for (message, event) in &fresh {
                        self.alone(message, event, shutdown).await?;
                    }
                    return Ok(());
                }
            }
        }
        for (message, _) in &fresh {
            ack(message, AckKind::Ack).await;
        }
        Ok(())
    }

    async fn apply(&self, events: &[&Received]) -> Result<(), Failure> {
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        let applied = match self.subscription.apply(&mut transaction, events).await {
            Ok(applied) => applied,
            Err(failure) => {
                // Left to the connection's next use, the rows would stay locked until then. Where this fails, they are free.
                let _ = transaction.rollback().await;
                return Err(failure);
            }
        };
        transaction.commit().await?;
        self.subscription.applied.inc_by(applied);
        Ok(())
    }

    /// An event that is older than what the inbox remembers, which does no harm.
    async fn apply_late(&self, event: &Received) -> Result<(), Failure> {
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        if let Err(failure) = self.subscription.apply_late(&mut transaction, event).await {
            let _ = transaction.rollback().await;
            return Err(failure);
        }
        transaction.commit().await?;
        self.subscription.applied.inc();
        Ok(())
    }

    /// One event by itself, its try counted before its handler is called, so that one that kills the process ends too.
    /// That the database goes down meanwhile is not another try.
    async fn alone(
        &self,
        message: &Message,
        event: &Received,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<()> {
        let mut counted = None;
        loop {
            match self.alone_once(message, event, &mut counted).await {
                Ok(()) => return Ok(()),
                Err(Failure::Down(error)) => until_it_answers(&self.database, &error, shutdown).await?,
                Err(Failure::Event(fault)) => anyhow::bail!("event {}: {}", event.id, fault.error),
            }
        }
    }

    async fn alone_once(
        &self,
        message: &Message,
        event: &Received,
        counted: &mut Option<i64>,
    ) -> Result<(), Failure> {
        let attempts = match *counted {
            Some(attempts) => attempts,
            None => match self.count(event.id).await? {
                Some(attempts) => *counted.insert(attempts),
                None => {
                    ack(message, AckKind::Ack).await;
                    return Ok(());
                }
            },
        };
        if attempts > MAX_ATTEMPTS {
            let error = "it failed, or ended the process, each time".to_owned();
            let fault = Fault { reason: Reason::AttemptsExhausted, error };
            return self.park(message, event.id, (MAX_ATTEMPTS, fault)).await;
        }
        let applied = match self.apply(&[event]).await {
            Err(failure) if self.subscription.may_be_late(&failure, event) => self.apply_late(event).await,
            applied => applied,
        };
        match applied {
            Ok(()) => {
                self.forget(event.id).await?;
                ack(message, AckKind::Ack).await;
                Ok(())
            }
            Err(Failure::Event(Fault { reason: Reason::Transient, error })) => {
                self.try_later(message, event.id, (attempts, error)).await
            }
            Err(Failure::Event(fault)) => self.park(message, event.id, (attempts, fault)).await,
            Err(down) => Err(down),
        }
    }

    /// Counts a try, and commits that; `None` where the event's dead letter decides.
    async fn count(&self, event: Uuid) -> Result<Option<i64>, sqlx::Error> {
        sqlx::query_scalar(
            "INSERT INTO delivery_attempt (event_id, consumer, attempts)
             SELECT $1, $2, 1
             WHERE NOT EXISTS (SELECT FROM dead_letter WHERE event_id = $1 AND consumer = $2 AND state <> 'RESOLVED')
             ON CONFLICT (event_id, consumer) DO UPDATE SET attempts = delivery_attempt.attempts + 1
             RETURNING attempts",
        )
        .bind(event)
        .bind(self.subscription.key())
        .fetch_optional(&mut *self.database.acquire().await?)
        .await
    }

    async fn forget(&self, event: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM delivery_attempt WHERE event_id = $1 AND consumer = $2")
            .bind(event)
            .bind(self.subscription.key())
            .execute(&mut *self.database.acquire().await?)
            .await?;
        Ok(())
    }

    /// What failed in a way that may pass: the stream delivers it again, then the clock tries it, then a person decides.
    async fn try_later(
        &self,
        message: &Message,
        id: Uuid,
        (attempts, error): (i64, String),
    ) -> Result<(), Failure> {
        if attempts <= REDELIVERED_ATTEMPTS {
            let delay = delay_after(attempts - 1, self.retry_unit);
            tracing::warn!(event = %id, error, attempts, "an event failed; trying it again");
            ack(message, AckKind::Nak(Some(delay))).await;
            return Ok(());
        }
        if attempts >= MAX_ATTEMPTS {
            let fault = Fault { reason: Reason::AttemptsExhausted, error };
            return self.park(message, id, (attempts, fault)).await;
        }
        tracing::warn!(event = %id, error, attempts, "an event goes on failing; the clock tries it again");
        let fault = Fault { reason: Reason::Transient, error };
        let delay = delay_after(attempts, self.retry_unit);
        self.put_down(message, id, (attempts, &fault), Some(delay)).await?;
        ack(message, AckKind::Ack).await;
        Ok(())
    }

    /// Without a readable id an event gets one from when and where the stream took it, the same at each delivery.
    async fn unreadable(
        &self,
        message: &Message,
        error: String,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<()> {
        let (taken, sequence) = message.info().map_or((0, 0), |info| {
            let nanoseconds = info.published.unix_timestamp_nanos();
            (u64::try_from(nanoseconds).unwrap_or_default(), info.stream_sequence)
        });
        let id = Uuid::from_u64_pair(taken, sequence);
        loop {
            let fault = Fault { reason: Reason::Unreadable, error: error.clone() };
            match self.park(message, id, (0, fault)).await {
                Ok(()) => return Ok(()),
                Err(Failure::Down(error)) => until_it_answers(&self.database, &error, shutdown).await?,
                Err(Failure::Event(fault)) => anyhow::bail!("an unreadable event: {}", fault.error),
            }
        }
    }

    async fn park(
        &self,
        message: &Message,
        id: Uuid,
        (attempts, fault): (i64, Fault),
    ) -> Result<(), Failure> {
        self.put_down(message, id, (attempts, &fault), None).await?;
        let (reason, error) = (fault.reason.word(), fault.error);
        tracing::error!(event = %id, stream = self.subscription.stream, reason, error, "parked an event");
        ack(message, AckKind::Term).await;
        Ok(())
    }

    async fn put_down(
        &self,
        message: &Message,
        id: Uuid,
        tried: (i64, &Fault),
        retry_after: Option<Duration>,
    ) -> Result<(), sqlx::Error> {
        let mut connection = self.database.acquire().await?;
        dead_letter::add(&mut connection, (self.subscription.key(), id), message, tried, retry_after).await
    }
}

fn parse(message: &Message) -> Result<Received, String> {
    let headers = message.headers.as_ref().ok_or("it has no headers")?;
    Received::parse(|key| headers.get(key).map(async_nats::HeaderValue::as_str), message.payload.to_vec())
}
