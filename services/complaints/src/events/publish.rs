//! From a step to the public event: the report's cumulative snapshot, without a word of anybody.

use jiff::Timestamp;
use kit::events::Event;
use proto::complaints::events::v1::{self as events, ComplaintSnapshot, Responsibility};

use crate::{
    domain::{Command, Complaint, Step},
    grpc::{convert, words},
};

/// The event that tells of a step.
pub(crate) fn event(complaint: &Complaint, step: &Step) -> Event {
    let snapshot = snapshot(complaint);
    macro_rules! told {
        ($($command:ident => $verb:literal, $message:ident;)+) => {
            match step.command {
                $(Command::$command => {
                    told(complaint, step, $verb, &events::$message { complaint: Some(snapshot) })
                })+
            }
        };
    }
    told! {
        File => "filed", ComplaintFiled;
        Accept => "accepted", ComplaintAccepted;
        Transfer => "transferred", ComplaintTransferred;
        Dispose => "disposed", ComplaintDisposed;
        Recategorize => "recategorized", ComplaintRecategorized;
        SetEstimate => "estimate_set", ComplaintEstimateSet;
        RequestInformation => "information_requested", ComplaintInformationRequested;
        ProvideInformation => "information_provided", ComplaintInformationProvided;
        SubmitFollowUp => "follow_up_submitted", ComplaintFollowUpSubmitted;
        ApproveFollowUp => "follow_up_approved", ComplaintFollowUpApproved;
        RejectFollowUp => "follow_up_rejected", ComplaintFollowUpRejected;
        ConfirmResolution => "resolution_confirmed", ComplaintResolutionConfirmed;
        Reopen => "reopened", ComplaintReopened;
        Reject => "rejected", ComplaintRejected;
        AppealRejection => "rejection_appealed", ComplaintRejectionAppealed;
        Merge => "merged", ComplaintMerged;
        Unmerge => "unmerged", ComplaintUnmerged;
        MoveWithTarget => "moved_with_target", ComplaintMovedWithTarget;
        CloseWithTarget => "closed_with_target", ComplaintClosedWithTarget;
        Support => "supported", ComplaintSupported;
        Withdraw => "withdrawn", ComplaintWithdrawn;
        AddNote => "noted", ComplaintNoted;
        AutoClose => "auto_closed", ComplaintAutoClosed;
        ExpireQuestion => "question_expired", ComplaintQuestionExpired;
        Warn => "warned", ComplaintWarned;
        Breach => "breached", ComplaintBreached;
        RaiseRedFlag => "red_flagged", ComplaintRedFlagged;
        EraseReporter => "reporter_erased", ComplaintReporterErased;
        RestrictReporter => "reporter_restricted", ComplaintReporterRestricted;
        AddReporterEvidence => "reporter_evidence_added", ComplaintReporterEvidenceAdded;
        AddFollowUpEvidence => "follow_up_evidence_added", ComplaintFollowUpEvidenceAdded;
        AnswerFinding => "finding_answered", ComplaintFindingAnswered;
        RaisePriority => "priority_raised", ComplaintPriorityRaised;
    }
}

fn told<M: prost::Message + prost::Name>(
    complaint: &Complaint,
    step: &Step,
    verb: &'static str,
    message: &M,
) -> Event {
    Event::new(
        crate::SERVICE,
        ("complaint", verb),
        (complaint.id.0, step.version),
        complaint.id.to_string(),
        step.at,
        message,
    )
}

fn snapshot(complaint: &Complaint) -> ComplaintSnapshot {
    let (filing, closing, counts) = (&complaint.filing, complaint.closing(), complaint.counts);
    let times = |times: &[Timestamp]| times.iter().copied().map(time).collect();
    ComplaintSnapshot {
        name: complaint.id.to_string(),
        category: format!("categories/{}", complaint.category),
        kind: words::kind(filing.kind).into(),
        channel: filing.channel.clone(),
        kelurahan_code: filing.kelurahan_code.clone(),
        responsibilities: complaint
            .responsibilities
            .iter()
            .map(|held| Responsibility { unit: held.unit.to_string(), from_time: Some(time(held.from)) })
            .collect(),
        state: words::state(complaint.state()).into(),
        outcome: words::outcome(closing.map(|closing| closing.outcome)).into(),
        confirmation: convert::confirmation(complaint).into(),
        rating: closing.and_then(|closing| closing.rating).map_or(0, i32::from),
        file_time: Some(time(filing.filed_at)),
        first_accept_time: complaint.first_accepted_at.map(time),
        resolve_times: times(&complaint.resolved_times),
        reopen_times: times(&complaint.reopened_times),
        close_time: closing.map(|closing| time(closing.at)),
        verified: complaint.verified,
        hops: counts.hops,
        ping_pong: complaint.ping_pong,
        rejected_follow_ups: counts.rejected_follow_ups,
        supporters: counts.supporters,
        merged_into: complaint.phase.merged_into().map(|target| target.to_string()).unwrap_or_default(),
        reject_reason: convert::reject_reason(complaint).into(),
        about_officials: filing.unit_complained_of.is_some(),
        breaches: counts.breaches,
        red_flag_time: complaint.red_flagged_at.map(time),
        due_time: complaint.finish_due_at().map(time),
        priority: words::priority(complaint.priority).into(),
        stopped_seconds: complaint.stopped_seconds,
        recurrence_of: filing.recurrence_of.map(|fixed| fixed.to_string()).unwrap_or_default(),
    }
}

fn time(at: Timestamp) -> prost_types::Timestamp {
    kit::clock::to_proto(at)
}

/// The event that tells of a day's root.
pub(crate) fn ledger_root(id: uuid::Uuid, signed: &kit::ledger::SignedRoot) -> Event {
    let root = events::LedgerRootPublished { root: Some(convert::ledger_root(signed)) };
    let name = convert::ledger_root_name(signed.root.day);
    Event::new(crate::SERVICE, ("ledger_root", "published"), (id, 1), name, signed.root.created_at, &root)
}
