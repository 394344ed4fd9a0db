//! What must not be undone where the database was restored to an earlier time: erasures. Each that was told is done again.

use kit::events::Recall;
use tonic::async_trait;

use crate::{app::App, domain::ComplaintId};

/// Erasures that were told.
pub(crate) struct Erasures(pub(crate) App);

#[async_trait]
impl Recall for Erasures {
    fn subject(&self) -> &'static str {
        "complaint.*.reporter_erased"
    }

    async fn recall(&self, resources: Vec<String>) -> anyhow::Result<()> {
        let erased = resources.iter().filter_map(|name| ComplaintId::parse(name)).collect();
        Ok(self.0.erase_undone(erased).await?)
    }
}
