//! The table walked exhaustively, the rules that guard it, and random lives of reports.

mod clock;
mod guards;
mod lives;
mod table;

use jiff::{Timestamp, civil::date};
use uuid::Uuid;

use super::{
    number::{crockford, report_number},
    words::Account,
    *,
};

const RESPONSIBLE: UnitId = UnitId(Uuid::from_u128(8));
const OTHER: UnitId = UnitId(Uuid::from_u128(9));
const WORKER: u128 = 1;
const VALIDATOR: u128 = 2;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn official(id: u128) -> By {
    By { subject: "crm".to_owned(), person: Some(PersonId(Uuid::from_u128(id))) }
}

fn reporter() -> By {
    By { subject: "jaki".to_owned(), person: None }
}

fn filed(kind: Kind) -> Complaint {
    let filing = Filing {
        number: report_number([1, 2, 3, 4, 5]),
        kind,
        text: "Lubang di jalan".to_owned(),
        kelurahan_code: "31.74.01.1001".to_owned(),
        channel: "jaki".to_owned(),
        channel_reference: None,
        unit_complained_of: None,
        recurrence_of: None,
        filed_at: at(0),
    };
    let id = ComplaintId(Uuid::from_u128(7));
    Complaint::file((id, RESPONSIBLE, reporter()), "jalan".to_owned(), filing, deadlines()).0
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Jakarta's, from filing.
fn deadlines() -> Vec<Deadline> {
    [
        (Due::Accept, 6 * HOUR),
        (Due::Answer, DAY),
        (Due::RedFlag, 6 * DAY),
        (Due::Finish, 7 * DAY),
        (Due::Cap, 60 * DAY),
    ]
    .map(|(due, seconds)| Deadline::new(due, at(0), at(seconds)))
    .into()
}

fn to(unit: UnitId) -> Destination {
    Destination { unit, is_below: true, is_complained_of: false }
}

fn target() -> MergeTarget {
    MergeTarget {
        id: ComplaintId(Uuid::from_u128(70)),
        is_open: true,
        unit_consents: true,
        unit_complained_of: None,
        is_full: false,
    }
}

/// An act for a command that no guard refuses.
fn act(command: Command) -> Option<Act> {
    Some(match command {
        Command::Accept => Act::Accept,
        Command::Transfer => {
            Act::Transfer { to: to(OTHER), reason: TransferReason::OtherDuty, accept_by: at(90 * DAY) }
        }
        Command::Dispose => Act::Dispose { to: to(OTHER), accept_by: at(90 * DAY) },
        Command::Recategorize => {
            Act::Recategorize { category: "pohon".to_owned(), about_officials: false, deadlines: deadlines() }
        }
        Command::SetEstimate => Act::SetEstimate { finish: date(2027, 2, 1), today: date(2027, 1, 15) },
        Command::RequestInformation => {
            Act::RequestInformation { question: "Di mana?".to_owned(), answer_by: at(7 * DAY) }
        }
        Command::ProvideInformation => Act::ProvideInformation,
        Command::SubmitFollowUp => Act::SubmitFollowUp { proposed: Outcome::Fixed, lacks_evidence: false },
        Command::ApproveFollowUp => {
            Act::ApproveFollowUp { workers: Vec::new(), open_findings: Vec::new(), close_by: at(14 * DAY) }
        }
        Command::RejectFollowUp => Act::RejectFollowUp,
        Command::ConfirmResolution => Act::ConfirmResolution { rating: 5 },
        Command::Reopen => Act::Reopen { until: Some(at(1_000_000)) },
        Command::Reject => Act::Reject { reason: RejectReason::TooVague, close_by: at(14 * DAY) },
        Command::AppealRejection => {
            Act::AppealRejection { until: Some(at(1_000_000)), above: Some(OTHER), accept_by: at(90 * DAY) }
        }
        Command::Merge => Act::Merge { into: target() },
        Command::Unmerge => Act::Unmerge { target_closed: false },
        Command::MoveWithTarget => Act::MoveWithTarget { to: ComplaintId(Uuid::from_u128(71)) },
        Command::CloseWithTarget => Act::CloseWithTarget,
        Command::Support => Act::Support,
        Command::Withdraw => Act::Withdraw,
        Command::EraseReporter => Act::EraseReporter,
        Command::RestrictReporter => Act::RestrictReporter,
        Command::AddNote => Act::AddNote { releases_words: false },
        Command::AutoClose => Act::AutoClose,
        Command::ExpireQuestion => Act::ExpireQuestion,
        Command::Warn => Act::Warn { due: Due::Finish },
        Command::Breach => Act::Breach { due: Due::Finish },
        Command::RaiseRedFlag => Act::RaiseRedFlag,
        Command::AddReporterEvidence => Act::AddReporterEvidence,
        Command::AddFollowUpEvidence => Act::AddFollowUpEvidence,
        Command::AnswerFinding => Act::AnswerFinding { workers: Vec::new() },
        Command::RaisePriority => Act::RaisePriority { ends: vec![(Due::Finish, at(3 * DAY))] },
        Command::File => return None,
    })
}

fn tell(complaint: &mut Complaint, command: Command, second: i64) -> Result<Step, Refusal> {
    let by = if command == Command::ApproveFollowUp { official(VALIDATOR) } else { official(WORKER) };
    complaint.tell(act(command).unwrap(), by, at(second), Texts::default())
}

/// The shortest way to a state.
fn way(state: State) -> &'static [Command] {
    match state {
        State::Submitted => &[],
        State::Coordinating => &[Command::Transfer],
        State::Disposed => &[Command::Dispose],
        State::InProgress => &[Command::Accept],
        State::NeedsReporter => &[Command::Accept, Command::RequestInformation],
        State::AwaitingValidation => &[Command::Accept, Command::SubmitFollowUp],
        State::Resolved => &[Command::Accept, Command::SubmitFollowUp, Command::ApproveFollowUp],
        State::Rejected => &[Command::Reject],
        State::Merged => &[Command::Merge],
        State::Closed => {
            &[Command::Accept, Command::SubmitFollowUp, Command::ApproveFollowUp, Command::ConfirmResolution]
        }
    }
}

/// A report in a state, reached by legal commands.
fn in_state(state: State) -> Complaint {
    let mut complaint = filed(Kind::Report);
    for (second, command) in (1..).zip(way(state)) {
        tell(&mut complaint, *command, second).unwrap();
    }
    assert_eq!(complaint.state(), state);
    // So that handing it on is never to the unit that has it.
    complaint.responsibilities.truncate(1);
    complaint
}

#[test]
fn numbers_have_a_check_character_and_no_letters_that_look_alike() {
    assert_eq!(report_number([0; 5]), "JKT-000000000");
    assert_eq!(report_number([0, 0, 0, 0, 36]), "JKT-00000014U");
    assert_eq!(crockford(&[0xff; 5]), "ZZZZZZZZ");
    assert!(!crockford(&(0..=199).collect::<Vec<u8>>()).contains(['I', 'L', 'O', 'U']));
}
