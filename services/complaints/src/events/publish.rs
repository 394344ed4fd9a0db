//! From a step to the public event: the report's cumulative snapshot, without a word of anybody.

use jiff::Timestamp;
use kit::events::Event;
use proto::complaints::{
    events::v1::{
        ComplaintAccepted, ComplaintFiled, ComplaintFollowUpApproved, ComplaintFollowUpSubmitted,
        ComplaintResolutionConfirmed, ComplaintSnapshot, Responsibility,
    },
    v1,
};

use crate::domain::{Command, Complaint, Step};

/// The event that tells of a step.
pub(crate) fn event(complaint: &Complaint, step: &Step) -> Event {
    let snapshot = Some(snapshot(complaint));
    match step.command {
        Command::File => told(complaint, step, "filed", &ComplaintFiled { complaint: snapshot }),
        Command::Accept => told(complaint, step, "accepted", &ComplaintAccepted { complaint: snapshot }),
        Command::SubmitFollowUp => {
            told(complaint, step, "follow_up_submitted", &ComplaintFollowUpSubmitted { complaint: snapshot })
        }
        Command::ApproveFollowUp => {
            told(complaint, step, "follow_up_approved", &ComplaintFollowUpApproved { complaint: snapshot })
        }
        Command::ConfirmResolution => told(
            complaint,
            step,
            "resolution_confirmed",
            &ComplaintResolutionConfirmed { complaint: snapshot },
        ),
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
    let filing = &complaint.filing;
    let closing = complaint.closing();
    ComplaintSnapshot {
        name: complaint.id.to_string(),
        category: format!("categories/{}", filing.category),
        kind: crate::grpc::convert::kind(filing.kind).into(),
        channel: filing.channel.clone(),
        kelurahan_code: filing.kelurahan_code.clone(),
        responsibilities: vec![Responsibility {
            unit: complaint.responsible_unit.to_string(),
            from_time: Some(time(filing.filed_at)),
        }],
        state: crate::grpc::convert::state(complaint.state()).into(),
        outcome: crate::grpc::convert::outcome(complaint.outcome()).into(),
        confirmation: confirmation(closing.is_some()).into(),
        rating: closing.map_or(0, |(rating, _, _)| rating.into()),
        file_time: Some(time(filing.filed_at)),
        first_accept_time: complaint.first_accepted_at.map(time),
        resolve_times: complaint.resolved_times.iter().copied().map(time).collect(),
        reopen_times: Vec::new(),
        close_time: closing.map(|(_, _, at)| time(at)),
        verified: complaint.verified,
    }
}

fn confirmation(closed: bool) -> v1::Confirmation {
    if closed { v1::Confirmation::Confirmed } else { v1::Confirmation::Unspecified }
}

fn time(at: Timestamp) -> prost_types::Timestamp {
    kit::clock::to_proto(at)
}
