//! What the table allows and a rule refuses, with a reason of its own.

use super::*;

fn refused(state: State, act: Act) -> Refusal {
    let mut complaint = in_state(state);
    let before = complaint.clone();
    let refused = complaint.tell(act, official(VALIDATOR), at(100), Texts::default()).unwrap_err();
    assert_eq!(complaint, before, "a refused report is unchanged");
    refused
}

#[test]
fn each_rule_refuses_with_its_own_reason() {
    let person = PersonId(Uuid::from_u128(VALIDATOR));
    let transfer = |to| Act::Transfer { to, reason: TransferReason::OtherArea, accept_by: at(0) };
    let dispose = |to| Act::Dispose { to, accept_by: at(0) };
    let into = |into| Act::Merge { into };
    let complained_of = Destination { is_complained_of: true, ..to(OTHER) };
    let past = Act::SetEstimate { finish: date(2027, 1, 14), today: date(2027, 1, 15) };
    let side =
        Act::Recategorize { category: "pungli".to_owned(), about_officials: true, deadlines: Vec::new() };
    let own = MergeTarget { id: in_state(State::Submitted).id, ..target() };
    let cases = [
        (
            State::AwaitingValidation,
            Act::ApproveFollowUp { workers: vec![person], open_findings: Vec::new(), close_by: at(0) },
            Refusal::ValidatorWorkedOnReport,
        ),
        (State::InProgress, transfer(to(RESPONSIBLE)), Refusal::TargetResponsible),
        (State::InProgress, transfer(complained_of), Refusal::TargetComplainedOf),
        (State::InProgress, dispose(complained_of), Refusal::TargetComplainedOf),
        (State::InProgress, dispose(Destination { is_below: false, ..to(OTHER) }), Refusal::TargetNotBelow),
        (State::InProgress, side, Refusal::CategorySide),
        (State::InProgress, past, Refusal::EstimatePast),
        (State::Closed, Act::Reopen { until: Some(at(99)) }, Refusal::ReopenTooLate),
        (State::Closed, Act::Reopen { until: None }, Refusal::ReopenTooLate),
        (
            State::Rejected,
            Act::AppealRejection { until: Some(at(99)), above: Some(OTHER), accept_by: at(0) },
            Refusal::AppealTooLate,
        ),
        (
            State::Rejected,
            Act::AppealRejection { until: Some(at(101)), above: None, accept_by: at(0) },
            Refusal::NoUnitAbove,
        ),
        (State::Submitted, into(own), Refusal::MergeIntoItself),
        (State::Submitted, into(MergeTarget { is_open: false, ..target() }), Refusal::MergeTargetNotOpen),
        (
            State::Submitted,
            into(MergeTarget { unit_consents: false, ..target() }),
            Refusal::MergeTargetElsewhere,
        ),
        (
            State::Submitted,
            into(MergeTarget { unit_complained_of: Some(OTHER), ..target() }),
            Refusal::MergeAboutOfficials,
        ),
        (State::Submitted, into(MergeTarget { is_full: true, ..target() }), Refusal::MergeTooMany),
        (State::Merged, Act::Unmerge { target_closed: true }, Refusal::TargetClosed),
    ];
    for (state, act, reason) in cases {
        assert_eq!(refused(state, act), reason);
    }
}

#[test]
fn a_report_withdrawn_or_found_invalid_is_not_reopened() {
    let mut withdrawn = in_state(State::InProgress);
    tell(&mut withdrawn, Command::Withdraw, 5).unwrap();
    let refused = tell(&mut withdrawn, Command::Reopen, 6);
    assert_eq!(refused, Err(Refusal::OutcomeNotReopenable));
}

#[test]
fn invalid_verifies_nothing() {
    let mut complaint = in_state(State::InProgress);
    let act = Act::SubmitFollowUp { proposed: Outcome::Invalid, lacks_evidence: false };
    complaint.tell(act, official(WORKER), at(5), Texts::default()).unwrap();
    tell(&mut complaint, Command::ApproveFollowUp, 6).unwrap();
    assert!(!complaint.verified);
    assert!(in_state(State::Resolved).verified);
}

#[test]
fn three_hops_or_a_unit_that_gets_it_back_ring_the_alarm() {
    let transfer = |complaint: &mut Complaint, unit: u128| {
        let to = to(UnitId(Uuid::from_u128(unit)));
        let act = Act::Transfer { to, reason: TransferReason::OtherDuty, accept_by: at(0) };
        complaint.tell(act, official(WORKER), at(1), Texts::default()).unwrap();
    };
    let mut onward = filed(Kind::Report);
    for (unit, rings) in [(20, false), (21, false), (22, true)] {
        transfer(&mut onward, unit);
        assert_eq!(onward.ping_pong, rings);
    }
    assert_eq!(onward.counts.hops, 3);
    let mut back = filed(Kind::Report);
    transfer(&mut back, 20);
    transfer(&mut back, 8);
    assert!(back.ping_pong);
    assert_eq!(
        back.responsibilities.iter().map(|held| held.unit.0.as_u128()).collect::<Vec<_>>(),
        [8, 20, 8]
    );
}

#[test]
fn an_unmerged_report_is_what_it_was() {
    for state in State::ALL.iter().filter(|state| state.is_open()) {
        let mut complaint = in_state(*state);
        let before = complaint.phase.clone();
        tell(&mut complaint, Command::Merge, 50).unwrap();
        assert_eq!((complaint.state(), complaint.phase.state_before()), (State::Merged, Some(*state)));
        tell(&mut complaint, Command::Unmerge, 51).unwrap();
        assert_eq!(complaint.phase, before);
    }
}

#[test]
fn an_appeal_passes_the_unit_that_rejected_by() {
    let mut complaint = in_state(State::Rejected);
    tell(&mut complaint, Command::AppealRejection, 50).unwrap();
    assert_eq!((complaint.state(), complaint.responsible_unit()), (State::Submitted, OTHER));
}

#[test]
fn a_report_closed_from_a_rejection_keeps_the_reason_and_is_unconfirmed() {
    let mut complaint = in_state(State::Rejected);
    tell(&mut complaint, Command::AutoClose, 50).unwrap();
    let closing = complaint.closing().unwrap();
    assert_eq!((closing.outcome, closing.confirmation), (Outcome::Invalid, Confirmation::Unconfirmed));
    assert_eq!(complaint.phase.reject_reason(), Some(RejectReason::TooVague));
}
