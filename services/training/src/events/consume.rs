//! What this service takes from others' events: evaluation's needs, and staff's units, seats, people and assignments. It
//! nominates nobody: that is a job's, so that the order in which events arrive doesn't matter.

use jiff::civil::Date;
use kit::events::{Handler, HandlerError, Projection, Received, newest_of_each};
use prost::{Message, Name};
use proto::{
    evaluation::events::v1::TrainingNeedIdentified,
    staff::{
        events::v1::{AssignmentChanged, AssignmentSnapshot, PersonChanged, SeatChanged, UnitChanged},
        v1::AssignmentKind,
    },
};
use sqlx::PgConnection;
use tonic::async_trait;
use uuid::Uuid;

use crate::store::{
    need::{self, Identified},
    staff::{self, Assignment, Told},
};

/// Evaluation's events.
pub(crate) struct EvaluationEvents;

/// Staff's events.
pub(crate) struct StaffEvents;

#[async_trait]
impl Handler for EvaluationEvents {
    async fn apply(&self, connection: &mut PgConnection, event: &Received) -> Result<(), HandlerError> {
        // What else evaluation tells has no use here.
        if event.event_type != TrainingNeedIdentified::full_name() {
            return Ok(());
        }
        let message: TrainingNeedIdentified = decode(event)?;
        if !is_element(&message.element) {
            return Err(HandlerError::Permanent(format!("not an element's code: {}", message.element)));
        }
        let identified = Identified {
            told: told(event, id("needs/", &message.need)?),
            unit: id("units/", &message.unit)?,
            element: message.element,
            event: event.payload.clone(),
            at: event.time,
        };
        need::project(connection, &identified).await?;
        Ok(())
    }

    fn is_repeatable(&self, _: &str) -> bool {
        true
    }

    fn projections(&self) -> &'static [Projection] {
        const {
            &[Projection {
                epoch: "signal_epoch",
                version: "signal_version",
                ..Projection::of("training_need", "need")
            }]
        }
    }
}

#[async_trait]
impl Handler for StaffEvents {
    async fn apply(&self, connection: &mut PgConnection, event: &Received) -> Result<(), HandlerError> {
        self.apply_all(connection, &[event]).await
    }

    async fn apply_all(
        &self,
        connection: &mut PgConnection,
        events: &[&Received],
    ) -> Result<(), HandlerError> {
        let (mut units, mut seats, mut persons, mut assignments) = (vec![], vec![], vec![], vec![]);
        for event in events {
            let is = |name: String| event.event_type == name;
            // What else staff tells has no use here.
            if is(UnitChanged::full_name()) {
                let unit = held(decode::<UnitChanged>(event)?.unit)?;
                let parent = if unit.parent.is_empty() { None } else { Some(id("units/", &unit.parent)?) };
                units.push((told(event, id("units/", &unit.name)?), parent));
            } else if is(SeatChanged::full_name()) {
                let seat = held(decode::<SeatChanged>(event)?.seat)?;
                seats.push((told(event, id("seats/", &seat.name)?), id("units/", &seat.unit)?));
            } else if is(PersonChanged::full_name()) {
                let person = held(decode::<PersonChanged>(event)?.person)?;
                persons.push((told(event, id("people/", &person.name)?), ()));
            } else if is(AssignmentChanged::full_name()) {
                let snapshot = held(decode::<AssignmentChanged>(event)?.assignment)?;
                assignments.push((told(event, id("assignments/", &snapshot.name)?), assignment(&snapshot)?));
            }
        }
        staff::project_units(connection, &newest(units)).await?;
        staff::project_seats(connection, &newest(seats)).await?;
        staff::project_persons(connection, &newest(persons)).await?;
        staff::project_assignments(connection, &newest(assignments)).await?;
        Ok(())
    }

    fn is_repeatable(&self, _: &str) -> bool {
        true
    }

    fn projections(&self) -> &'static [Projection] {
        const {
            &[
                Projection::of("unit", "unit"),
                Projection::of("seat", "seat"),
                Projection::of("person", "person"),
                Projection::of("assignment", "assignment"),
            ]
        }
    }
}

fn newest<Given>(rows: Vec<(Told, Given)>) -> Vec<(Told, Given)> {
    newest_of_each(rows, |(told, _)| (told.id, told.epoch, told.version))
}

fn assignment(snapshot: &AssignmentSnapshot) -> Result<Assignment, HandlerError> {
    Ok(Assignment {
        seat: id("seats/", &snapshot.seat)?,
        unit: id("units/", &snapshot.unit)?,
        person: id("people/", &snapshot.person)?,
        definitive: snapshot.kind() == AssignmentKind::Definitive,
        valid_from: day(&snapshot.valid_from)?,
        valid_until: if snapshot.valid_until.is_empty() { None } else { Some(day(&snapshot.valid_until)?) },
    })
}

fn told(event: &Received, id: Uuid) -> Told {
    Told { id, epoch: event.epoch, version: event.version }
}

fn decode<M: Message + Default>(event: &Received) -> Result<M, HandlerError> {
    M::decode(event.payload.as_slice())
        .map_err(|error| HandlerError::Permanent(format!("undecodable: {error}")))
}

fn held<T>(snapshot: Option<T>) -> Result<T, HandlerError> {
    snapshot.ok_or_else(|| HandlerError::Permanent("it holds no snapshot".to_owned()))
}

fn id(collection: &str, name: &str) -> Result<Uuid, HandlerError> {
    name.strip_prefix(collection)
        .and_then(|id| Uuid::parse_str(id).ok())
        .ok_or_else(|| HandlerError::Permanent(format!("not a name in {collection}: {name}")))
}

fn day(text: &str) -> Result<Date, HandlerError> {
    text.parse().map_err(|_| HandlerError::Permanent(format!("not a day: {text}")))
}

/// `U1` to `U99`.
fn is_element(code: &str) -> bool {
    let digits = code.strip_prefix('U').unwrap_or_default();
    matches!(digits.len(), 1 | 2)
        && !digits.starts_with('0')
        && digits.bytes().all(|digit| digit.is_ascii_digit())
}
