//! What a caller asks of a report, who may ask it, and what has to be looked up before the domain can decide.

use jiff::{Timestamp, civil::Date};
use kit::{calendar, clock::jakarta_day, identity::Caller};
use sqlx::PgConnection;

use super::{
    Failure,
    commands::Proof,
    rights::{Right, official},
    schedule::Schedule,
};
use crate::{
    domain::{
        Act, Complaint, ComplaintId, Destination, Kind, MergeTarget, Outcome, Refusal, RejectReason, Term,
        Terms, TransferReason, UnitId, evidence::finding_name,
    },
    store::{self, unit::Reach},
};

/// For so long a closed report may be reopened, and a rejected one appealed.
pub(super) const SECOND_THOUGHT: calendar::Term = calendar::Term::WorkingDays(10);
/// So many reports are handled under one at most: what one transaction closes.
pub(super) const MEMBERS_MAX: i64 = 1_000;

/// What a caller asks of a report.
#[derive(Clone, Debug)]
pub(crate) enum Wish {
    Accept,
    Transfer { to: UnitId, reason: TransferReason },
    Dispose { to: UnitId },
    Recategorize { category: String },
    SetEstimate { finish: Date },
    RequestInformation { question: String },
    ProvideInformation { proof: Proof },
    SubmitFollowUp { proposed: Outcome },
    ApproveFollowUp,
    RejectFollowUp,
    ConfirmResolution { proof: Proof, rating: i16 },
    Reopen { proof: Proof },
    Reject { reason: RejectReason },
    AppealRejection { proof: Proof },
    Merge { into: ComplaintId },
    Unmerge,
    Withdraw { proof: Proof },
    AddNote { releases_words: bool },
    EraseReporter { proof: Proof },
}

impl Wish {
    /// What a caller needs for it, besides the scope.
    pub(super) fn right(&self) -> Right<'_> {
        match self {
            Self::Accept
            | Self::Transfer { .. }
            | Self::Dispose { .. }
            | Self::Recategorize { .. }
            | Self::SetEstimate { .. }
            | Self::RequestInformation { .. }
            | Self::SubmitFollowUp { .. }
            | Self::Reject { .. }
            | Self::Merge { .. }
            | Self::Unmerge
            | Self::AddNote { .. } => Right::Unit(Reach::SubtreeOf),
            Self::ApproveFollowUp | Self::RejectFollowUp => Right::Unit(Reach::Above),
            Self::ProvideInformation { proof }
            | Self::AppealRejection { proof }
            | Self::Withdraw { proof } => Right::Reporter(proof),
            Self::EraseReporter { proof } => Right::ReporterOrEraser(proof),
            Self::ConfirmResolution { proof, .. } => Right::AnyReporter(proof),
            Self::Reopen { proof } => Right::AnyReporterOrInspector(proof),
        }
    }
}

/// What an act is looked up for.
pub(super) struct Asked<'a> {
    pub(super) caller: &'a Caller,
    pub(super) complaint: &'a Complaint,
    /// The report to merge into, or that it is merged into.
    pub(super) other: Option<&'a Complaint>,
    pub(super) now: Timestamp,
}

/// The act that a wish comes to, with what the domain has to know.
pub(super) async fn act(
    connection: &mut PgConnection,
    asked: &Asked<'_>,
    wish: &Wish,
) -> Result<Act, Failure> {
    let (complaint, now) = (asked.complaint, asked.now);
    Ok(match wish {
        Wish::Accept => Act::Accept,
        Wish::Transfer { to, reason } => Act::Transfer {
            to: destination(connection, complaint, *to).await?,
            reason: *reason,
            accept_by: ends(connection, asked, |terms| terms.accept).await?,
        },
        Wish::Dispose { to } => Act::Dispose {
            to: destination(connection, complaint, *to).await?,
            accept_by: ends(connection, asked, |terms| terms.accept).await?,
        },
        Wish::Recategorize { category } => {
            let found = store::category::get(connection, category).await?.ok_or(Failure::CategoryUnknown)?;
            let filed_at = complaint.filing.filed_at;
            let schedule = Schedule::load(connection, (&found, complaint.priority), filed_at).await?;
            let deadlines = schedule.deadlines(filed_at, complaint.stopped_seconds);
            Act::Recategorize { category: found.id, about_officials: found.about_officials, deadlines }
        }
        Wish::SetEstimate { finish } => Act::SetEstimate { finish: *finish, today: jakarta_day(now) },
        Wish::RequestInformation { question } => Act::RequestInformation {
            question: question.clone(),
            answer_by: ends(connection, asked, |terms| terms.question).await?,
        },
        Wish::ProvideInformation { .. } => Act::ProvideInformation,
        Wish::SubmitFollowUp { proposed } => Act::SubmitFollowUp {
            proposed: *proposed,
            lacks_evidence: lacks_evidence(connection, complaint).await?,
        },
        Wish::ApproveFollowUp => Act::ApproveFollowUp {
            workers: store::timeline::people(connection, complaint.id).await?,
            open_findings: open_findings(connection, complaint.id).await?,
            close_by: ends(connection, asked, |terms| terms.auto_close).await?,
        },
        Wish::RejectFollowUp => Act::RejectFollowUp,
        Wish::ConfirmResolution { rating, .. } => Act::ConfirmResolution { rating: *rating },
        Wish::Reopen { .. } => {
            Act::Reopen { until: until(connection, complaint.closing().map(|closing| closing.at)).await? }
        }
        Wish::Reject { reason } => Act::Reject {
            reason: *reason,
            close_by: ends(connection, asked, |terms| terms.auto_close).await?,
        },
        Wish::AppealRejection { .. } => Act::AppealRejection {
            until: until(connection, complaint.phase.rejected_at()).await?,
            above: store::unit::above(connection, complaint.responsible_unit()).await?,
            accept_by: ends(connection, asked, |terms| terms.accept).await?,
        },
        Wish::Merge { into } => merge(connection, asked, *into).await?,
        Wish::Unmerge => {
            Act::Unmerge { target_closed: asked.other.is_some_and(|target| target.closing().is_some()) }
        }
        Wish::Withdraw { .. } => Act::Withdraw,
        Wish::AddNote { releases_words } => Act::AddNote { releases_words: *releases_words },
        Wish::EraseReporter { .. } if store::erasure::is_held(connection, complaint.id).await? => {
            Act::RestrictReporter
        }
        Wish::EraseReporter { .. } => Act::EraseReporter,
    })
}

/// Whether evidence of what was done is wanted, and none was uploaded since the report was last reopened.
async fn lacks_evidence(connection: &mut PgConnection, complaint: &Complaint) -> Result<bool, Failure> {
    let category = store::category::get(connection, &complaint.category).await?;
    let wanted = category.ok_or(Failure::CategoryUnknown)?.evidence_required;
    if complaint.filing.kind != Kind::Report || !wanted {
        return Ok(false);
    }
    let since = complaint.reopened_times.last().copied().unwrap_or(complaint.filing.filed_at);
    Ok(!store::evidence::shows_what_was_done(connection, complaint.id, since).await?)
}

async fn open_findings(
    connection: &mut PgConnection,
    complaint: ComplaintId,
) -> Result<Vec<String>, Failure> {
    let open = store::evidence::open_findings(connection, complaint).await?;
    Ok(open.into_iter().map(|(evidence, number)| finding_name(complaint, evidence, number)).collect())
}

/// When a term of the report's policy ends that begins now.
async fn ends(
    connection: &mut PgConnection,
    asked: &Asked<'_>,
    term: fn(&Terms) -> Term,
) -> Result<Timestamp, Failure> {
    let complaint = asked.complaint;
    let whose = (complaint.category.as_str(), complaint.priority);
    let schedule = Schedule::of(connection, whose, complaint.filing.filed_at).await?;
    Ok(schedule.end(asked.now, term(&schedule.terms)))
}

async fn destination(
    connection: &mut PgConnection,
    complaint: &Complaint,
    to: UnitId,
) -> Result<Destination, Failure> {
    if !store::unit::exists(connection, to).await? {
        return Err(Failure::UnitNotFound { field: "unit" });
    }
    let responsible = complaint.responsible_unit();
    let is_below = to != responsible && store::unit::any_within(connection, &[to.0], responsible).await?;
    let is_complained_of = match complaint.filing.unit_complained_of {
        Some(complained_of) => store::unit::any_within(connection, &[to.0], complained_of).await?,
        None => false,
    };
    Ok(Destination { unit: to, is_below, is_complained_of })
}

async fn merge(connection: &mut PgConnection, asked: &Asked<'_>, into: ComplaintId) -> Result<Act, Failure> {
    let complaint = asked.complaint;
    if into == complaint.id {
        return Err(Refusal::MergeIntoItself.into());
    }
    let target = asked.other.ok_or(Failure::MergeTargetNotFound)?;
    let unit_consents = match official(connection, (asked.caller, Reach::SubtreeOf), target).await {
        Ok(_) => true,
        Err(Failure::UnitUnknown) => false,
        Err(Failure::NotFound) => return Err(Failure::MergeTargetNotFound),
        Err(other) => return Err(other),
    };
    let members = store::complaint::count_members(connection, target.id).await?
        + store::complaint::count_members(connection, complaint.id).await?
        + 1;
    Ok(Act::Merge {
        into: MergeTarget {
            id: target.id,
            is_open: target.state().is_open(),
            unit_consents,
            unit_complained_of: target.filing.unit_complained_of,
            is_full: members > MEMBERS_MAX,
        },
    })
}

/// Until when a second thought counts that follows what was done then.
async fn until(connection: &mut PgConnection, then: Option<Timestamp>) -> Result<Option<Timestamp>, Failure> {
    let Some(then) = then else { return Ok(None) };
    Ok(Some(store::calendar::get(connection).await?.due(then, SECOND_THOUGHT)))
}
