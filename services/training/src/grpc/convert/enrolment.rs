//! Enrolments.

use proto::training::v1;
use uuid::Uuid;

use super::{batch, filter, name, need, programme, time};
use crate::{
    app::Proposal,
    domain::{BatchName, EnrolmentId, EnrolmentState, NeedId, PersonId, Phase, UnitId},
    store::{
        After,
        enrolment::{Loaded, Selection},
    },
};

/// An enrolment as the contract shows it.
pub(crate) fn shown(loaded: &Loaded) -> v1::Enrolment {
    let Loaded { enrolment, waitlist_position } = loaded;
    let nomination = &enrolment.nomination;
    let credit = enrolment.credit();
    let batch = enrolment.batch().map(|batch| BatchName { programme: nomination.programme, batch });
    v1::Enrolment {
        name: enrolment.id.to_string(),
        person: nomination.person.to_string(),
        unit: nomination.unit.to_string(),
        programme: nomination.programme.to_string(),
        batch: name(batch),
        need: name(nomination.need),
        state: state(enrolment.state()).into(),
        waitlist_position: i32::try_from(*waitlist_position).unwrap_or(i32::MAX),
        hours_jp: credit.map_or(0, |(hours_jp, _)| hours_jp),
        decline_reason: match &enrolment.phase {
            Phase::Declined { reason } => reason.clone(),
            _ => String::new(),
        },
        nominated_by: name(nomination.by),
        decided_by: name(enrolment.decision.map(|decision| decision.by)),
        decide_time: enrolment.decision.and_then(|decision| time(decision.at)),
        complete_time: credit.and_then(|(_, at)| time(at)),
        create_time: time(nomination.at),
        update_time: time(enrolment.updated_at),
        etag: enrolment.etag(),
    }
}

/// The enrolment of a name.
pub(crate) fn id(name: &str) -> EnrolmentId {
    EnrolmentId::parse(name).unwrap_or(EnrolmentId(Uuid::nil()))
}

/// Whom to propose for what.
pub(crate) fn proposal(request: &v1::NominateEnrolmentRequest) -> Proposal {
    Proposal {
        person: PersonId::parse(&request.person).unwrap_or(PersonId(Uuid::nil())),
        programme: programme::id(&request.programme),
        need: (!request.need.is_empty()).then(|| need::id(&request.need)),
    }
}

/// What a list's request asks for.
pub(crate) fn selection(request: &v1::ListEnrolmentsRequest, after: After, limit: i64) -> Selection {
    Selection {
        need: filter(&request.need, NeedId::parse, NeedId),
        unit: filter(&request.unit, UnitId::parse, UnitId),
        state: match request.state() {
            v1::EnrolmentState::Unspecified => None,
            v1::EnrolmentState::Nominated => Some(EnrolmentState::Nominated),
            v1::EnrolmentState::Enrolled => Some(EnrolmentState::Enrolled),
            v1::EnrolmentState::Waitlisted => Some(EnrolmentState::Waitlisted),
            v1::EnrolmentState::Completed => Some(EnrolmentState::Completed),
            v1::EnrolmentState::Declined => Some(EnrolmentState::Declined),
        },
        batch: (!request.batch.is_empty()).then(|| batch::id(&request.batch).batch),
        after,
        limit,
    }
}

fn state(state: EnrolmentState) -> v1::EnrolmentState {
    match state {
        EnrolmentState::Nominated => v1::EnrolmentState::Nominated,
        EnrolmentState::Enrolled => v1::EnrolmentState::Enrolled,
        EnrolmentState::Waitlisted => v1::EnrolmentState::Waitlisted,
        EnrolmentState::Completed => v1::EnrolmentState::Completed,
        EnrolmentState::Declined => v1::EnrolmentState::Declined,
    }
}
