//! Nominating, by an official; and reading enrolments.

use kit::{
    identity::Caller,
    request::{Claim, claim},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{App, Failure, Order, covers};
use crate::{
    domain::{Enrolment, EnrolmentId, Moment, Need, NeedId, Nomination, PersonId, ProgrammeId, UnitId},
    store::{
        self,
        enrolment::{Loaded, Selection},
    },
};

/// Whom an official proposes for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proposal {
    pub(crate) person: PersonId,
    pub(crate) programme: ProgrammeId,
    pub(crate) need: Option<NeedId>,
}

impl App {
    /// Proposes a person for a programme.
    pub(crate) async fn nominate(&self, order: Order<'_>, proposal: Proposal) -> Result<Loaded, Failure> {
        let by = order.person()?;
        let id = EnrolmentId(Uuid::now_v7());
        let mut transaction = self.database.begin(order.deadline).await?;
        if let Claim::Done { resource } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            let made = EnrolmentId::parse(&resource).ok_or(Failure::NotFound)?;
            return store::enrolment::get(&mut transaction, made).await?.ok_or(Failure::NotFound);
        }
        let now = self.now();
        let mut need = may_be_nominated(&mut transaction, proposal, now).await?;
        let unit = unit_of(&mut transaction, (proposal.person, need.as_ref()), now).await?;
        order.covers(&mut transaction, unit).await?;
        let nomination = Nomination {
            person: proposal.person,
            unit,
            programme: proposal.programme,
            need: proposal.need,
            by: Some(by),
            at: now.at,
        };
        if store::enrolment::insert(&mut transaction, &[Enrolment::nominate(id, nomination)]).await? == 0 {
            let current =
                store::enrolment::current(&mut transaction, proposal.person, proposal.programme).await?;
            return Err(Failure::AlreadyNominated(current));
        }
        if let Some(need) = &mut need {
            need.nominate(now)?;
            store::need::update(&mut transaction, need).await?;
        }
        let made = store::enrolment::get(&mut transaction, id).await?.ok_or(Failure::NotFound)?;
        transaction.commit().await?;
        Ok(made)
    }

    /// An enrolment.
    pub(crate) async fn enrolment(&self, caller: &Caller, id: EnrolmentId) -> Result<Loaded, Failure> {
        let mut connection = self.database.acquire().await?;
        let loaded = store::enrolment::get(&mut connection, id).await?.ok_or(Failure::NotFound)?;
        let Nomination { person, unit, .. } = loaded.enrolment.nomination;
        if caller.person != Some(person.0) {
            covers(&mut connection, caller, &[unit]).await?;
        }
        Ok(loaded)
    }

    /// The enrolments of the caller's units, and the caller's own, that a selection finds.
    pub(crate) async fn enrolments(
        &self,
        caller: &Caller,
        selection: &Selection,
    ) -> Result<Vec<Loaded>, Failure> {
        let mut connection = self.database.acquire().await?;
        let whose = (caller.units.as_slice(), caller.person.map(PersonId));
        Ok(store::enrolment::list(&mut connection, whose, selection).await?)
    }
}

/// Ok where all that a proposal names exists and goes together; the need is held until the transaction ends.
async fn may_be_nominated(
    connection: &mut PgConnection,
    proposal: Proposal,
    now: Moment,
) -> Result<Option<Need>, Failure> {
    if !store::staff::knows_person(connection, proposal.person).await? {
        return Err(Failure::PersonUnknown);
    }
    let programme = store::programme::get(connection, proposal.programme).await?;
    let programme = programme.ok_or(Failure::ProgrammeUnknown)?;
    let Some(need) = proposal.need else { return Ok(None) };
    let need = store::need::lock(connection, need).await?.ok_or(Failure::NeedUnknown)?;
    need.clone().nominate(now)?;
    programme.addresses(&need.element)?;
    Ok(Some(need))
}

/// The unit that somebody is nominated for: the need's, else the person's own.
async fn unit_of(
    connection: &mut PgConnection,
    (person, need): (PersonId, Option<&Need>),
    now: Moment,
) -> Result<UnitId, Failure> {
    let units = store::staff::units_of(connection, person, now.day).await?;
    let first = *units.first().ok_or(Failure::PersonNotSeated)?;
    match need {
        Some(need) if units.contains(&need.unit) => Ok(need.unit),
        Some(_) => Err(Failure::NeedOfOtherUnit),
        None => Ok(first),
    }
}
