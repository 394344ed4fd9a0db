//! Rows as the contract shows them.

use proto::ops::v1;

use super::{acts::Act, dead_letters::name};
use crate::{
    clock::to_proto,
    events::dead_letter::{DeadLetter, Reason, State},
};

/// A dead letter without headers and payload.
pub(super) fn listed(letter: &DeadLetter) -> v1::DeadLetter {
    v1::DeadLetter {
        name: name(letter),
        stream: letter.stream.clone(),
        event: letter.event_id.to_string(),
        subject: letter.subject.clone(),
        event_type: letter.event_type.clone(),
        resource: letter.resource.clone(),
        reason: reason(letter.reason).into(),
        error: letter.error.clone(),
        attempts: letter.attempts,
        state: state(letter.state).into(),
        retry_time: letter.retry_at.map(|at| to_proto(at.to_jiff())),
        create_time: Some(to_proto(letter.recorded_at.to_jiff())),
        update_time: Some(to_proto(letter.updated_at.to_jiff())),
        ..v1::DeadLetter::default()
    }
}

/// A dead letter with all that came.
pub(super) fn whole(letter: &DeadLetter) -> v1::DeadLetter {
    v1::DeadLetter { headers: letter.headers(), payload: letter.payload.clone(), ..listed(letter) }
}

/// The state to list; any where not said.
pub(super) fn to_state(state: v1::DeadLetterState) -> Option<State> {
    match state {
        v1::DeadLetterState::Unspecified => None,
        v1::DeadLetterState::Waiting => Some(State::Waiting),
        v1::DeadLetterState::Parked => Some(State::Parked),
        v1::DeadLetterState::Resolved => Some(State::Resolved),
        v1::DeadLetterState::Dropped => Some(State::Dropped),
    }
}

pub(super) fn act(act: &Act) -> v1::OperatorAct {
    v1::OperatorAct {
        name: format!("operatorActs/{}", act.id),
        act: act.act.clone(),
        subject: act.subject.clone(),
        actor: act.actor.clone(),
        reason: act.reason.clone(),
        act_time: Some(to_proto(act.recorded_at.to_jiff())),
    }
}

fn state(state: State) -> v1::DeadLetterState {
    match state {
        State::Waiting => v1::DeadLetterState::Waiting,
        State::Parked => v1::DeadLetterState::Parked,
        State::Resolved => v1::DeadLetterState::Resolved,
        State::Dropped => v1::DeadLetterState::Dropped,
    }
}

fn reason(reason: Reason) -> v1::DeadLetterReason {
    match reason {
        Reason::Unreadable => v1::DeadLetterReason::Unreadable,
        Reason::Permanent => v1::DeadLetterReason::Permanent,
        Reason::AttemptsExhausted => v1::DeadLetterReason::AttemptsExhausted,
        Reason::Transient => v1::DeadLetterReason::Transient,
        Reason::OlderThanInbox => v1::DeadLetterReason::OlderThanInbox,
        Reason::UnknownType => v1::DeadLetterReason::UnknownType,
    }
}
