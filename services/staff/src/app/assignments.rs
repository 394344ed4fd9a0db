//! Assignments: created and ended. Both go the same way: lock seat and person, find a moment after all that is recorded of
//! them, close what is replaced, insert what is new, tell the others.

use jiff::civil::Date;
use kit::{
    clock::jakarta_day,
    request::{Claim, claim},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{App, Failure, Order, covers, failure::violated};
use crate::{
    domain::{
        Announcement, Assignment, AssignmentId, AssignmentKind, Days, Decree, PersonId, Record, SeatId,
        Terms, UnitId,
    },
    events::publish,
    store,
};

/// Whom to assign to what.
#[derive(Debug)]
pub(crate) struct ToCreate {
    pub(crate) seat: SeatId,
    pub(crate) person: PersonId,
    pub(crate) kind: AssignmentKind,
    pub(crate) days: Days,
    pub(crate) by: By,
}

/// Which assignment to end, on which day.
#[derive(Debug)]
pub(crate) struct ToEnd {
    pub(crate) assignment: AssignmentId,
    /// Empty for any.
    pub(crate) etag: String,
    pub(crate) until: Date,
    pub(crate) by: By,
}

/// By what it is recorded.
#[derive(Debug)]
pub(crate) struct By {
    pub(crate) decree: Decree,
    pub(crate) reason: String,
    pub(crate) approved_by: Option<PersonId>,
}

impl App {
    /// Assigns a person to a seat of a unit of the caller's.
    pub(crate) async fn create_assignment(
        &self,
        order: &Order,
        asked: ToCreate,
    ) -> Result<Assignment, Failure> {
        let id = AssignmentId(Uuid::now_v7());
        let mut transaction = self.database.begin(order.deadline).await?;
        if let Claim::Done { resource } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            let created_before = AssignmentId::parse(&resource).ok_or(Failure::NotFound(resource))?;
            return newest(&mut transaction, created_before).await;
        }
        let (unit, person_known) = lock(&mut transaction, asked.seat, asked.person).await?;
        let unit = unit.ok_or(Failure::SeatUnknown)?;
        covers(&mut transaction, &order.caller, unit).await?;
        if !person_known {
            return Err(Failure::PersonUnknown("person"));
        }
        let now = self.clock.now();
        let at = store::assignment::moment(&mut transaction, (asked.seat, asked.person), now).await?;
        let ToCreate { seat, person, kind, days, by } = asked;
        let assignment =
            Assignment::create(id, Terms { seat, unit, person, kind, days }, by.record(order), at)?;
        if let Err(error) = store::assignment::insert(&mut transaction, &assignment).await {
            transaction.rollback().await?;
            return Err(self.assignment_refused(error, &assignment).await);
        }
        let announcement = Announcement::first(&assignment, jakarta_day(now));
        store::announcement::insert(&mut transaction, &announcement).await?;
        let event = publish::assignment_changed(&assignment, &announcement, at);
        kit::events::append(&mut transaction, &[event]).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        Ok(assignment)
    }

    /// Ends an assignment to a seat of a unit of the caller's, or ends it earlier.
    pub(crate) async fn end_assignment(&self, order: &Order, asked: ToEnd) -> Result<Assignment, Failure> {
        let mut transaction = self.database.begin(order.deadline).await?;
        // Which seat and person it is of never changes, so what is read before the lock names what to lock.
        let Terms { seat, person, .. } = newest(&mut transaction, asked.assignment).await?.terms;
        lock(&mut transaction, seat, person).await?;
        let present = newest(&mut transaction, asked.assignment).await?;
        covers(&mut transaction, &order.caller, present.terms.unit).await?;
        if let Claim::Done { .. } = claim(&mut transaction, &order.key, &present.id.to_string()).await? {
            return Ok(present);
        }
        if !asked.etag.is_empty() && asked.etag != present.etag() {
            return Err(Failure::EtagMismatch);
        }
        let now = self.clock.now();
        let at = store::assignment::moment(&mut transaction, (seat, person), now).await?;
        let ended = present.end(asked.until, asked.by.record(order), at)?;
        let told = store::announcement::lock(&mut transaction, present.id).await?;
        store::assignment::close(&mut transaction, &present, at).await?;
        if let Err(error) = store::assignment::insert(&mut transaction, &ended).await {
            transaction.rollback().await?;
            return Err(self.assignment_refused(error, &ended).await);
        }
        let announcement = told.next(ended.terms.days, jakarta_day(now));
        store::announcement::update(&mut transaction, &announcement).await?;
        let event = publish::assignment_changed(&ended, &announcement, at);
        kit::events::append(&mut transaction, &[event]).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        Ok(ended)
    }

    /// What a refused insert means, and which assignment is in the way.
    async fn assignment_refused(&self, error: sqlx::Error, refused: &Assignment) -> Failure {
        let in_the_way = match self.database.acquire().await {
            Ok(mut connection) => store::assignment::in_the_way(&mut connection, &refused.terms).await,
            Err(error) => Err(error),
        };
        match (violated(&error), in_the_way) {
            (Some("assignment_approved_by_fkey"), _) => Failure::PersonUnknown("approved_by"),
            (_, Err(error)) => Failure::Database(error),
            (Some("assignment_seat_definitive"), Ok(found)) => Failure::SeatTaken(found.seat_definitive),
            (Some("assignment_person_definitive"), Ok(found)) => {
                Failure::PersonHasSeat(found.person_definitive)
            }
            (Some("assignment_seat_acting"), Ok(found)) => Failure::ActingHolderExists(found.seat_acting),
            (_, Ok(_)) => Failure::Database(error),
        }
    }
}

impl By {
    fn record(self, order: &Order) -> Record {
        Record {
            decree: self.decree,
            reason: self.reason,
            recorded_by: order.person(),
            approved_by: self.approved_by,
        }
    }
}

async fn newest(connection: &mut PgConnection, id: AssignmentId) -> Result<Assignment, Failure> {
    let found = store::assignment::newest(connection, &[id]).await?;
    found.into_iter().next().ok_or_else(|| Failure::NotFound(id.to_string()))
}

/// Locks a seat and a person, in the order of their ids, so that no two lock each other out; answers the seat's unit, and
/// whether the person is known.
async fn lock(
    connection: &mut PgConnection,
    seat: SeatId,
    person: PersonId,
) -> Result<(Option<UnitId>, bool), sqlx::Error> {
    if seat.0 < person.0 {
        let unit = store::seat::lock(&mut *connection, seat).await?;
        Ok((unit, store::person::lock(connection, person).await?))
    } else {
        let known = store::person::lock(&mut *connection, person).await?;
        Ok((store::seat::lock(connection, seat).await?, known))
    }
}
