//! What staff and evaluation publish, and what this service does.

use std::time::Duration;

use async_nats::jetstream::{
    self,
    consumer::pull,
    stream::{Config, Stream},
};
use dev::harness::World;
use futures::StreamExt;
use jiff::{ToSpan, civil::Date};
use kit::events::stream_name;
use prost::{Message, Name};
use proto::{
    evaluation::{
        events::v1::TrainingNeedIdentified,
        v1::{PeriodEvidence, SignalEvidence},
    },
    staff::{
        events::v1::{
            AssignmentChanged, AssignmentSnapshot, PersonChanged, PersonSnapshot, SeatChanged, SeatSnapshot,
            UnitChanged,
        },
        v1::{AssignmentKind, Unit},
    },
};
use uuid::Uuid;

use super::{WITHIN, today};

/// NATS, in the test's account.
pub(super) struct Road {
    jetstream: jetstream::Context,
}

impl Road {
    /// Connects, and makes the streams that staff and evaluation would make.
    pub(super) async fn connect(world: &World) -> Self {
        let jetstream = jetstream::new(dev::client::nats(world.nats_url()).await.unwrap());
        for producer in ["staff", "evaluation"] {
            let subjects = vec![format!("evt.{producer}.>")];
            let name = stream_name(producer);
            jetstream
                .create_stream(Config { name, subjects, max_bytes: 16 << 20, ..Default::default() })
                .await
                .unwrap();
        }
        Self { jetstream }
    }

    pub(super) async fn unit(&self, unit: Uuid, parent: Option<Uuid>) {
        let message = UnitChanged {
            unit: Some(Unit {
                name: format!("units/{unit}"),
                parent: parent.map(|parent| format!("units/{parent}")).unwrap_or_default(),
                ..Default::default()
            }),
        };
        self.publish("staff", 1, &message).await;
    }

    pub(super) async fn seat(&self, (seat, unit): (Uuid, Uuid), version: i64) {
        let message = SeatChanged {
            seat: Some(SeatSnapshot {
                name: format!("seats/{seat}"),
                unit: format!("units/{unit}"),
                ..Default::default()
            }),
        };
        self.publish("staff", version, &message).await;
    }

    pub(super) async fn person(&self, person: Uuid) {
        let snapshot = PersonSnapshot { name: format!("people/{person}"), ..Default::default() };
        self.publish("staff", 1, &PersonChanged { person: Some(snapshot) }).await;
    }

    /// That a person has a seat on certain days; answers the assignment, to be told of anew.
    pub(super) async fn assignment(
        &self,
        (assignment, version): (Uuid, i64),
        (person, seat, unit): (Uuid, Uuid, Uuid),
        (kind, days): (AssignmentKind, (Date, Option<Date>)),
    ) {
        let message = AssignmentChanged {
            assignment: Some(AssignmentSnapshot {
                name: format!("assignments/{assignment}"),
                seat: format!("seats/{seat}"),
                unit: format!("units/{unit}"),
                person: format!("people/{person}"),
                kind: kind.into(),
                valid_from: days.0.to_string(),
                valid_until: days.1.map(|day| day.to_string()).unwrap_or_default(),
                ..Default::default()
            }),
        };
        self.publish("staff", version, &message).await;
    }

    /// Somebody new with a seat of their own in a unit since yesterday.
    pub(super) async fn seated(&self, unit: Uuid) -> Uuid {
        let (person, seat) = (Uuid::now_v7(), Uuid::now_v7());
        self.seat((seat, unit), 1).await;
        let since = (AssignmentKind::Definitive, (today() - 1.day(), None));
        self.assignment((Uuid::now_v7(), 1), (person, seat, unit), since).await;
        self.person(person).await;
        person
    }

    /// A need of a unit; its name.
    pub(super) async fn need(&self, unit: Uuid, element: &str) -> String {
        let id = Uuid::now_v7();
        self.need_again((id, 1), unit, element, "70.10").await;
        format!("needs/{id}")
    }

    /// What evaluation tells of a need, with the index it rests on.
    pub(super) async fn need_again(&self, (id, version): (Uuid, i64), unit: Uuid, element: &str, ikm: &str) {
        let period =
            PeriodEvidence { period: "2027-Q1".to_owned(), ikm: ikm.to_owned(), ..Default::default() };
        let message = TrainingNeedIdentified {
            need: format!("needs/{id}"),
            signal: format!("signals/{id}"),
            unit: format!("units/{unit}"),
            norm: format!("norms/{}", Uuid::nil()),
            element: element.to_owned(),
            evidence: Some(SignalEvidence { periods: vec![period], as_known_at: None }),
        };
        self.publish("evaluation", version, &message).await;
    }

    pub(super) async fn publish<M: Message + Name>(&self, producer: &str, version: i64, message: &M) {
        self.publish_as(producer, (Uuid::now_v7(), version), message).await;
    }

    /// Publishes an event under an id.
    pub(super) async fn publish_as<M: Message + Name>(
        &self,
        producer: &str,
        (id, version): (Uuid, i64),
        message: &M,
    ) {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("ce-id", id.to_string().as_str());
        headers.insert("ce-type", M::full_name().as_str());
        headers.insert("ce-subject", "something");
        headers.insert("ce-time", kit::clock::Clock::default().now().to_string().as_str());
        headers.insert("ce-primaepoch", "1");
        headers.insert("ce-primaversion", version.to_string().as_str());
        let subject = format!("evt.{producer}.something.0.changed");
        let sent = self.jetstream.publish_with_headers(subject, headers, message.encode_to_vec().into());
        sent.await.unwrap().await.unwrap();
    }

    /// The first `count` messages of a type that the service published, in the stream's order.
    pub(super) async fn told<M: Message + Name + Default>(&self, count: usize) -> Vec<M> {
        let stream = self.own_stream().await;
        let consumer = stream.create_consumer(pull::Config::default()).await.unwrap();
        let mut messages = consumer.messages().await.unwrap();
        let mut told = Vec::new();
        while told.len() < count {
            let message = tokio::time::timeout(WITHIN, messages.next()).await;
            let message = message.expect("the event has not come in time").unwrap().unwrap();
            let of_type = message.headers.as_ref().and_then(|headers| headers.get("ce-type"));
            if of_type.is_some_and(|name| name.as_str() == M::full_name()) {
                told.push(M::decode(message.payload.clone()).unwrap());
            }
        }
        told
    }

    async fn own_stream(&self) -> Stream {
        let deadline = std::time::Instant::now() + WITHIN;
        loop {
            if let Ok(stream) = self.jetstream.get_stream(stream_name(crate::SERVICE)).await {
                return stream;
            }
            assert!(std::time::Instant::now() < deadline, "the service has made no stream in {WITHIN:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
