//! What is kept of reporters: shown to an official for a purpose, and to themselves; corrected; erased where a case that
//! held it has ended.

use std::time::Duration;

use kit::{
    database::Deadline,
    identity::Caller,
    request::{Claim, claim},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    App, Failure, Order, Proof, Sight,
    commands::Changes,
    rights::Right,
    seal::DataKey,
    words::{of_reference, open_identity, seal_identity},
};
use crate::{
    domain::{Act, By, Complaint, ComplaintId, PersonId, Reporter, Step, Texts, place::Point},
    store::{self, complaint::Loaded, reveal::Reveal, unit::Reach},
};

/// How often restricted data is looked at.
const EVERY: Duration = Duration::from_secs(10);
/// Reports erased before the next look.
const BATCH: i64 = 100;

/// All that is kept of a reporter.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) complaint: Complaint,
    pub(crate) place: (Option<Point>, String),
    pub(crate) reporter: Reporter,
    pub(crate) channel_reference: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) reveals: Vec<Reveal>,
}

impl App {
    /// Shows an official who a reporter is, and keeps that it was shown.
    pub(crate) async fn reveal(&self, order: Order<'_>, purpose: String) -> Result<Reporter, Failure> {
        let mut transaction = self.database.begin(order.deadline).await?;
        let loaded = store::complaint::get(&mut transaction, order.complaint).await?;
        let loaded = loaded.ok_or(Failure::NotFound)?;
        let person = order.caller.person.map(PersonId).ok_or(Failure::PersonRequired)?;
        self.authorise(&mut transaction, (order.caller, &Right::Unit(Reach::SubtreeOf)), &loaded).await?;
        let (complaint, key) = self.open(loaded)?;
        if complaint.reporter_restricted_at.is_some() {
            return Err(Failure::ReporterRestricted);
        }
        let reporter = identity(&mut transaction, (complaint.id, key.as_ref())).await?;
        if reporter.is_unknown() {
            return Err(Failure::ReporterNotKnown);
        }
        let reveal = Reveal { id: Uuid::now_v7(), person, purpose, at: self.clock.now() };
        if claim(&mut transaction, &order.key, &reveal.id.to_string()).await? == Claim::Fresh {
            store::reveal::insert(&mut transaction, complaint.id, &reveal).await?;
        }
        transaction.commit().await?;
        Ok(reporter)
    }

    /// At most `limit` reveals after one, for the reporter.
    pub(crate) async fn reveals(
        &self,
        (caller, proof): (&Caller, &Proof),
        complaint: ComplaintId,
        (after, limit): (Option<Uuid>, usize),
    ) -> Result<Vec<Reveal>, Failure> {
        let mut connection = self.database.acquire().await?;
        self.own(&mut connection, (caller, proof), complaint).await?;
        let limit = i64::try_from(limit).expect("a page is small");
        Ok(store::reveal::list(&mut connection, complaint, (after, limit)).await?)
    }

    /// Corrects who a reporter is; what it is then.
    pub(crate) async fn update_reporter(
        &self,
        order: Order<'_>,
        proof: &Proof,
        change: impl FnOnce(Reporter) -> Reporter + Send,
    ) -> Result<Reporter, Failure> {
        let mut transaction = self.database.begin(order.deadline).await?;
        let loaded = store::complaint::lock(&mut transaction, &[order.complaint]).await?.pop();
        let loaded = loaded.ok_or(Failure::NotFound)?;
        self.authorise(&mut transaction, (order.caller, &Right::Reporter(proof)), &loaded).await?;
        let (complaint, key) = self.open(loaded)?;
        let known = identity(&mut transaction, (complaint.id, key.as_ref())).await?;
        if claim(&mut transaction, &order.key, &complaint.id.to_string()).await? != Claim::Fresh {
            return Ok(known);
        }
        let reporter = change(known);
        let key = self.key_or_new(&mut transaction, (complaint.id, key)).await?;
        let sealed = seal_identity(&key, complaint.id, &reporter);
        store::reporter::set_identity(&mut transaction, complaint.id, sealed.as_deref()).await?;
        transaction.commit().await?;
        Ok(reporter)
    }

    /// All that is kept of a reporter, for the reporter; steps and reveals at most `limit` each.
    pub(crate) async fn export_reporter(
        &self,
        (caller, proof): (&Caller, &Proof),
        complaint: ComplaintId,
        limit: i64,
    ) -> Result<Export, Failure> {
        let mut connection = self.database.acquire().await?;
        let loaded = self.own(&mut connection, (caller, proof), complaint).await?;
        let (complaint, key) = self.open(loaded)?;
        let id = complaint.id;
        let reporter = identity(&mut connection, (id, key.as_ref())).await?;
        let reference = store::reporter::sealed(&mut connection, id).await?.channel_reference;
        let channel_reference = match (&key, reference) {
            (Some(key), Some(sealed)) => key.open_text(of_reference(id), &sealed)?,
            _ => String::new(),
        };
        Ok(Export {
            place: store::place::get(&mut connection, id).await?,
            steps: self.steps(&mut connection, (id, Sight::Reporter), (0, limit)).await?,
            reveals: store::reveal::list(&mut connection, id, (None, limit)).await?,
            complaint,
            reporter,
            channel_reference,
        })
    }

    async fn own(
        &self,
        connection: &mut PgConnection,
        (caller, proof): (&Caller, &Proof),
        complaint: ComplaintId,
    ) -> Result<Loaded, Failure> {
        let loaded = store::complaint::get(connection, complaint).await?.ok_or(Failure::NotFound)?;
        self.authorise(connection, (caller, &Right::Reporter(proof)), &loaded).await?;
        Ok(loaded)
    }

    /// Erases what was restricted for a case that has ended, for as long as the process lives.
    pub(crate) async fn follow_restrictions(self) {
        loop {
            let app = self.clone();
            if let Err(failure) = kit::run::to_the_end(async move { app.erase_released().await }).await {
                tracing::warn!(error = %failure, "what is restricted no more can't be erased yet; trying again");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn erase_released(&self) -> Result<(), Failure> {
        let ids = store::erasure::released(&mut *self.database.acquire().await?, BATCH).await?;
        for id in ids {
            self.erase_again(id).await?;
        }
        Ok(())
    }

    /// Erases those again of these reports that were erased before, and are not any more: the database was restored.
    pub(crate) async fn erase_undone(&self, erased: Vec<ComplaintId>) -> Result<(), Failure> {
        let undone = store::erasure::unerased(&mut *self.database.acquire().await?, &erased).await?;
        for id in undone {
            let app = self.clone();
            kit::run::to_the_end(async move { app.erase_again(id).await }).await?;
        }
        Ok(())
    }

    /// Erases a report's reporter, as the service itself.
    async fn erase_again(&self, id: ComplaintId) -> Result<(), Failure> {
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        let Some(loaded) = store::complaint::lock(&mut transaction, &[id]).await?.pop() else {
            return Ok(());
        };
        let mut complaint = loaded.complaint;
        let is_restricted = complaint.reporter_restricted_at.is_some();
        let is_done = complaint.reporter_erased_at.is_some() && !is_restricted;
        if is_done || (is_restricted && store::erasure::is_held(&mut transaction, id).await?) {
            return Ok(());
        }
        let step = complaint.tell(Act::EraseReporter, By::system(), self.clock.now(), Texts::default())?;
        let mut changes = Changes::default();
        changes.write(&mut transaction, &complaint, &step).await?;
        erase(&mut transaction, (id, &step)).await?;
        self.finish(transaction, changes).await
    }
}

/// Erases, and keeps that it was done.
pub(super) async fn erase(
    connection: &mut PgConnection,
    (complaint, step): (ComplaintId, &Step),
) -> Result<(), Failure> {
    store::erasure::erase(connection, complaint).await?;
    store::erasure::record(connection, (complaint, step.version), step.at).await?;
    Ok(())
}

/// Who a reporter is, as far as it is known.
async fn identity(
    connection: &mut PgConnection,
    (complaint, key): (ComplaintId, Option<&DataKey>),
) -> Result<Reporter, Failure> {
    match (key, store::reporter::sealed(connection, complaint).await?.identity) {
        (Some(key), Some(sealed)) => Ok(open_identity(key, complaint, &sealed)?),
        _ => Ok(Reporter::default()),
    }
}
