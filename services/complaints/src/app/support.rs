//! Supporting a report instead of filing another.

use kit::request::{Claim, claim};

use super::{
    App, Failure,
    commands::{Changes, Order},
    priority::raise,
};
use crate::{
    domain::{Act, By, Complaint, Texts},
    store,
};

impl App {
    /// Adds a citizen of the calling channel to a report's supporters. Who filed it, or supports it already, adds nothing.
    pub(crate) async fn support(&self, order: Order<'_>, reference: &str) -> Result<Complaint, Failure> {
        if reference.is_empty() {
            return Err(Failure::ChannelReferenceRequired);
        }
        let channel = order.caller.system();
        let hash = self.secrets.reference_hash(channel, reference);
        let mut transaction = self.database.begin(order.deadline).await?;
        // What it is handled under is locked before it, as everywhere.
        let target = store::complaint::target_of(&mut transaction, order.complaint).await?;
        let target = store::complaint::lock(&mut transaction, target.as_slice()).await?.pop();
        let loaded = store::complaint::lock(&mut transaction, &[order.complaint]).await?.pop();
        // That there is a report about officials is nobody's to know.
        let mut complaint = loaded
            .map(|loaded| loaded.complaint)
            .filter(|complaint| complaint.filing.unit_complained_of.is_none())
            .ok_or(Failure::NotFound)?;
        if let Claim::Done { .. } = claim(&mut transaction, &order.key, &complaint.id.to_string()).await? {
            return Ok(complaint);
        }
        if !order.etag.is_empty() && order.etag != complaint.etag() {
            return Err(Failure::EtagMismatch);
        }
        let by = By { subject: order.caller.subject.clone(), person: None };
        let mut told = complaint.clone();
        let now = self.clock.now();
        let step = told.tell(Act::Support, by, now, Texts::default())?;
        let filing = &complaint.filing;
        let is_own = filing.channel == channel
            && filing
                .channel_reference
                .as_deref()
                .is_some_and(|kept| self.secrets.is_reference(kept, channel, reference));
        let mut changes = Changes::default();
        if !is_own && store::supporter::insert(&mut transaction, complaint.id, (channel, &hash)).await? {
            changes.write(&mut transaction, &told, &step).await?;
            raise(&mut transaction, &mut changes, &mut told, now).await?;
            if let Some(target) = target {
                let mut target = target.complaint;
                raise(&mut transaction, &mut changes, &mut target, now).await?;
            }
            complaint = told;
        }
        self.finish(transaction, changes).await?;
        Ok(complaint)
    }
}
