//! The transition table: each command in each state, what is reachable, what has a way out.

use std::collections::HashSet;

use super::super::transitions::{allowed, possible};
use super::*;

fn leads_to(row: &Transition, from: State) -> State {
    match row.to {
        To::State(state) => state,
        To::Same => from,
        // Merged from where it was filed, in these tests.
        To::Before => State::Submitted,
    }
}

#[test]
fn every_state_is_reachable_from_filing() {
    let mut reached = HashSet::from([State::Submitted]);
    loop {
        let next: HashSet<State> = TRANSITIONS
            .iter()
            .flat_map(|row| row.from.iter().map(move |from| (row, *from)))
            .filter(|(_, from)| reached.contains(from))
            .map(|(row, from)| leads_to(row, from))
            .collect();
        let before = reached.len();
        reached.extend(next);
        if reached.len() == before {
            break;
        }
    }
    assert_eq!(reached.len(), State::ALL.len());
}

#[test]
fn every_state_has_a_way_out_that_leads_to_its_end() {
    for state in State::ALL.iter().filter(|state| **state != State::Closed) {
        let (mut seen, mut ahead) = (HashSet::new(), vec![*state]);
        while let Some(from) = ahead.pop() {
            if seen.insert(from) {
                let rows = TRANSITIONS.iter().filter(|row| row.from.contains(&from));
                ahead.extend(rows.map(|row| leads_to(row, from)));
            }
        }
        assert!(seen.contains(&State::Closed), "{state:?}");
    }
}

#[test]
fn each_command_does_in_each_state_what_the_table_says() {
    for state in State::ALL {
        for command in Command::ALL.iter().filter(|command| act(**command).is_some()) {
            let mut complaint = in_state(*state);
            let before = complaint.clone();
            match (tell(&mut complaint, *command, 100), possible(*command, *state, Kind::Report)) {
                (Ok(step), Some(row)) => {
                    let to = leads_to(row, *state);
                    assert_eq!((complaint.state(), step.state), (to, to), "{command:?} in {state:?}");
                    assert_eq!((step.version, complaint.version), (before.version + 1, before.version + 1));
                    assert_eq!(step.command, *command);
                }
                (Err(Refusal::IllegalTransition { allowed: list, .. }), None) => {
                    assert_eq!(list, allowed(*state));
                    assert_eq!(complaint, before, "a refused report is unchanged");
                }
                (outcome, _) => panic!("{command:?} in {state:?}: {outcome:?}"),
            }
        }
    }
}

#[test]
fn what_a_refusal_lists_as_allowed_is_possible_and_all_that_is() {
    for state in State::ALL {
        let listed: HashSet<Command> = allowed(*state).into_iter().collect();
        assert_eq!(listed.len(), allowed(*state).len(), "each once");
        for command in Command::ALL {
            let row = possible(*command, *state, Kind::Report).filter(|row| row.actor != Actor::System);
            assert_eq!(listed.contains(command), row.is_some(), "{command:?} in {state:?}");
        }
    }
}

#[test]
fn a_command_and_a_state_have_one_row_for_a_kind_and_each_command_has_one() {
    for command in Command::ALL.iter().filter(|command| **command != Command::File) {
        let mut rows = 0;
        for (state, kind) in
            State::ALL.iter().flat_map(|state| Kind::ALL.iter().map(move |kind| (state, kind)))
        {
            let found = TRANSITIONS.iter().filter(|row| {
                row.command == *command && row.from.contains(state) && row.kinds.contains(kind)
            });
            assert!(found.clone().count() <= 1, "{command:?} in {state:?} for {kind:?}");
            rows += found.count();
        }
        assert!(rows > 0, "{command:?}");
    }
}

#[test]
fn an_outcome_and_a_confirmation_are_set_exactly_when_closed() {
    for state in State::ALL {
        assert_eq!(in_state(*state).closing().is_some(), *state == State::Closed);
    }
}

#[test]
fn a_suggestion_and_a_praise_close_when_the_follow_up_is_approved() {
    for kind in [Kind::Suggestion, Kind::Praise] {
        let mut complaint = filed(kind);
        for (second, command) in (1..).zip(way(State::Resolved)) {
            tell(&mut complaint, *command, second).unwrap();
        }
        let closing = complaint.closing().unwrap();
        assert_eq!((closing.outcome, closing.confirmation), (Outcome::Fixed, Confirmation::NotAsked));
    }
}
