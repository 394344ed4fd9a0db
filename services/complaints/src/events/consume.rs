//! What this service takes from others' events: the tree of units, by which reports are routed and seen, and the holidays,
//! by which working days are counted.

use jiff::civil::Date;
use kit::events::{Handler, HandlerError, Projection, Received};
use prost::{Message, Name};
use proto::staff::{
    events::v1::{CalendarPublished, CalendarSnapshot, UnitChanged},
    v1,
};
use sqlx::PgConnection;
use tonic::async_trait;
use uuid::Uuid;

use crate::store::{self, unit::Unit};

/// Staff's events.
pub(crate) struct StaffEvents;

#[async_trait]
impl Handler for StaffEvents {
    async fn apply(&self, connection: &mut PgConnection, event: &Received) -> Result<(), HandlerError> {
        let of = event.event_type.as_str();
        if of == UnitChanged::full_name() {
            let told = decode::<UnitChanged>(event)?.unit.ok_or_else(|| broken("it holds no unit"))?;
            let successors: Result<Vec<_>, _> = told.successors.iter().map(|name| unit_id(name)).collect();
            let unit = unit(told, event)?;
            store::unit::project(connection, &unit).await?;
            let version = (unit.id, unit.epoch, unit.version);
            store::routing::project_succession(connection, version, &successors?).await?;
        } else if of == CalendarPublished::full_name() {
            let told = decode::<CalendarPublished>(event)?.calendar;
            calendar(connection, &told.ok_or_else(|| broken("it holds no calendar"))?, event).await?;
        }
        // What else staff tells has no use here.
        Ok(())
    }

    fn is_repeatable(&self, _: &str) -> bool {
        true
    }

    fn projections(&self) -> &'static [Projection] {
        const { &[Projection::of("unit", "unit"), Projection::of("calendar", "calendar")] }
    }
}

async fn calendar(
    connection: &mut PgConnection,
    told: &CalendarSnapshot,
    event: &Received,
) -> Result<(), HandlerError> {
    let id = told.name.strip_prefix("calendars/").and_then(|id| Uuid::parse_str(id).ok());
    let id = id.ok_or_else(|| broken("not a calendar's name"))?;
    let year = i16::try_from(told.year).map_err(|_| broken("not a year"))?;
    let days: Result<Vec<Date>, _> = told.holidays.iter().map(|day| day.parse()).collect();
    let days = days.map_err(|_| broken("not a day"))?;
    Ok(store::calendar::project(connection, (id, event.epoch, event.version), (year, &days)).await?)
}

fn decode<M: Message + Default>(event: &Received) -> Result<M, HandlerError> {
    M::decode(event.payload.as_slice()).map_err(|error| broken(&format!("undecodable: {error}")))
}

fn broken(why: &str) -> HandlerError {
    HandlerError::Permanent(why.to_owned())
}

fn unit(told: v1::Unit, event: &Received) -> Result<Unit, HandlerError> {
    Ok(Unit {
        id: unit_id(&told.name)?,
        epoch: event.epoch,
        version: event.version,
        code: told.code,
        parent: if told.parent.is_empty() { None } else { Some(unit_id(&told.parent)?) },
        area_codes: told.area_codes,
    })
}

fn unit_id(name: &str) -> Result<Uuid, HandlerError> {
    name.strip_prefix("units/")
        .and_then(|id| Uuid::parse_str(id).ok())
        .ok_or_else(|| HandlerError::Permanent(format!("not a unit's name: {name}")))
}
