//! Programmes: made and read.

use kit::request::{Claim, claim};
use uuid::Uuid;

use super::{App, Failure, Order};
use crate::{
    domain::{Programme, ProgrammeId, Syllabus},
    store::{self, After},
};

impl App {
    /// Makes a programme.
    pub(crate) async fn create_programme(
        &self,
        order: Order<'_>,
        syllabus: Syllabus,
    ) -> Result<Programme, Failure> {
        let programme = Programme::new(ProgrammeId(Uuid::now_v7()), syllabus, self.clock.now());
        let mut transaction = self.database.begin(order.deadline).await?;
        let claimed = claim(&mut transaction, &order.key, &programme.id.to_string()).await?;
        if let Claim::Done { resource } = claimed {
            let made = ProgrammeId::parse(&resource).ok_or(Failure::NotFound)?;
            return store::programme::get(&mut transaction, made).await?.ok_or(Failure::NotFound);
        }
        store::programme::insert(&mut transaction, &programme).await?;
        transaction.commit().await?;
        Ok(programme)
    }

    /// A programme.
    pub(crate) async fn programme(&self, id: ProgrammeId) -> Result<Programme, Failure> {
        store::programme::get(&mut *self.database.acquire().await?, id).await?.ok_or(Failure::NotFound)
    }

    /// Programmes that address an element (empty for any), newest first.
    pub(crate) async fn programmes(
        &self,
        element: &str,
        page: (After, i64),
    ) -> Result<Vec<Programme>, Failure> {
        Ok(store::programme::list(&mut *self.database.acquire().await?, element, page).await?)
    }
}
