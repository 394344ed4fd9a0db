//! The clock of a report: what takes effect when, once each, and when it stands.

use super::*;

/// What the clock does until a time, in order.
fn fired(complaint: &mut Complaint, until: i64) -> Vec<(Command, Option<Due>)> {
    let mut done = Vec::new();
    while let Some(step) = complaint.fire(at(until)) {
        let step = step.unwrap();
        done.push((step.command, step.due));
    }
    done
}

#[test]
fn nobody_takes_it_up_and_every_step_goes_one_level_up_once() {
    let mut complaint = filed(Kind::Report);
    assert_eq!(complaint.next_due_at(), Some(at(4 * HOUR + HOUR / 2)), "three quarters of six hours");
    assert_eq!(fired(&mut complaint, 4 * HOUR), []);
    let warned = (Command::Warn, Some(Due::Accept));
    let breached = (Command::Breach, Some(Due::Accept));
    assert_eq!(fired(&mut complaint, 5 * HOUR), [warned]);
    assert_eq!(fired(&mut complaint, 7 * HOUR), [breached]);
    assert_eq!(fired(&mut complaint, 7 * HOUR), [], "each once");
    assert_eq!((complaint.counts.escalations, complaint.counts.breaches), (2, 1));
    let rest = fired(&mut complaint, 100 * DAY);
    let both = |due| [(Command::Warn, Some(due)), (Command::Breach, Some(due))];
    let expected = [
        both(Due::Answer)[0],
        both(Due::Answer)[1],
        both(Due::Finish)[0],
        (Command::RaiseRedFlag, None),
        both(Due::Finish)[1],
        both(Due::Cap)[0],
        both(Due::Cap)[1],
    ];
    assert_eq!(rest, expected);
    assert_eq!((complaint.red_flagged_at, complaint.next_due_at()), (Some(at(100 * DAY)), None));
}

#[test]
fn what_is_done_is_not_due_any_more() {
    let mut complaint = in_state(State::AwaitingValidation);
    let expected = [(Command::Warn, Some(Due::Finish)), (Command::Breach, Some(Due::Finish))];
    assert_eq!(fired(&mut complaint, 10 * DAY), expected);
}

#[test]
fn two_questions_stop_the_clock_and_a_third_does_not() {
    let mut complaint = in_state(State::InProgress);
    let ask = |complaint: &mut Complaint, second: i64| {
        let act =
            Act::RequestInformation { question: "Di mana?".to_owned(), answer_by: at(second + 5 * DAY) };
        complaint.tell(act, official(WORKER), at(second), Texts::default()).unwrap();
    };
    for (number, stood) in [(1, 2 * HOUR), (2, 4 * HOUR), (3, 4 * HOUR)] {
        let second = number * 3 * HOUR;
        ask(&mut complaint, second);
        assert_eq!(complaint.state(), State::NeedsReporter);
        tell(&mut complaint, Command::ProvideInformation, second + 2 * HOUR).unwrap();
        assert_eq!(complaint.finish_due_at(), Some(at(7 * DAY + stood)));
        assert_eq!(complaint.stopped_seconds, stood);
    }
    assert_eq!(
        complaint.deadline(Due::Cap).unwrap().at,
        at(60 * DAY),
        "the statute's time does not stand still"
    );
}

#[test]
fn an_unanswered_question_comes_back_by_itself_and_nothing_else_happens_meanwhile() {
    let mut complaint = in_state(State::NeedsReporter);
    assert_eq!(complaint.next_due_at(), Some(at(7 * DAY)));
    assert_eq!(fired(&mut complaint, 7 * DAY), [(Command::ExpireQuestion, None)]);
    assert_eq!(complaint.state(), State::InProgress);
}

#[test]
fn a_silent_reporter_closes_it_unconfirmed_and_a_reopened_one_is_as_late_as_before() {
    let mut silent = in_state(State::Resolved);
    assert_eq!(silent.next_due_at(), Some(at(14 * DAY)));
    assert_eq!(fired(&mut silent, 14 * DAY), [(Command::AutoClose, None)]);
    assert_eq!(silent.closing().unwrap().confirmation, Confirmation::Unconfirmed);
    let mut reopened = in_state(State::Resolved);
    tell(&mut reopened, Command::Reopen, 8 * DAY).unwrap();
    let late = fired(&mut reopened, 8 * DAY);
    assert_eq!(late, [(Command::Warn, Some(Due::Finish)), (Command::Breach, Some(Due::Finish))]);
}

#[test]
fn a_merged_report_waits_for_its_target() {
    assert_eq!(in_state(State::Merged).next_due_at(), None);
}

#[test]
fn another_categorys_time_is_never_later_than_the_old_statutes() {
    let mut complaint = in_state(State::InProgress);
    let late = [Due::Finish, Due::Cap, Due::Answer].map(|due| Deadline::new(due, at(0), at(365 * DAY)));
    let act =
        Act::Recategorize { category: "pohon".to_owned(), about_officials: false, deadlines: late.to_vec() };
    complaint.tell(act, official(WORKER), at(10), Texts::default()).unwrap();
    assert_eq!(complaint.finish_due_at(), Some(at(60 * DAY)));
    assert_eq!(complaint.deadline(Due::Cap).unwrap().at, at(60 * DAY));
}

#[test]
fn time_is_booked_on_whose_account_it_was() {
    let mut complaint = filed(Kind::Report);
    let transfer = |complaint: &mut Complaint, unit: UnitId, second: i64| {
        let act = Act::Transfer { to: to(unit), reason: TransferReason::OtherDuty, accept_by: at(DAY) };
        complaint.tell(act, official(WORKER), at(second), Texts::default()).unwrap().booked.unwrap()
    };
    let first = transfer(&mut complaint, OTHER, 100);
    assert_eq!(
        (first.account, first.unit, first.from, first.until),
        (Account::Handling, RESPONSIBLE, at(0), at(100))
    );
    let note = tell(&mut complaint, Command::AddNote, 150).unwrap();
    assert_eq!(note.booked, None);
    let returned = transfer(&mut complaint, RESPONSIBLE, 200);
    assert_eq!((returned.account, returned.unit, returned.from), (Account::Returned, RESPONSIBLE, at(100)));
    tell(&mut complaint, Command::Accept, 300).unwrap();
    tell(&mut complaint, Command::SubmitFollowUp, 400).unwrap();
    let validated = tell(&mut complaint, Command::ApproveFollowUp, 500).unwrap().booked.unwrap();
    assert_eq!((validated.account, validated.from), (Account::Validation, at(400)));
}
