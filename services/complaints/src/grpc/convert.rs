//! Between the contract's messages and the domain's types, parsed once.

use kit::clock::to_proto;
use proto::complaints::v1;

use crate::{
    app::{Filed, Proof},
    domain::{Command, Complaint, ComplaintId, Kind, Outcome, State, Step},
};

/// A report as the contract shows it.
pub(crate) fn complaint(complaint: &Complaint) -> v1::Complaint {
    let filing = &complaint.filing;
    let closing = complaint.closing();
    v1::Complaint {
        name: complaint.id.to_string(),
        number: filing.number.clone(),
        category: format!("categories/{}", filing.category),
        kind: kind(filing.kind).into(),
        text: filing.text.clone(),
        kelurahan_code: filing.kelurahan_code.clone(),
        responsible_unit: complaint.responsible_unit.to_string(),
        state: state(complaint.state()).into(),
        outcome: outcome(complaint.outcome()).into(),
        confirmation: match closing {
            Some(_) => v1::Confirmation::Confirmed.into(),
            None => v1::Confirmation::Unspecified.into(),
        },
        rating: closing.map_or(0, |(rating, _, _)| rating.into()),
        create_time: Some(to_proto(filing.filed_at)),
        update_time: Some(to_proto(complaint.updated_at)),
        accept_time: complaint.first_accepted_at.map(to_proto),
        resolve_time: complaint.resolved_times.last().copied().map(to_proto),
        close_time: closing.map(|(_, _, at)| to_proto(at)),
        etag: complaint.etag(),
        proposed_outcome: outcome(complaint.proposed_outcome()).into(),
    }
}

/// A filed report with its secret.
pub(crate) fn filed(filed: &Filed) -> v1::FileComplaintResponse {
    v1::FileComplaintResponse {
        complaint: Some(complaint(&filed.complaint)),
        access_code: filed.access_code.clone(),
    }
}

/// A step as everybody may read it.
pub(crate) fn entry(step: &Step) -> v1::TimelineEntry {
    v1::TimelineEntry {
        version: step.version,
        command: command(step.command).into(),
        state: state(step.state).into(),
        person: step.by.person.map(|person| person.to_string()).unwrap_or_default(),
        responsible_unit: step.responsible_unit.to_string(),
        time: Some(to_proto(step.at)),
        public_text: step.public_text.clone(),
    }
}

/// What a caller shows of a reporter's.
pub(crate) fn proof(proof: Option<v1::ReporterProof>) -> Proof {
    proof.map_or_else(Proof::default, |proof| Proof {
        access_code: proof.access_code,
        channel_reference: proof.channel_reference,
    })
}

/// The report of a name that the contract's rules let pass; one that is no UUID is of no report.
pub(crate) fn complaint_id(name: &str) -> ComplaintId {
    ComplaintId::parse(name).unwrap_or(ComplaintId(uuid::Uuid::nil()))
}

/// Where a list goes on after a report, as its page token holds it.
pub(crate) fn to_list_key(complaint: &Complaint) -> String {
    format!("{} {}", complaint.filing.filed_at.as_microsecond(), complaint.id.0)
}

/// Where a list goes on: `Some(None)` from the start, `None` for a key that is none.
#[expect(clippy::option_option, reason = "the start of a list and a broken key are two things")]
pub(crate) fn list_key(key: &str) -> Option<Option<(jiff::Timestamp, uuid::Uuid)>> {
    if key.is_empty() {
        return Some(None);
    }
    let (microsecond, id) = key.split_once(' ')?;
    let time = jiff::Timestamp::from_microsecond(microsecond.parse().ok()?).ok()?;
    Some(Some((time, id.parse().ok()?)))
}

/// The kind to file; not said is a report.
pub(crate) fn to_kind(kind: v1::ComplaintKind) -> Kind {
    match kind {
        v1::ComplaintKind::Unspecified | v1::ComplaintKind::Report => Kind::Report,
        v1::ComplaintKind::Suggestion => Kind::Suggestion,
        v1::ComplaintKind::Praise => Kind::Praise,
    }
}

/// An outcome that a follow-up may propose.
pub(crate) fn to_outcome(outcome: v1::ComplaintOutcome) -> Option<Outcome> {
    match outcome {
        v1::ComplaintOutcome::Fixed => Some(Outcome::Fixed),
        v1::ComplaintOutcome::NoActionNeeded => Some(Outcome::NoActionNeeded),
        v1::ComplaintOutcome::NotFixable => Some(Outcome::NotFixable),
        v1::ComplaintOutcome::Invalid => Some(Outcome::Invalid),
        v1::ComplaintOutcome::Unspecified
        | v1::ComplaintOutcome::Duplicate
        | v1::ComplaintOutcome::Withdrawn => None,
    }
}

pub(crate) fn kind(kind: Kind) -> v1::ComplaintKind {
    match kind {
        Kind::Report => v1::ComplaintKind::Report,
        Kind::Suggestion => v1::ComplaintKind::Suggestion,
        Kind::Praise => v1::ComplaintKind::Praise,
    }
}

pub(crate) fn state(state: State) -> v1::ComplaintState {
    match state {
        State::Submitted => v1::ComplaintState::Submitted,
        State::InProgress => v1::ComplaintState::InProgress,
        State::AwaitingValidation => v1::ComplaintState::AwaitingValidation,
        State::Resolved => v1::ComplaintState::Resolved,
        State::Closed => v1::ComplaintState::Closed,
    }
}

pub(crate) fn outcome(outcome: Option<Outcome>) -> v1::ComplaintOutcome {
    match outcome {
        None => v1::ComplaintOutcome::Unspecified,
        Some(Outcome::Fixed) => v1::ComplaintOutcome::Fixed,
        Some(Outcome::NoActionNeeded) => v1::ComplaintOutcome::NoActionNeeded,
        Some(Outcome::NotFixable) => v1::ComplaintOutcome::NotFixable,
        Some(Outcome::Invalid) => v1::ComplaintOutcome::Invalid,
    }
}

fn command(command: Command) -> v1::ComplaintCommand {
    match command {
        Command::File => v1::ComplaintCommand::File,
        Command::Accept => v1::ComplaintCommand::Accept,
        Command::SubmitFollowUp => v1::ComplaintCommand::SubmitFollowUp,
        Command::ApproveFollowUp => v1::ComplaintCommand::ApproveFollowUp,
        Command::ConfirmResolution => v1::ComplaintCommand::ConfirmResolution,
    }
}
