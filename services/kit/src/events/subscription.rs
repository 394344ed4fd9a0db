//! Which stream a service takes events from, and the one way in which they are applied: the inbox row first, in the
//! transaction of the effect, so that each is applied at most once.

use std::{collections::HashSet, panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use prometheus_client::metrics::counter::Counter;
use sqlx::{Connection, PgConnection};
use tonic::async_trait;
use tracing::Instrument;
use uuid::Uuid;

use super::{
    compare::Projection,
    dead_letter::{DeadLetter, Reason},
    failure::{Failure, Fault, HandlerError},
    known,
    received::Received,
    spans,
};

/// What a service does with events.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Applies one event in the transaction that `connection` is in. Projections guard with `(epoch, version)`; all
    /// else must come to the same end in any order.
    async fn apply(&self, connection: &mut PgConnection, event: &Received) -> Result<(), HandlerError>;

    /// Whether an event of this type may be applied once more, and late, without harm: it carries on a projection that is
    /// guarded, or has no use here. Only such an event is applied where it is older than what the inbox remembers.
    fn is_repeatable(&self, _event_type: &str) -> bool {
        false
    }

    /// Applies events in the transaction that `connection` is in, at once where the handler can: of a batch that fails
    /// nothing stays, and its events are applied one by one.
    async fn apply_all(
        &self,
        connection: &mut PgConnection,
        events: &[&Received],
    ) -> Result<(), HandlerError> {
        for event in events {
            self.apply(connection, event).await?;
        }
        Ok(())
    }

    /// Where it keeps what it knows of the producer's aggregates, to be compared with what the producer knows.
    fn projections(&self) -> &'static [Projection] {
        &[]
    }
}

/// Which stream a service reads, and what it does with it.
#[derive(Clone)]
pub(crate) struct Subscription {
    pub(crate) producer: String,
    pub(crate) stream: String,
    pub(crate) handler: Arc<dyn Handler>,
    /// Counts what was applied and committed.
    pub(crate) applied: Counter,
}

impl Subscription {
    /// What inbox rows, counts and dead letters are kept by.
    pub(super) fn key(&self) -> &str {
        &self.stream
    }

    /// Applies, in the transaction that `connection` is in, what the inbox doesn't know yet; answers how many. An event that
    /// has a dead letter is left to it.
    pub(super) async fn apply(
        &self,
        connection: &mut PgConnection,
        events: &[&Received],
    ) -> Result<u64, Failure> {
        let mut ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let new: Vec<Uuid> = sqlx::query_scalar(
            "INSERT INTO inbox (consumer, event_id)
             SELECT $2, event.id FROM UNNEST($1::uuid[]) AS event (id)
             WHERE NOT EXISTS (SELECT FROM dead_letter
                               WHERE event_id = event.id AND consumer = $2 AND state <> 'RESOLVED')
             ORDER BY event.id
             ON CONFLICT DO NOTHING RETURNING event_id",
        )
        .bind(&ids)
        .bind(self.key())
        .fetch_all(&mut *connection)
        .await
        .map_err(Failure::of_inbox)?;
        let mut new: HashSet<Uuid> = new.into_iter().collect();
        let new: Vec<&Received> = events.iter().copied().filter(|event| new.remove(&event.id)).collect();
        self.call(connection, &new).await?;
        Ok(u64::try_from(new.len()).expect("a batch is small"))
    }

    /// Applies the event of a dead letter, whose row the transaction that `connection` is in has locked. A failure leaves
    /// nothing of it behind and the transaction usable.
    pub(crate) async fn apply_again(
        &self,
        connection: &mut PgConnection,
        letter: &DeadLetter,
    ) -> Result<(), Failure> {
        let event = letter.event().map_err(|why| Failure::event(Reason::Unreadable, why))?;
        let mut savepoint = connection.begin().await?;
        let failure = match self.apply_if_new(&mut savepoint, &event).await {
            Ok(()) => return Ok(savepoint.commit().await?),
            Err(failure) => failure,
        };
        savepoint.rollback().await?;
        if !self.may_be_late(&failure, &event) {
            return Err(failure);
        }
        let mut savepoint = connection.begin().await?;
        match self.apply_late(&mut savepoint, &event).await {
            Ok(()) => Ok(savepoint.commit().await?),
            Err(failure) => {
                savepoint.rollback().await?;
                Err(failure)
            }
        }
    }

    /// Whether an event failed only because the inbox does not reach back to it, and may be applied all the same.
    pub(super) fn may_be_late(&self, failure: &Failure, event: &Received) -> bool {
        matches!(failure, Failure::Event(Fault { reason: Reason::OlderThanInbox, .. }))
            && (event.is_redacted || self.handler.is_repeatable(&event.event_type))
    }

    /// Applies an event that the inbox can't know.
    pub(super) async fn apply_late(
        &self,
        connection: &mut PgConnection,
        event: &Received,
    ) -> Result<(), Failure> {
        self.call(connection, &[event]).await
    }

    async fn apply_if_new(&self, connection: &mut PgConnection, event: &Received) -> Result<(), Failure> {
        let inserted =
            sqlx::query("INSERT INTO inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(self.key())
                .bind(event.id)
                .execute(&mut *connection)
                .await
                .map_err(Failure::of_inbox)?;
        if inserted.rows_affected() == 1 { self.call(connection, &[event]).await } else { Ok(()) }
    }

    /// A panic is a failure of these events, and must not end the consumer. A redacted event has nothing to be applied.
    async fn call(&self, connection: &mut PgConnection, events: &[&Received]) -> Result<(), Failure> {
        let events: Vec<&Received> = events.iter().copied().filter(|event| !event.is_redacted).collect();
        if events.is_empty() {
            return Ok(());
        }
        if let Some(newer) = events.iter().find(|event| !known::is_known(&event.event_type)) {
            let why = format!("this version's contract has no {}", newer.event_type);
            return Err(Failure::event(Reason::UnknownType, why));
        }
        let span = spans::process(&self.stream, events.iter().map(|event| event.traceparent.as_str()));
        let applying = self.handler.apply_all(connection, &events);
        match AssertUnwindSafe(applying).catch_unwind().instrument(span).await {
            Ok(applied) => Ok(applied?),
            Err(_) => Err(Failure::event(Reason::Transient, "its handler panicked; the log says where")),
        }
    }
}
