//! Needs.

use prost::Message;
use proto::{
    evaluation::{events::v1::TrainingNeedIdentified, v1::SignalEvidence},
    training::v1,
};
use uuid::Uuid;

use super::{filter, name, time};
use crate::{
    domain::{Answer, Answered, Need, NeedId, NeedState, UnitId},
    store::{After, need::Selection},
};

/// A need as the contract shows it.
pub(crate) fn shown(need: &Need) -> v1::Need {
    let answered = need.answered();
    v1::Need {
        name: need.id.to_string(),
        unit: need.unit.to_string(),
        element: need.element.clone(),
        evidence: evidence(&need.identified),
        state: state(need.state()).into(),
        answer: answered.map_or(v1::NeedAnswer::Unspecified, |answered| answer(answered.answer)).into(),
        answer_reason: answered.map(|answered| answered.reason.clone()).unwrap_or_default(),
        answered_by: name(answered.map(|answered| answered.by)),
        answer_time: answered.and_then(|Answered { at, .. }| time(*at)),
        create_time: time(need.created_at),
        update_time: time(need.updated_at),
        etag: need.etag(),
    }
}

/// The need of a name.
pub(crate) fn id(name: &str) -> NeedId {
    NeedId::parse(name).unwrap_or(NeedId(Uuid::nil()))
}

/// What a list's request asks for.
pub(crate) fn selection(request: &v1::ListNeedsRequest, after: After, limit: i64) -> Selection {
    Selection {
        unit: filter(&request.unit, UnitId::parse, UnitId),
        state: match request.state() {
            v1::NeedState::Unspecified => None,
            v1::NeedState::Open => Some(NeedState::Open),
            v1::NeedState::Nominated => Some(NeedState::Nominated),
            v1::NeedState::Answered => Some(NeedState::Answered),
        },
        element: request.element.clone(),
        after,
        limit,
    }
}

/// An answer given; the contract's rules let no unset one pass.
pub(crate) fn to_answer(answer: v1::NeedAnswer) -> Option<Answer> {
    match answer {
        v1::NeedAnswer::Unspecified => None,
        v1::NeedAnswer::Trained => Some(Answer::Trained),
        v1::NeedAnswer::OtherMeasure => Some(Answer::OtherMeasure),
        v1::NeedAnswer::Declined => Some(Answer::Declined),
    }
}

/// An answer as the contract shows it.
pub(crate) fn answer(answer: Answer) -> v1::NeedAnswer {
    match answer {
        Answer::Trained => v1::NeedAnswer::Trained,
        Answer::OtherMeasure => v1::NeedAnswer::OtherMeasure,
        Answer::Declined => v1::NeedAnswer::Declined,
    }
}

fn state(state: NeedState) -> v1::NeedState {
    match state {
        NeedState::Open => v1::NeedState::Open,
        NeedState::Nominated => v1::NeedState::Nominated,
        NeedState::Answered => v1::NeedState::Answered,
    }
}

/// The evidence in evaluation's event, which was read once before it was stored.
fn evidence(identified: &[u8]) -> Option<SignalEvidence> {
    TrainingNeedIdentified::decode(identified).ok()?.evidence
}
