//! Writes events in the transaction of the change they tell of: into history, and into what the stream has not got yet.
//! It never touches the network.

use jiff::Timestamp;
use opentelemetry::propagation::Injector;
use prost::{Message, Name};
use serde_json::{Map, Value};
use sqlx::PgConnection;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use uuid::Uuid;

use super::shard;

/// A fact about one aggregate.
#[derive(Clone, Debug)]
pub struct Event {
    service: &'static str,
    aggregate_type: &'static str,
    aggregate_id: Uuid,
    version: i64,
    event_type: String,
    verb: &'static str,
    resource: String,
    time: Timestamp,
    payload: Vec<u8>,
}

impl Event {
    /// The fact that `message` tells: `service` published that the `aggregate_type` of this id did `verb` (as in
    /// `evt.<service>.<aggregate_type>.<shard>.<verb>`), which made its version this. `time` is business time.
    #[must_use]
    pub fn new<M: Message + Name>(
        service: &'static str,
        (aggregate_type, verb): (&'static str, &'static str),
        (aggregate_id, version): (Uuid, i64),
        resource: String,
        time: Timestamp,
        message: &M,
    ) -> Self {
        Self {
            service,
            aggregate_type,
            aggregate_id,
            version,
            event_type: M::full_name(),
            verb,
            resource,
            time,
            payload: message.encode_to_vec(),
        }
    }

    fn subject(&self) -> String {
        format!("evt.{}.{}.{}.{}", self.service, self.aggregate_type, shard(self.aggregate_id), self.verb)
    }

    /// CloudEvents 1.0 attributes, but those that are known only when it is sent (epoch, version and id have columns).
    fn headers(&self) -> Value {
        let mut headers = Map::new();
        let mut put = |key: &str, value: String| headers.insert(key.to_owned(), Value::String(value));
        put("ce-specversion", "1.0".to_owned());
        put("ce-type", self.event_type.clone());
        put("ce-source", format!("//prima/{}", self.service));
        put("ce-subject", self.resource.clone());
        put("ce-time", self.time.to_string());
        put("ce-datacontenttype", "application/protobuf".to_owned());
        put("ce-dataschema", format!("type.googleapis.com/{}", self.event_type));
        let context = tracing::Span::current().context();
        opentelemetry::global::get_text_map_propagator(|propagator| {
            propagator.inject_context(&context, &mut MapInjector(&mut headers));
        });
        Value::Object(headers)
    }
}

struct MapInjector<'a>(&'a mut Map<String, Value>);

impl Injector for MapInjector<'_> {
    fn set(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), Value::String(value));
    }
}

/// Appends events, in order, in the caller's transaction. The caller holds the lock of each aggregate's row, so version
/// order is commit order. Wake the relay after the commit.
///
/// # Errors
/// The database failed, or a payload is over 512 KiB.
pub async fn append(connection: &mut PgConnection, events: &[Event]) -> Result<(), sqlx::Error> {
    let mut ids = Vec::with_capacity(events.len());
    let mut shards = Vec::with_capacity(events.len());
    let mut headers = Vec::with_capacity(events.len());
    let mut subjects = Vec::with_capacity(events.len());
    for event in events {
        ids.push(Uuid::now_v7());
        shards.push(i16::try_from(shard(event.aggregate_id)).expect("there are 16 shards"));
        headers.push(event.headers().to_string());
        subjects.push(event.subject());
    }
    let column = |pick: fn(&Event) -> String| events.iter().map(pick).collect::<Vec<_>>();
    sqlx::query(
        "WITH logged AS (
             INSERT INTO event_log
                 (event_id, shard, aggregate_type, aggregate_id, epoch, version, event_type, subject, headers, payload)
             SELECT event_id, shard, aggregate_type, aggregate_id, (SELECT max(epoch) FROM history_epoch), version,
                    event_type, subject, headers::jsonb, payload
             FROM UNNEST($1::uuid[], $2::smallint[], $3::text[], $4::uuid[], $5::bigint[], $6::text[], $7::text[],
                         $8::text[], $9::bytea[]) WITH ORDINALITY
                  AS event (event_id, shard, aggregate_type, aggregate_id, version, event_type, subject, headers,
                            payload, position)
             ORDER BY position
             RETURNING shard, id, recorded_at
         )
         INSERT INTO outbox_pending (shard, id, recorded_at) SELECT shard, id, recorded_at FROM logged",
    )
    .bind(ids)
    .bind(shards)
    .bind(column(|event| event.aggregate_type.to_owned()))
    .bind(events.iter().map(|event| event.aggregate_id).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.version).collect::<Vec<_>>())
    .bind(column(|event| event.event_type.clone()))
    .bind(subjects)
    .bind(headers)
    .bind(events.iter().map(|event| event.payload.clone()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
