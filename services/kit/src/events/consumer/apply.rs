//! Applies what was received: a batch in one transaction, and one by one what a batch could not. The database being down
//! counts against no event.

use std::{collections::HashSet, time::Duration};

use async_nats::jetstream::{AckKind, Message};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{BACK_OFF_MAX, BACK_OFF_MIN, Consumer, HandlerError, Received, ack, parse};
use crate::database::Deadline;

/// Tries of one event before it is parked.
const MAX_ATTEMPTS: i64 = 8;
const MAX_RETRY_DELAY: Duration = Duration::from_secs(8);

impl Consumer {
    pub(super) async fn handle(
        &self,
        batch: Vec<Message>,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<()> {
        let mut fresh = Vec::with_capacity(batch.len());
        for message in batch {
            match (parse(&message), message.info().map_or(1, |info| info.delivered)) {
                (Err(why), _) => self.park_unreadable(&message, &why, shutdown).await?,
                (Ok(event), 1) => fresh.push((message, event)),
                (Ok(event), _) => self.alone(&message, &event, shutdown).await?,
            }
        }
        if fresh.is_empty() {
            return Ok(());
        }
        loop {
            let events: Vec<&Received> = fresh.iter().map(|(_, event)| event).collect();
            match self.apply_all(&events).await {
                Ok(()) => break,
                Err(HandlerError::Database(error)) if is_down(&error) => {
                    self.until_it_answers(&error, shutdown).await?
                }
                Err(error) => {
                    tracing::info!(error = %error, "a batch failed; its events are tried one by one");
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

    /// Applies what the inbox doesn't know yet, all in one transaction.
    async fn apply_all(&self, events: &[&Received]) -> Result<(), HandlerError> {
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        let mut ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let new: Vec<Uuid> = sqlx::query_scalar(
            "INSERT INTO inbox (event_id, consumer) SELECT event_id, $2 FROM UNNEST($1::uuid[]) AS event_id
             ON CONFLICT DO NOTHING RETURNING event_id",
        )
        .bind(&ids)
        .bind(self.key())
        .fetch_all(&mut *transaction)
        .await?;
        let mut new: HashSet<Uuid> = new.into_iter().collect();
        for event in events {
            if new.remove(&event.id) {
                self.subscription.handler.apply(&mut transaction, event).await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// One event by itself, its try counted before its handler is called, so that one that kills the process ends too.
    async fn alone(
        &self,
        message: &Message,
        event: &Received,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<()> {
        loop {
            match self.alone_once(message, event).await {
                Ok(()) => return Ok(()),
                Err(error) if is_down(&error) => self.until_it_answers(&error, shutdown).await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn alone_once(&self, message: &Message, event: &Received) -> Result<(), sqlx::Error> {
        let attempts: i64 = sqlx::query_scalar(
            "INSERT INTO delivery_attempt (event_id, consumer, attempts) VALUES ($1, $2, 1)
             ON CONFLICT (event_id, consumer) DO UPDATE SET attempts = delivery_attempt.attempts + 1
             RETURNING attempts",
        )
        .bind(event.id)
        .bind(self.key())
        .fetch_one(&mut *self.database.acquire().await?)
        .await?;
        if attempts > MAX_ATTEMPTS {
            self.park(message, event.id, "ATTEMPTS_EXHAUSTED", "it failed, or ended the process, each time")
                .await?;
            return Ok(());
        }
        match self.apply_all(&[event]).await {
            Ok(()) => {
                self.forget_attempts(event.id).await?;
                ack(message, AckKind::Ack).await;
            }
            Err(HandlerError::Database(error)) if is_down(&error) => return Err(error),
            Err(HandlerError::Permanent(why)) => self.park(message, event.id, "PERMANENT", &why).await?,
            Err(HandlerError::Database(error)) => {
                let delay = Duration::from_secs(1 << (attempts - 1).min(8)).min(MAX_RETRY_DELAY);
                tracing::warn!(event = %event.id, error = %error, attempts, "an event failed; trying it again");
                ack(message, AckKind::Nak(Some(delay))).await;
            }
        }
        Ok(())
    }

    async fn forget_attempts(&self, event: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM delivery_attempt WHERE event_id = $1 AND consumer = $2")
            .bind(event)
            .bind(self.key())
            .execute(&mut *self.database.acquire().await?)
            .await?;
        Ok(())
    }

    /// Waits, pulling nothing and refusing nothing, until the database answers.
    pub(super) async fn until_it_answers(
        &self,
        error: &sqlx::Error,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<()> {
        tracing::warn!(error = %error, "the database does not answer; consuming stands still");
        let mut back_off = BACK_OFF_MIN;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => anyhow::bail!("shut down while the database did not answer"),
                () = tokio::time::sleep(back_off) => {}
            }
            if self.database.acquire().await.is_ok() {
                return Ok(());
            }
            back_off = (back_off * 2).min(BACK_OFF_MAX);
        }
    }
}

fn is_down(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => database
            .code()
            .is_some_and(|code| ["08", "53", "57P"].iter().any(|class| code.starts_with(class))),
        _ => false,
    }
}
