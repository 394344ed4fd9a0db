//! Categories and policies: made, changed, listed. What counted once, counted: terms are added, never changed.

use jiff::civil::Date;
use kit::{
    database::Deadline,
    request::{Claim, RequestKey, claim},
};
use sqlx::PgConnection;

use super::{App, Failure};
use crate::{
    domain::{Priority, ServicePolicy},
    store::{self, category::Category},
};

/// What to change of a category.
#[derive(Debug)]
pub(crate) struct CategoryChange {
    pub(crate) id: String,
    pub(crate) name_id: String,
    pub(crate) name_en: String,
    pub(crate) policy: String,
    /// As it is where not said.
    pub(crate) evidence_required: Option<bool>,
}

impl App {
    /// A category.
    pub(crate) async fn category(&self, id: &str) -> Result<Category, Failure> {
        store::category::get(&mut *self.database.acquire().await?, id).await?.ok_or(Failure::NotFound)
    }

    /// Makes a category.
    pub(crate) async fn create_category(
        &self,
        (key, deadline): (RequestKey, Deadline),
        category: Category,
    ) -> Result<Category, Failure> {
        let mut transaction = self.database.begin(deadline).await?;
        if let Claim::Fresh = claim(&mut transaction, &key, &category.id).await? {
            self.policy_counts(&mut transaction, &category.policy).await?;
            if !store::category::insert(&mut transaction, &category).await? {
                return Err(Failure::CategoryExists);
            }
        }
        let found = store::category::get(&mut transaction, &category.id).await?.ok_or(Failure::NotFound)?;
        transaction.commit().await?;
        Ok(found)
    }

    /// Changes a category's names and policy.
    pub(crate) async fn update_category(
        &self,
        (key, deadline): (RequestKey, Deadline),
        change: CategoryChange,
    ) -> Result<Category, Failure> {
        let mut transaction = self.database.begin(deadline).await?;
        let stored = store::category::get(&mut transaction, &change.id).await?.ok_or(Failure::NotFound)?;
        if let Claim::Done { .. } = claim(&mut transaction, &key, &change.id).await? {
            return Ok(stored);
        }
        self.policy_counts(&mut transaction, &change.policy).await?;
        let CategoryChange { name_id, name_en, policy, evidence_required, .. } = change;
        let evidence_required = evidence_required.unwrap_or(stored.evidence_required);
        let category = Category { name_id, name_en, policy, evidence_required, ..stored };
        store::category::upsert(&mut transaction, &category).await?;
        transaction.commit().await?;
        Ok(category)
    }

    /// Adds terms to a policy.
    pub(crate) async fn create_policy(
        &self,
        (key, deadline): (RequestKey, Deadline),
        policy: ServicePolicy,
    ) -> Result<ServicePolicy, Failure> {
        let mut transaction = self.database.begin(deadline).await?;
        if let Claim::Done { .. } = claim(&mut transaction, &key, &policy.policy).await? {
            return Ok(policy);
        }
        if policy.valid_from < kit::clock::jakarta_day(self.clock.now()) {
            return Err(Failure::PolicyPast);
        }
        if !store::policy::insert(&mut transaction, &policy).await? {
            return Err(Failure::PolicyExists);
        }
        transaction.commit().await?;
        Ok(policy)
    }

    /// At most `limit` terms after one.
    pub(crate) async fn policies(
        &self,
        after: (&str, &str, Date),
        limit: i64,
    ) -> Result<Vec<ServicePolicy>, Failure> {
        Ok(store::policy::list(&mut *self.database.acquire().await?, after, limit).await?)
    }

    /// Ok where a report that is filed now would have deadlines by this policy.
    async fn policy_counts(&self, connection: &mut PgConnection, policy: &str) -> Result<(), Failure> {
        let today = kit::clock::jakarta_day(self.clock.now());
        let terms = store::policy::terms(connection, (policy, Priority::Normal), today).await?;
        terms.map(|_| ()).ok_or(Failure::PolicyUnknown)
    }
}
