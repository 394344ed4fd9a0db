//! People: taken in, read.

use kit::{
    identity::Caller,
    request::{Claim, claim},
};
use uuid::Uuid;

use super::{App, Failure, Order};
use crate::{
    domain::{Person, PersonId, Profile},
    events::publish,
    store::{self, person::Selection},
};

impl App {
    /// Takes a person in.
    pub(crate) async fn create_person(&self, order: &Order, profile: Profile) -> Result<Person, Failure> {
        let id = PersonId(Uuid::now_v7());
        let mut transaction = self.database.begin(order.deadline).await?;
        if let Claim::Done { resource } = claim(&mut transaction, &order.key, &id.to_string()).await? {
            let taken_before = PersonId::parse(&resource).ok_or(Failure::NotFound(resource))?;
            return store::person::get(&mut transaction, taken_before)
                .await?
                .ok_or_else(|| Failure::NotFound(taken_before.to_string()));
        }
        let person = Person::take_in(id, profile, self.clock.now());
        if !store::person::insert(&mut transaction, &person).await? {
            return Err(Failure::NipTaken);
        }
        kit::events::append(&mut transaction, &[publish::person_changed(&person)]).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        Ok(person)
    }

    /// A person.
    pub(crate) async fn person(&self, caller: &Caller, id: PersonId) -> Result<Person, Failure> {
        let mut connection = self.database.acquire().await?;
        let found = store::person::get(&mut connection, id).await?;
        let person = found.ok_or_else(|| Failure::NotFound(id.to_string()))?;
        let own = caller.person == Some(id.0);
        if own || store::person::visible(&mut connection, &caller.units, id).await? {
            Ok(person)
        } else {
            Err(Failure::UnitUnknown)
        }
    }

    /// The people whom the caller may see that a selection finds; only the one of `nip` where it is not empty.
    pub(crate) async fn people(
        &self,
        caller: &Caller,
        nip: &str,
        selection: &Selection,
    ) -> Result<Vec<Person>, Failure> {
        let mut connection = self.database.acquire().await?;
        let whose = (caller.units.as_slice(), caller.person.map(PersonId));
        Ok(store::person::list(&mut connection, whose, nip, selection).await?)
    }
}
