//! Random lives: ten thousand sequences of commands, legal or not, and what holds after each.

use proptest::prelude::*;

use super::*;

const CASES: u32 = 10_000;
const STEPS: usize = 24;
const PEOPLE: u128 = 4;
const UNITS: u128 = 4;

#[derive(Clone, Debug)]
struct Move {
    command: Command,
    person: u128,
    unit: u128,
    minutes: i64,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let commands: Vec<Command> =
        Command::ALL.iter().copied().filter(|command| act(*command).is_some()).collect();
    let step = (prop::sample::select(commands), 1..=PEOPLE, 8..8 + UNITS, 0..20_000_i64);
    let step = step.prop_map(|(command, person, unit, minutes)| Move { command, person, unit, minutes });
    prop::collection::vec(step, 1..STEPS)
}

/// The act of a move, with what an honest look-up would have found.
fn looked_up(complaint: &Complaint, workers: &[PersonId], step: &Move, now: Timestamp) -> Act {
    let unit = UnitId(Uuid::from_u128(step.unit));
    match act(step.command).unwrap() {
        Act::Transfer { reason, accept_by, .. } => Act::Transfer { to: to(unit), reason, accept_by },
        Act::Dispose { accept_by, .. } => Act::Dispose { to: to(unit), accept_by },
        Act::ApproveFollowUp { close_by, open_findings, .. } => {
            Act::ApproveFollowUp { workers: workers.to_vec(), open_findings, close_by }
        }
        Act::Reopen { .. } => {
            let two_weeks = jiff::SignedDuration::from_hours(14 * 24);
            Act::Reopen { until: complaint.closing().map(|closing| closing.at + two_weeks) }
        }
        Act::AppealRejection { .. } => {
            Act::AppealRejection { until: Some(now), above: Some(unit), accept_by: now }
        }
        act => act,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_is_told_the_rules_hold(kind in prop::sample::select(Kind::ALL), moves in moves()) {
        let mut complaint = filed(kind);
        let mut workers: Vec<PersonId> = Vec::new();
        let (mut now, mut hops, mut timeline) = (at(1), 0, vec![1]);
        for step in moves {
            now += jiff::SignedDuration::from_mins(step.minutes);
            let before = complaint.clone();
            let by = official(step.person);
            let person = by.person.unwrap();
            let act = looked_up(&complaint, &workers, &step, now);
            match complaint.tell(act, by, now, Texts::default()) {
                Err(_) => prop_assert_eq!(&complaint, &before, "a refusal changes nothing"),
                Ok(done) => {
                    timeline.push(done.version);
                    prop_assert_eq!(done.state, complaint.state());
                    prop_assert_eq!(done.responsible_unit, complaint.responsible_unit());
                    hops += i32::from(done.command == Command::Transfer);
                    if done.command == Command::ApproveFollowUp {
                        prop_assert!(!workers.contains(&person), "a worker validated");
                    }
                    if done.command == Command::Reopen {
                        prop_assert_eq!(&complaint.filing.number, &before.filing.number);
                        for due in [Due::Finish, Due::Cap, Due::Answer] {
                            prop_assert_eq!(complaint.deadline(due), before.deadline(due), "the debt is kept");
                        }
                        prop_assert_eq!(complaint.counts.breaches, before.counts.breaches);
                        prop_assert_eq!(complaint.reopened_times.len(), before.reopened_times.len() + 1);
                    }
                    workers.push(person);
                }
            }
            let versions: Vec<i64> = (1..=complaint.version).collect();
            prop_assert_eq!(&timeline, &versions, "no version is missing");
            prop_assert_eq!(complaint.counts.hops, hops);
            prop_assert_eq!(complaint.closing().is_some(), complaint.state() == State::Closed);
            prop_assert!(complaint.resolved_times.is_sorted() && complaint.reopened_times.is_sorted());
            prop_assert!(complaint.resolved_times.starts_with(&before.resolved_times));
            prop_assert!(complaint.responsibilities.starts_with(&before.responsibilities));
            prop_assert!(complaint.verified || !before.verified, "what was verified stays so");
            let cap = complaint.deadline(Due::Cap).unwrap().at;
            prop_assert!(complaint.finish_due_at().unwrap() <= cap, "no later than the statute's time");
            if complaint.state() == State::Resolved {
                prop_assert!(!complaint.resolved_times.is_empty());
            }
        }
    }
}
