//! Parks, whole, what could not be applied, until a person decides.

use async_nats::jetstream::{AckKind, Message};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Consumer, ack};

impl Consumer {
    pub(super) async fn park_unreadable(
        &self,
        message: &Message,
        why: &str,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<()> {
        let sequence = message.info().map_or(0, |info| info.stream_sequence);
        // Without a readable id it gets one from its place in the stream, the same at each delivery.
        let id = Uuid::from_u64_pair(0, sequence);
        while let Err(error) = self.park(message, id, "UNREADABLE", why).await {
            self.until_it_answers(&error, shutdown).await?;
        }
        Ok(())
    }

    pub(super) async fn park(
        &self,
        message: &Message,
        id: Uuid,
        reason: &str,
        error: &str,
    ) -> Result<(), sqlx::Error> {
        let headers: serde_json::Map<String, serde_json::Value> = message
            .headers
            .iter()
            .flat_map(async_nats::HeaderMap::iter)
            .filter_map(|(key, values)| Some((key.to_string(), values.first()?.as_str().into())))
            .collect();
        sqlx::query(
            "INSERT INTO dead_letter (event_id, consumer, stream, subject, headers, payload, reason, error, attempts, state)
             VALUES ($1, $2, $2, $3, $4::text::jsonb, $5, $6, $7,
                     coalesce((SELECT attempts FROM delivery_attempt WHERE event_id = $1 AND consumer = $2), 1), 'PARKED')
             ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(self.key())
        .bind(message.subject.as_str())
        .bind(serde_json::Value::Object(headers).to_string())
        .bind(&message.payload[..])
        .bind(reason)
        .bind(error)
        .execute(&mut *self.database.acquire().await?)
        .await?;
        tracing::error!(event = %id, stream = self.subscription.stream, reason, error, "parked an event");
        ack(message, AckKind::Term).await;
        Ok(())
    }
}
