//! Who has which seat: on a day, as known at a moment.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};
use kit::identity::Caller;
use sqlx::PgConnection;

use super::{App, Failure, covers};
use crate::{
    domain::{Assignment, Holder, PersonId, Seat, SeatId, UnitId},
    store::{self, assignment::Selection},
};

/// A seat, who has it, and the name of who is responsible.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) seat: Seat,
    pub(crate) holder: Holder,
    /// Empty where the seat is vacant.
    pub(crate) person_display_name: String,
}

/// A day and a moment, either of which may be the present one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AsOf {
    pub(crate) day: Option<Date>,
    pub(crate) known_at: Option<Timestamp>,
}

impl App {
    /// Who has a seat.
    pub(crate) async fn holder(&self, caller: &Caller, seat: SeatId, as_of: AsOf) -> Result<Holder, Failure> {
        let mut connection = self.database.acquire().await?;
        let found = store::seat::get(&mut connection, seat).await?;
        let found = found.ok_or_else(|| Failure::NotFound(seat.to_string()))?;
        covers(&mut connection, caller, found.post.unit).await?;
        let (day, known_at) = self.resolve(&mut connection, as_of).await?;
        let mut holders = holders(&mut connection, &[seat], (day, known_at)).await?;
        Ok(holders.remove(&seat).unwrap_or_else(|| Holder::vacant(seat, day, known_at)))
    }

    /// The seats of a unit's subtree after a seat, with who has them: the day, the moment, at most `limit` entries.
    pub(crate) async fn directory(
        &self,
        caller: &Caller,
        (unit, as_of): (UnitId, AsOf),
        (after, limit): (Option<SeatId>, i64),
    ) -> Result<(Date, Timestamp, Vec<Entry>), Failure> {
        let mut connection = self.database.acquire().await?;
        let found = store::unit::get(&mut connection, unit).await?;
        found.ok_or_else(|| Failure::NotFound(unit.to_string()))?;
        covers(&mut connection, caller, unit).await?;
        let (day, known_at) = self.resolve(&mut connection, as_of).await?;
        let seats = store::seat::directory(&mut connection, unit, (after, limit)).await?;
        let ids: Vec<SeatId> = seats.iter().map(|seat| seat.id).collect();
        let mut holders = holders(&mut connection, &ids, (day, known_at)).await?;
        let people: Vec<PersonId> = holders.values().filter_map(Holder::responsible).collect();
        let names = store::person::names(&mut connection, &people).await?;
        let entries = seats
            .into_iter()
            .map(|seat| {
                let vacant = || Holder::vacant(seat.id, day, known_at);
                let holder = holders.remove(&seat.id).unwrap_or_else(vacant);
                let name = holder.responsible().and_then(|person| names.get(&person)).cloned();
                Entry { seat, holder, person_display_name: name.unwrap_or_default() }
            })
            .collect();
        Ok((day, known_at, entries))
    }

    /// The assignments to seats of the caller's units, and the caller's own, that a selection finds, as known at a moment;
    /// now where none is given.
    pub(crate) async fn assignments(
        &self,
        caller: &Caller,
        selection: &Selection,
        known_at: Option<Timestamp>,
    ) -> Result<Vec<Assignment>, Failure> {
        let mut connection = self.database.acquire().await?;
        let as_of = AsOf { day: None, known_at };
        let whose = (caller.units.as_slice(), caller.person.map(PersonId));
        let (_, known_at) = self.resolve(&mut connection, as_of).await?;
        Ok(store::assignment::list(&mut connection, whose, selection, known_at).await?)
    }

    /// The present moment is not before anything that is recorded: another process's clock may be a little ahead.
    async fn resolve(
        &self,
        connection: &mut PgConnection,
        as_of: AsOf,
    ) -> Result<(Date, Timestamp), sqlx::Error> {
        let known_at = match as_of.known_at {
            Some(known_at) => known_at,
            None => store::assignment::present(connection, self.clock.now()).await?,
        };
        Ok((as_of.day.unwrap_or_else(|| self.today()), known_at))
    }
}

async fn holders(
    connection: &mut PgConnection,
    seats: &[SeatId],
    (day, known_at): (Date, Timestamp),
) -> Result<HashMap<SeatId, Holder>, sqlx::Error> {
    let mut holders: HashMap<SeatId, Holder> =
        seats.iter().map(|seat| (*seat, Holder::vacant(*seat, day, known_at))).collect();
    for assignment in store::assignment::holding(connection, seats, (day, known_at)).await? {
        let seat = assignment.terms.seat;
        let holder = holders.remove(&seat).unwrap_or_else(|| Holder::vacant(seat, day, known_at));
        holders.insert(seat, holder.with(assignment));
    }
    Ok(holders)
}
