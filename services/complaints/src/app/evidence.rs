//! Evidence: uploaded, given, and what speaks against it answered. Files are put into their store before the row that names
//! them is written; what was begun and never named is swept away.

mod answer;
mod give;
mod search;
mod sweep;
mod upload;

use std::sync::Arc;

use kit::identity::Caller;
use sqlx::PgConnection;
use tokio::sync::Semaphore;

pub(crate) use answer::ToAnswer;
pub(crate) use upload::ToUpload;

use super::{App, Failure, Sight, rights::official};
use crate::{
    domain::{
        ComplaintId,
        evidence::{Evidence, Role, evidence_name},
    },
    store::{self, evidence::StoredFinding, unit::Reach},
};

/// Evidence that a report has at most.
pub(crate) const MOST_EVIDENCE: i64 = 50;
/// Uploads that a process takes at once: each is held in memory until it is whole, at most 20 MiB.
const UPLOADS: usize = 16;

/// The places for uploads.
#[derive(Clone)]
pub(crate) struct Uploads(Arc<Semaphore>);

impl Default for Uploads {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(UPLOADS)))
    }
}

/// Why evidence is not taken or not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// As many uploads are under way as the process takes.
    #[error("too many uploads are under way")]
    Busy,
    /// The content is not taken.
    #[error("the content is not taken")]
    Content(pictures::Refused),
    /// It says that it is from tomorrow or later.
    #[error("the picture is from the future")]
    FromFuture,
    /// The report has as much as it may have.
    #[error("the report has too much evidence")]
    TooMuch,
    /// There is no copy without metadata.
    #[error("there is no copy without metadata")]
    NoPublicCopy,
    /// The original is not for the caller.
    #[error("the original is not for the caller")]
    OriginalSealed,
    /// The finding has its answer.
    #[error("the finding is answered")]
    Answered,
}

/// Evidence as a caller may see it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) evidence: Evidence,
    /// Whether the caller may see the hash of what was uploaded.
    pub(crate) shows_hash: bool,
    pub(crate) findings: Vec<FindingShown>,
}

/// A finding as an official may see it.
#[derive(Debug)]
pub(crate) struct FindingShown {
    pub(crate) stored: StoredFinding,
    /// The other evidence's name, where the caller may see its report.
    pub(crate) other: Option<String>,
}

impl App {
    /// What was uploaded for a report, as who sees the report so may see it.
    pub(crate) async fn evidence_of(
        &self,
        caller: &Caller,
        (complaint, sight): (ComplaintId, Sight),
    ) -> Result<Vec<Shown>, Failure> {
        let mut connection = self.database.acquire().await?;
        let evidence = store::evidence::list(&mut connection, complaint, MOST_EVIDENCE).await?;
        shown(&mut connection, (caller, sight), evidence).await
    }
}

/// Evidence with what speaks against it, which is for officials.
async fn shown(
    connection: &mut PgConnection,
    (caller, sight): (&Caller, Sight),
    evidence: Vec<Evidence>,
) -> Result<Vec<Shown>, Failure> {
    let is_official = sight == Sight::Official;
    let ids: Vec<_> = evidence.iter().filter(|_| is_official).map(|evidence| evidence.id).collect();
    let mut findings = Vec::new();
    for stored in store::evidence::findings(connection, &ids).await? {
        let other = match stored.finding.other {
            Some(other) => visible_name(connection, caller, other).await?,
            None => None,
        };
        findings.push(FindingShown { stored, other });
    }
    let shown = evidence.into_iter().map(|evidence| {
        let mine = findings.extract_if(.., |finding| finding.stored.evidence == evidence.id).collect();
        let shows_hash = is_official == (evidence.role == Role::After) && sight != Sight::Other;
        Shown { evidence, shows_hash, findings: mine }
    });
    Ok(shown.collect())
}

/// The name of evidence of another report, where the caller may see that.
async fn visible_name(
    connection: &mut PgConnection,
    caller: &Caller,
    other: uuid::Uuid,
) -> Result<Option<String>, Failure> {
    let Some(evidence) = store::evidence::get(connection, other).await? else { return Ok(None) };
    let Some(loaded) = store::complaint::get(connection, evidence.complaint).await? else { return Ok(None) };
    match official(connection, (caller, Reach::SubtreeOf), &loaded.complaint).await {
        Ok(_) => Ok(Some(evidence_name(evidence.complaint, evidence.id))),
        Err(Failure::UnitUnknown | Failure::NotFound) => Ok(None),
        Err(failure) => Err(failure),
    }
}
