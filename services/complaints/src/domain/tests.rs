//! The table walked exhaustively, and the rules that guard it.

use std::collections::HashSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    number::{crockford, report_number},
    transitions::{TRANSITIONS, allowed, target},
    *,
};

const STATES: [State; 5] =
    [State::Submitted, State::InProgress, State::AwaitingValidation, State::Resolved, State::Closed];
const COMMANDS: [Command; 4] =
    [Command::Accept, Command::SubmitFollowUp, Command::ApproveFollowUp, Command::ConfirmResolution];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn official(id: u128) -> By {
    By { subject: "jaki".to_owned(), person: Some(PersonId(Uuid::from_u128(id))) }
}

fn reporter() -> By {
    By { subject: "jaki".to_owned(), person: None }
}

fn filed() -> Complaint {
    let filing = Filing {
        number: report_number([1, 2, 3, 4, 5]),
        category: "jalan".to_owned(),
        kind: Kind::Report,
        text: "Lubang di jalan".to_owned(),
        kelurahan_code: "31.74.01.1001".to_owned(),
        channel: "jaki".to_owned(),
        channel_reference: None,
        filed_at: at(0),
    };
    Complaint::file(ComplaintId(Uuid::from_u128(7)), filing, UnitId(Uuid::from_u128(8)), reporter()).0
}

fn run(complaint: &mut Complaint, command: Command, second: i64) -> Result<Step, Refusal> {
    match command {
        Command::File => unreachable!("a report is filed once"),
        Command::Accept => complaint.accept(official(1), at(second)),
        Command::SubmitFollowUp => {
            complaint.submit_follow_up(official(1), at(second), (Outcome::Fixed, "Sudah ditambal".to_owned()))
        }
        Command::ApproveFollowUp => complaint.approve_follow_up(
            official(2),
            at(second),
            (&[PersonId(Uuid::from_u128(1))], String::new()),
        ),
        Command::ConfirmResolution => {
            complaint.confirm_resolution(reporter(), at(second), (5, String::new()))
        }
    }
}

/// A report in a state, reached by legal commands.
fn in_state(state: State) -> Complaint {
    let mut complaint = filed();
    for (second, command) in (1..).zip(COMMANDS) {
        if complaint.state() == state {
            break;
        }
        run(&mut complaint, command, second).unwrap();
    }
    assert_eq!(complaint.state(), state);
    complaint
}

#[test]
fn every_state_is_reachable_and_every_state_but_closed_has_a_way_out() {
    let reached: HashSet<State> = TRANSITIONS.iter().map(|row| row.to).chain([State::Submitted]).collect();
    assert_eq!(reached.len(), STATES.len());
    for state in STATES {
        assert_eq!(allowed(state).is_empty(), state == State::Closed, "{state:?}");
    }
}

#[test]
fn each_command_does_in_each_state_what_the_table_says() {
    for state in STATES {
        for command in COMMANDS {
            let mut complaint = in_state(state);
            let before = complaint.clone();
            match (run(&mut complaint, command, 100), target(command, state)) {
                (Ok(step), Some(to)) => {
                    assert_eq!((complaint.state(), step.state), (to, to));
                    assert_eq!((step.version, complaint.version), (before.version + 1, before.version + 1));
                }
                (Err(Refusal::IllegalTransition { allowed: list, .. }), None) => {
                    assert_eq!(list, allowed(state));
                    assert_eq!(complaint, before, "a refused report is unchanged");
                }
                (outcome, _) => panic!("{command:?} in {state:?}: {outcome:?}"),
            }
        }
    }
}

#[test]
fn who_worked_on_a_report_cannot_validate_it() {
    let mut complaint = in_state(State::AwaitingValidation);
    let workers = [PersonId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2))];
    let refused = complaint.approve_follow_up(official(2), at(9), (&workers, String::new()));
    assert_eq!(refused, Err(Refusal::ValidatorWorkedOnReport));
    assert_eq!(complaint.state(), State::AwaitingValidation);
}

#[test]
fn an_outcome_is_set_exactly_when_closed_and_invalid_verifies_nothing() {
    for state in STATES {
        assert_eq!(in_state(state).outcome().is_some(), state == State::Closed);
    }
    let mut complaint = in_state(State::InProgress);
    complaint.submit_follow_up(official(1), at(5), (Outcome::Invalid, "Bukan laporan".to_owned())).unwrap();
    complaint.approve_follow_up(official(2), at(6), (&[], String::new())).unwrap();
    assert!(!complaint.verified);
    assert!(in_state(State::Resolved).verified);
}

#[test]
fn numbers_have_a_check_character_and_no_letters_that_look_alike() {
    assert_eq!(report_number([0; 5]), "JKT-000000000");
    assert_eq!(report_number([0, 0, 0, 0, 36]), "JKT-00000014U");
    assert_eq!(crockford(&[0xff; 5]), "ZZZZZZZZ");
    assert!(!crockford(&(0..=199).collect::<Vec<u8>>()).contains(['I', 'L', 'O', 'U']));
}
