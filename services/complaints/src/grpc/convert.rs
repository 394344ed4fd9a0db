//! Between the contract's messages and the domain's types, parsed once.

use kit::clock::to_proto;
use proto::complaints::v1;

use super::words;
use crate::{
    app::{Filed, Proof},
    domain::{Complaint, ComplaintId, Reporter, Step, TRANSITIONS, To, Transition, UnitId, place::Point},
};

/// A report as the contract shows it.
pub(crate) fn complaint(complaint: &Complaint) -> v1::Complaint {
    let (filing, phase, closing) = (&complaint.filing, &complaint.phase, complaint.closing());
    let counts = complaint.counts;
    v1::Complaint {
        name: complaint.id.to_string(),
        number: filing.number.clone(),
        category: format!("categories/{}", complaint.category),
        kind: words::kind(filing.kind).into(),
        text: filing.text.clone(),
        kelurahan_code: filing.kelurahan_code.clone(),
        responsible_unit: complaint.responsible_unit().to_string(),
        state: words::state(complaint.state()).into(),
        outcome: words::outcome(closing.map(|closing| closing.outcome)).into(),
        confirmation: confirmation(complaint).into(),
        rating: closing.and_then(|closing| closing.rating).map_or(0, i32::from),
        create_time: Some(to_proto(filing.filed_at)),
        update_time: Some(to_proto(complaint.updated_at)),
        accept_time: complaint.first_accepted_at.map(to_proto),
        resolve_time: complaint.resolved_times.last().copied().map(to_proto),
        close_time: closing.map(|closing| to_proto(closing.at)),
        etag: complaint.etag(),
        proposed_outcome: words::outcome(phase.proposed_outcome()).into(),
        hops: counts.hops,
        ping_pong: complaint.ping_pong,
        rejected_follow_ups: counts.rejected_follow_ups,
        supporters: counts.supporters,
        estimated_finish_date: complaint.estimated_finish.map(|day| day.to_string()).unwrap_or_default(),
        question: phase.question().map(|(question, _)| question.to_owned()).unwrap_or_default(),
        reject_reason: reject_reason(complaint).into(),
        merged_into: phase.merged_into().map(|target| target.to_string()).unwrap_or_default(),
        reopen_times: complaint.reopened_times.iter().copied().map(to_proto).collect(),
        unit_complained_of: filing.unit_complained_of.map(|unit| unit.to_string()).unwrap_or_default(),
        priority: words::priority(complaint.priority).into(),
        due_time: complaint.finish_due_at().map(to_proto),
        breaches: counts.breaches,
        red_flag_time: complaint.red_flagged_at.map(to_proto),
        deadlines: complaint
            .deadlines
            .iter()
            .map(|deadline| v1::Deadline {
                kind: words::due(deadline.due).into(),
                due_time: Some(to_proto(deadline.at)),
                stage: words::stage(deadline.stage).into(),
            })
            .collect(),
        point: None,
        asset: String::new(),
        words_released_version: complaint.words_released,
        reporter_erase_time: complaint.reporter_erased_at.map(to_proto),
        reporter_restrict_time: complaint.reporter_restricted_at.map(to_proto),
        evidence: Vec::new(),
        recurrence_of: filing.recurrence_of.map(|fixed| fixed.to_string()).unwrap_or_default(),
        group_reports: 0,
        group_supporters: 0,
    }
}

/// A report with what is handled under it, which most answers leave out.
pub(crate) fn grouped(shown: v1::Complaint, (reports, citizens): (i64, i64)) -> v1::Complaint {
    let count = |count| i32::try_from(count).unwrap_or(i32::MAX);
    v1::Complaint { group_reports: count(reports), group_supporters: count(citizens), ..shown }
}

/// A report with its place, which most answers leave out.
pub(crate) fn placed(shown: v1::Complaint, (point, asset): (Option<Point>, String)) -> v1::Complaint {
    let point = point.map(|point| v1::Point { latitude: point.latitude(), longitude: point.longitude() });
    v1::Complaint { point, asset, ..shown }
}

/// The name of a day's root.
pub(crate) fn ledger_root_name(day: jiff::civil::Date) -> String {
    format!("ledgerRoots/{day}")
}

/// A signed root as the contract shows it.
pub(crate) fn ledger_root(signed: &kit::ledger::SignedRoot) -> v1::LedgerRoot {
    let root = &signed.root;
    v1::LedgerRoot {
        name: ledger_root_name(root.day),
        tree_size: i64::try_from(root.size).unwrap_or(i64::MAX),
        root_hash: root.hash.to_vec(),
        previous_root_hash: root.previous.map(|hash| hash.to_vec()).unwrap_or_default(),
        key_id: signed.key_id.clone(),
        signature: signed.signature.clone(),
        create_time: Some(to_proto(root.created_at)),
    }
}

/// Whether the reporter confirmed; not said of a report that is not closed.
pub(crate) fn confirmation(complaint: &Complaint) -> v1::Confirmation {
    complaint
        .closing()
        .map_or(v1::Confirmation::Unspecified, |closing| words::confirmation(closing.confirmation))
}

/// Why it was rejected, if it was.
pub(crate) fn reject_reason(complaint: &Complaint) -> v1::RejectReason {
    complaint.phase.reject_reason().map_or(v1::RejectReason::Unspecified, words::reject_reason)
}

/// A filed report with its secret.
pub(crate) fn filed(filed: &Filed) -> v1::FileComplaintResponse {
    v1::FileComplaintResponse {
        complaint: Some(complaint(&filed.complaint)),
        access_code: filed.access_code.clone(),
        kelurahan_corrected: false,
        duplicates: Vec::new(),
        duplicates_searched: false,
    }
}

/// A step as its reader may see it.
pub(crate) fn entry(step: &Step) -> v1::TimelineEntry {
    v1::TimelineEntry {
        version: step.version,
        command: words::command(step.command).into(),
        state: words::state(step.state).into(),
        person: step.by.person.map(|person| person.to_string()).unwrap_or_default(),
        responsible_unit: step.responsible_unit.to_string(),
        time: Some(to_proto(step.at)),
        public_text: step.texts.public.clone(),
        internal_note: step.texts.internal.clone(),
        reporter_text: step.texts.reporter.clone(),
        transfer_reason: step
            .transfer_reason
            .map_or(v1::TransferReason::Unspecified, words::transfer_reason)
            .into(),
        deadline: step.due.map_or(v1::DeadlineKind::Unspecified, words::due).into(),
        escalated_to: step.escalated_to.map(|unit| unit.to_string()).unwrap_or_default(),
    }
}

/// What a caller shows of a reporter's.
pub(crate) fn proof(proof: Option<v1::ReporterProof>) -> Proof {
    proof.map_or_else(Proof::default, |proof| Proof {
        access_code: proof.access_code,
        channel_reference: proof.channel_reference,
    })
}

/// Who a reporter says they are.
pub(crate) fn reporter(reporter: Option<v1::Reporter>) -> Reporter {
    reporter.map_or_else(Reporter::default, |reporter| Reporter {
        name: reporter.display_name,
        phone: reporter.phone,
        email: reporter.email,
    })
}

/// The report of a name that the contract's rules let pass; one that is no UUID is of no report.
pub(crate) fn complaint_id(name: &str) -> ComplaintId {
    ComplaintId::parse(name).unwrap_or(ComplaintId(uuid::Uuid::nil()))
}

/// The unit of a name that the contract's rules let pass; one that is no UUID is of no unit.
pub(crate) fn unit_id(name: &str) -> UnitId {
    let id = name.strip_prefix("units/").and_then(|id| uuid::Uuid::parse_str(id).ok());
    UnitId(id.unwrap_or(uuid::Uuid::nil()))
}

/// The transition table as the contract shows it.
pub(crate) fn workflow() -> v1::GetWorkflowResponse {
    let row = |row: &Transition| v1::Transition {
        command: words::command(row.command).into(),
        from: row.from.iter().map(|state| words::state(*state).into()).collect(),
        to: match row.to {
            To::State(state) => words::state(state).into(),
            To::Same | To::Before => v1::ComplaintState::Unspecified.into(),
        },
        actor: words::actor(row.actor).into(),
        kinds: row.kinds.iter().map(|kind| words::kind(*kind).into()).collect(),
    };
    v1::GetWorkflowResponse { transitions: TRANSITIONS.iter().map(row).collect() }
}
