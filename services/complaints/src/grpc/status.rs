//! Every failure as the caller is told of it, once.

use kit::status::{self, Answer};
use proto::{complaints::v1::ErrorReason, options::v1::ErrorReason as Shared};
use tonic::{Code, Status};

use super::routing::unroutable as unroutable_answer;
use crate::{
    app::{Failure, Uncountable},
    domain::{Command, ComplaintId, Refusal, State},
};

/// How many findings are named at most: an error travels in headers, which clients take only so many of.
const MOST_NAMED: usize = 10;

pub(super) const DOMAIN: &str = "prima.complaints";

/// The status for a failure about a report (for filing: the nil id, which no message shows).
pub(super) fn of(failure: &Failure, complaint: ComplaintId) -> Status {
    answer(failure, complaint).status(DOMAIN)
}

pub(super) fn answer(failure: &Failure, complaint: ComplaintId) -> Answer {
    match failure {
        Failure::NotFound => status::not_found(&complaint.to_string()),
        Failure::PersonRequired => Answer::shared(
            Code::PermissionDenied,
            Shared::PersonRequired,
            "this is an official's verb, and the token names no person (prima_person)",
        ),
        Failure::UnitUnknown => Answer::shared(
            Code::PermissionDenied,
            Shared::UnitUnknown,
            "the token's units (prima_units) do not hold the report's unit; to approve they must hold a unit above it",
        ),
        Failure::NotTheReporter => own(
            Code::PermissionDenied,
            ErrorReason::NotTheReporter,
            "neither the report's access code nor its channel's reference was shown",
        )
        .indonesian("Kode akses laporan tidak cocok."),
        Failure::EtagMismatch => Answer::shared(
            Code::Aborted,
            Shared::EtagMismatch,
            "the report changed since you read it; read it again",
        ),
        Failure::KelurahanUnknown => {
            let why = "no kelurahan of this code is known";
            own(Code::InvalidArgument, ErrorReason::KelurahanUnknown, format!("kelurahan_code: {why}"))
                .field("kelurahan_code", why)
                .indonesian("Kode kelurahan tidak dikenal.")
        }
        Failure::CategoryUnknown => {
            let why = "there is no such category; ListCategories has them";
            own(Code::InvalidArgument, ErrorReason::CategoryUnknown, format!("category: {why}"))
                .field("category", why)
                .indonesian("Kategori tidak dikenal.")
        }
        Failure::UnitsNotYetKnown => own(
            Code::Unavailable,
            ErrorReason::UnitsNotYetKnown,
            "staff's units have not arrived here yet; try again",
        )
        .retry(),
        Failure::PolicyUnknown => {
            let why = "there is no such policy, or it has no terms for NORMAL that count today";
            own(Code::InvalidArgument, ErrorReason::PolicyUnknown, format!("policy: {why}"))
                .field("policy", why)
        }
        Failure::CategoryExists => {
            let why = "there is a category of this name";
            own(Code::AlreadyExists, ErrorReason::CategoryExists, format!("category_id: {why}"))
                .field("category_id", why)
        }
        Failure::PolicyPast => {
            let why = "the day has passed, and what counted then stays";
            own(Code::InvalidArgument, ErrorReason::PolicyPast, format!("valid_from: {why}"))
                .field("valid_from", why)
        }
        Failure::PolicyExists => {
            let why = "the policy has terms for this priority from this day on";
            own(Code::AlreadyExists, ErrorReason::PolicyExists, format!("valid_from: {why}"))
                .field("valid_from", why)
        }
        Failure::UnitNotFound { field } => {
            let why = "no unit of this name is known here";
            own(Code::InvalidArgument, ErrorReason::UnitNotFound, format!("{field}: {why}"))
                .field(*field, why)
        }
        Failure::CategoryNotAboutOfficials => {
            let why = "is for a category about officials only";
            let message = format!("unit_complained_of: {why}");
            own(Code::InvalidArgument, ErrorReason::CategoryNotAboutOfficials, message)
                .field("unit_complained_of", why)
        }
        Failure::MergeTargetNotFound => {
            let why = "no such report, or none that you may see";
            own(Code::InvalidArgument, ErrorReason::MergeTargetNotFound, format!("into: {why}"))
                .field("into", why)
        }
        Failure::ChannelReferenceRequired => {
            let why = "a supporter is known by your own reference";
            let message = format!("channel_reference: {why}");
            own(Code::InvalidArgument, ErrorReason::ChannelReferenceRequired, message)
                .field("channel_reference", why)
        }
        Failure::Refused(refusal) => refused(refusal, complaint),
        Failure::Unroutable(unroutable) => unroutable_answer(unroutable),
        Failure::ReporterNotKnown => {
            let why = "the reporter said nothing of themselves, or it was erased";
            own(Code::FailedPrecondition, ErrorReason::ReporterNotKnown, why).precondition(
                "REPORTER_NOT_KNOWN",
                complaint.to_string(),
                why,
            )
        }
        Failure::ReporterRestricted => {
            let why =
                "the reporter asked for erasure; while a case uses the report nobody is shown who they are";
            own(Code::FailedPrecondition, ErrorReason::ReporterRestricted, why).precondition(
                "REPORTER_RESTRICTED",
                complaint.to_string(),
                why,
            )
        }
        Failure::NotTracked => own(
            Code::NotFound,
            ErrorReason::TrackingNotFound,
            "there is no report of this number, or the access code is not its own",
        )
        .indonesian("Nomor laporan tidak ditemukan, atau kode akses tidak cocok."),
        Failure::Sealed(broken) => {
            tracing::error!(%complaint, error = %broken, "what is sealed can't be opened");
            status::internal()
        }
        Failure::CodeKeyUnknown => {
            tracing::error!(%complaint, "the key of the report's access code is not given");
            status::internal()
        }
        Failure::RootNotFound => {
            let why = "there is no root of this day";
            own(Code::NotFound, ErrorReason::RootNotFound, format!("root: {why}")).field("root", why)
        }
        Failure::StoreDown => {
            own(Code::Unavailable, ErrorReason::StoreDown, "the store of files does not answer; try again")
                .retry()
        }
        Failure::ObjectChanged => own(
            Code::DataLoss,
            ErrorReason::ObjectChanged,
            "what the store of files gives is not what was put into it",
        ),
        Failure::Evidence(trouble) => super::evidence::trouble(*trouble),
        Failure::Uncountable(why) => uncountable(*why),
        Failure::Claim(error) => status::claim(error),
        Failure::Database(error) => status::database(error),
    }
}

pub(super) fn own(code: Code, reason: ErrorReason, message: impl Into<String>) -> Answer {
    Answer::new(code, reason.as_str_name(), message)
}

fn uncountable(why: Uncountable) -> Answer {
    let (reason, field, why) = match why {
        Uncountable::Range => {
            let why = "must be after from_date, and at most ten years after it";
            (ErrorReason::StatisticsRangeInvalid, "query.until_date", why)
        }
        Uncountable::TooLarge => {
            let why =
                "there are more cells than this RPC answers with; ask for a shorter time or coarser cells";
            (ErrorReason::StatisticsTooLarge, "query", why)
        }
        Uncountable::NotPublic { field } => (
            ErrorReason::StatisticsNotPublic,
            field,
            "the public view has no such cells; its comment says which",
        ),
    };
    own(Code::InvalidArgument, reason, format!("{field}: {why}")).field(field, why)
}

fn refused(refusal: &Refusal, complaint: ComplaintId) -> Answer {
    let (reason, message) = match refusal {
        Refusal::IllegalTransition { command, state, allowed } => {
            return illegal(complaint, (*command, *state), allowed);
        }
        Refusal::EstimatePast => {
            let why = "the day has passed";
            return own(Code::InvalidArgument, ErrorReason::EstimatePast, format!("finish_date: {why}"))
                .field("finish_date", why);
        }
        Refusal::MergeIntoItself => {
            let why = "a report is not merged into itself";
            return own(Code::InvalidArgument, ErrorReason::MergeIntoItself, format!("into: {why}"))
                .field("into", why);
        }
        Refusal::ValidatorWorkedOnReport => (
            ErrorReason::ValidatorWorkedOnReport,
            "you took part in this report, so a second person must validate it",
        ),
        Refusal::TargetNotBelow => {
            (ErrorReason::TargetNotBelow, "the unit is not below the responsible one; transfer it instead")
        }
        Refusal::TargetResponsible => (ErrorReason::TargetResponsible, "the unit is responsible already"),
        Refusal::TargetComplainedOf => {
            (ErrorReason::TargetComplainedOf, "the report is about this unit, or one above it")
        }
        Refusal::NoUnitAbove => {
            (ErrorReason::NoUnitAbove, "nobody stands above the unit that it would have to pass by")
        }
        Refusal::CategorySide => {
            (ErrorReason::CategorySide, "a report about officials stays one, and no other becomes one")
        }
        Refusal::ReopenTooLate => {
            (ErrorReason::ReopenTooLate, "it was closed more than 10 working days ago; file a new report")
        }
        Refusal::OutcomeNotReopenable => {
            (ErrorReason::OutcomeNotReopenable, "a report with this outcome is not reopened; file a new one")
        }
        Refusal::AppealTooLate => {
            (ErrorReason::AppealTooLate, "it was rejected more than 10 working days ago")
        }
        Refusal::MergeTargetNotOpen => {
            (ErrorReason::MergeTargetNotOpen, "the report to merge into is not open")
        }
        Refusal::MergeTargetElsewhere => (
            ErrorReason::MergeTargetElsewhere,
            "the report to merge into is another unit's, and you do not act for that one",
        ),
        Refusal::MergeAboutOfficials => (
            ErrorReason::MergeAboutOfficials,
            "a report about officials is merged only with one about the same unit",
        ),
        Refusal::MergeTooMany => {
            (ErrorReason::MergeTooMany, "1,000 reports are handled under this one already")
        }
        Refusal::EvidenceRequired => (
            ErrorReason::EvidenceRequired,
            "the category wants evidence of what was done: upload some, role AFTER",
        ),
        Refusal::FindingsOpen(findings) => return findings_open(findings),
        Refusal::TargetClosed => (ErrorReason::TargetClosed, "the report it is handled under is closed"),
    };
    own(Code::FailedPrecondition, reason, message).precondition(
        reason.as_str_name().trim_start_matches("ERROR_REASON_"),
        complaint.to_string(),
        message,
    )
}

fn findings_open(findings: &[String]) -> Answer {
    let message = "findings about the evidence are not answered";
    let answer = own(Code::FailedPrecondition, ErrorReason::EvidenceFindingOpen, message);
    let named = findings.iter().take(MOST_NAMED);
    named.fold(answer, |answer, finding| answer.precondition("EVIDENCE_FINDING_OPEN", finding, message))
}

fn illegal(complaint: ComplaintId, (command, state): (Command, State), allowed: &[Command]) -> Answer {
    let allowed = allowed.iter().map(|command| command.word()).collect::<Vec<_>>().join(", ");
    let allowed = if allowed.is_empty() { "none".to_owned() } else { allowed };
    let message =
        format!("{} is not possible in the state {}; allowed: {allowed}", command.word(), state.word());
    Answer::shared(Code::FailedPrecondition, Shared::IllegalTransition, message.clone())
        .fact("state", state.word())
        .fact("allowed", allowed)
        .precondition("STATE", complaint.to_string(), message)
}
