//! From what happened to the public events: ids, classes and numbers, without a word of anybody.

use jiff::Timestamp;
use kit::events::Event;
use proto::training::events::v1::{EnrolmentCompleted, InterventionRecorded, NeedAnswered};

use crate::domain::{Answered, BatchName, Enrolment, Exposure, Need};

/// That a person took part to the end: `credit` is what and when.
pub(crate) fn enrolment_completed(
    enrolment: &Enrolment,
    batch: BatchName,
    (hours_jp, at): (i32, Timestamp),
) -> Event {
    let nomination = &enrolment.nomination;
    let message = EnrolmentCompleted {
        enrolment: enrolment.id.to_string(),
        person: nomination.person.to_string(),
        unit: nomination.unit.to_string(),
        programme: nomination.programme.to_string(),
        batch: batch.to_string(),
        need: nomination.need.map(|need| need.to_string()).unwrap_or_default(),
        hours_jp,
        complete_time: Some(kit::clock::to_proto(at)),
    };
    Event::new(
        crate::SERVICE,
        ("enrolment", "completed"),
        (enrolment.id.0, enrolment.version),
        enrolment.id.to_string(),
        at,
        &message,
    )
}

/// What a unit has had of a batch so far.
pub(crate) fn intervention_recorded(exposure: &Exposure, at: Timestamp) -> Event {
    let message = InterventionRecorded {
        intervention: exposure.intervention.to_string(),
        unit: exposure.unit.to_string(),
        programme: exposure.batch.programme.to_string(),
        batch: exposure.batch.to_string(),
        from_date: exposure.days.start.to_string(),
        to_date: exposure.days.end.to_string(),
        dose_jp: exposure.dose_jp,
        participants: exposure.participants,
        by_lot: exposure.lottery.is_some(),
        lottery: exposure.lottery.map(|lottery| lottery.to_string()).unwrap_or_default(),
    };
    Event::new(
        crate::SERVICE,
        ("intervention", "recorded"),
        (exposure.intervention.0, exposure.version),
        exposure.intervention.to_string(),
        at,
        &message,
    )
}

/// What became of a need. `completed` is how many enrolments for it are completed.
pub(crate) fn need_answered(need: &Need, answered: &Answered, completed: i64) -> Event {
    let message = NeedAnswered {
        need: need.id.to_string(),
        unit: need.unit.to_string(),
        element: need.element.clone(),
        answer: crate::grpc::convert::need::answer(answered.answer).into(),
        completed_enrolments: completed,
        answer_time: Some(kit::clock::to_proto(answered.at)),
    };
    Event::new(
        crate::SERVICE,
        ("need", "answered"),
        (need.id.0, need.version),
        need.id.to_string(),
        answered.at,
        &message,
    )
}
