//! What this service takes from others' events: the tree of units, a fact from each event of a report, and what training
//! did about needs and units.

use jiff::{Timestamp, civil::Date};
use kit::{
    clock::from_proto,
    events::{Handler, HandlerError, Projection, Received, newest_of_each},
};
use prost::{Message, Name};
use proto::{
    complaints::{
        events::v1::{ComplaintFiled, ComplaintSnapshot},
        v1::Confirmation,
    },
    staff::events::v1::UnitChanged,
    training::events::v1::{InterventionRecorded, NeedAnswered},
};
use sqlx::PgConnection;
use tonic::async_trait;
use uuid::Uuid;

use crate::{
    domain::{ProgrammeId, SignalId, UnitId},
    store::{self, fact::Fact, intervention::Intervention, unit::Unit},
};

/// What the full names of all events of reports begin with.
const OF_REPORTS: &str = "prima.complaints.events.v1.Complaint";

/// Staff's events.
pub(crate) struct StaffEvents;

/// Complaints' events.
pub(crate) struct ComplaintEvents;

/// Training's events.
pub(crate) struct TrainingEvents;

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
        // What else staff tells has no use here.
        let changed = events.iter().filter(|event| event.event_type == UnitChanged::full_name());
        let units = changed.map(|event| unit(event)).collect::<Result<_, _>>()?;
        let newest = newest_of_each(units, |unit: &Unit| (unit.id, unit.epoch, unit.version));
        Ok(store::unit::project(connection, &newest).await?)
    }

    fn is_repeatable(&self, _: &str) -> bool {
        true
    }

    fn projections(&self) -> &'static [Projection] {
        const { &[Projection::of("unit", "unit")] }
    }
}

#[async_trait]
impl Handler for ComplaintEvents {
    async fn apply(&self, connection: &mut PgConnection, event: &Received) -> Result<(), HandlerError> {
        self.apply_all(connection, &[event]).await
    }

    async fn apply_all(
        &self,
        connection: &mut PgConnection,
        events: &[&Received],
    ) -> Result<(), HandlerError> {
        let mut facts = Vec::with_capacity(events.len());
        for event in events {
            if let Some(snapshot) = snapshot(event)? {
                facts.push(fact(event, &snapshot)?);
            }
        }
        Ok(store::fact::insert(connection, &facts).await?)
    }

    /// A fact is added once for each event.
    fn is_repeatable(&self, _: &str) -> bool {
        true
    }

    fn projections(&self) -> &'static [Projection] {
        const { &[Projection { id: "complaint", ..Projection::of("complaint", "fact") }] }
    }
}

#[async_trait]
impl Handler for TrainingEvents {
    async fn apply(&self, connection: &mut PgConnection, event: &Received) -> Result<(), HandlerError> {
        let of = event.event_type.as_str();
        if of == NeedAnswered::full_name() {
            let told = decode::<NeedAnswered>(event)?;
            let signal = SignalId(id("needs/", &told.need)?);
            let at = time(told.answer_time.as_ref())?.unwrap_or(event.time);
            store::signal::answer(connection, signal, at).await?;
        } else if of == InterventionRecorded::full_name() {
            let told = decode::<InterventionRecorded>(event)?;
            store::intervention::project(connection, &intervention(event, &told)?).await?;
        }
        // What else training tells has no use here.
        Ok(())
    }

    /// An answer closes whatever is open when it comes.
    fn is_repeatable(&self, event_type: &str) -> bool {
        event_type != NeedAnswered::full_name()
    }

    fn projections(&self) -> &'static [Projection] {
        const { &[Projection::of("intervention", "intervention")] }
    }
}

fn unit(event: &Received) -> Result<Unit, HandlerError> {
    let told = decode::<UnitChanged>(event)?.unit.ok_or_else(|| broken("it holds no unit"))?;
    let parent = if told.parent.is_empty() { None } else { Some(id("units/", &told.parent)?) };
    Ok(Unit { id: id("units/", &told.name)?, epoch: event.epoch, version: event.version, parent })
}

/// The snapshot that an event holds; none for an event of another kind. All of a report's hold it in the same field.
fn snapshot(event: &Received) -> Result<Option<ComplaintSnapshot>, HandlerError> {
    if !event.event_type.starts_with(OF_REPORTS) {
        return Ok(None);
    }
    decode::<ComplaintFiled>(event)?.complaint.map(Some).ok_or_else(|| broken("it holds no snapshot"))
}

fn fact(event: &Received, snapshot: &ComplaintSnapshot) -> Result<Fact, HandlerError> {
    let responsible = snapshot.responsibilities.last().ok_or_else(|| broken("nobody is responsible"))?;
    let filed_at = time(snapshot.file_time.as_ref())?.ok_or_else(|| broken("it was never filed"))?;
    Ok(Fact {
        event_id: event.id,
        complaint: id("complaints/", &snapshot.name)?,
        epoch: event.epoch,
        version: event.version,
        event_type: event.event_type.clone(),
        unit: id("units/", &responsible.unit)?,
        category: snapshot.category.clone(),
        filed_at,
        first_accepted_at: time(snapshot.first_accept_time.as_ref())?,
        resolved_at: time(snapshot.resolve_times.last())?,
        reopened_times: i32::try_from(snapshot.reopen_times.len()).map_err(|_| broken("too many times"))?,
        reopened_at: time(snapshot.reopen_times.last())?,
        closed_at: time(snapshot.close_time.as_ref())?,
        confirmed: snapshot.confirmation() == Confirmation::Confirmed,
        rating: match snapshot.rating {
            0 => None,
            rating => Some(i16::try_from(rating).map_err(|_| broken("the rating is out of range"))?),
        },
        verified: snapshot.verified,
    })
}

fn intervention(event: &Received, told: &InterventionRecorded) -> Result<Intervention, HandlerError> {
    let batch = told.batch.rsplit_once('/').map_or("", |(_, batch)| batch);
    let lottery = if told.lottery.is_empty() { None } else { Some(id("lotteries/", &told.lottery)?) };
    Ok(Intervention {
        id: id("interventions/", &told.intervention)?,
        epoch: event.epoch,
        version: event.version,
        unit: UnitId(id("units/", &told.unit)?),
        programme: ProgrammeId(id("programmes/", &told.programme)?),
        batch: id("", batch)?,
        from_date: day(&told.from_date)?,
        to_date: day(&told.to_date)?,
        dose_jp: told.dose_jp,
        participants: told.participants,
        by_lot: told.by_lot,
        lottery,
    })
}

fn day(text: &str) -> Result<Date, HandlerError> {
    text.parse().map_err(|error| broken(&format!("not a day: {text}: {error}")))
}

fn decode<M: Message + Default>(event: &Received) -> Result<M, HandlerError> {
    M::decode(event.payload.as_slice()).map_err(|error| broken(&format!("undecodable: {error}")))
}

fn id(collection: &str, name: &str) -> Result<Uuid, HandlerError> {
    name.strip_prefix(collection)
        .and_then(|id| Uuid::parse_str(id).ok())
        .ok_or_else(|| broken(&format!("not a name in {collection}: {name}")))
}

fn time(at: Option<&prost_types::Timestamp>) -> Result<Option<Timestamp>, HandlerError> {
    at.map(|at| from_proto(at).map_err(|error| broken(&format!("a time is out of range: {error}"))))
        .transpose()
}

fn broken(why: &str) -> HandlerError {
    HandlerError::Permanent(why.to_owned())
}
