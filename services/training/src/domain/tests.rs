//! The tables walked exhaustively, and the rules that guard them.

use std::collections::HashSet;

use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

use super::{
    batch::Place,
    transitions::{ENROLMENT, EnrolmentCommand, LOTTERY, LotteryCommand, NEED, NeedCommand, allowed, check},
    *,
};

const STATES: [EnrolmentState; 5] = [
    EnrolmentState::Nominated,
    EnrolmentState::Enrolled,
    EnrolmentState::Waitlisted,
    EnrolmentState::Completed,
    EnrolmentState::Declined,
];
const COMMANDS: [EnrolmentCommand; 3] =
    [EnrolmentCommand::Approve, EnrolmentCommand::Decline, EnrolmentCommand::Complete];
const NEED_STATES: [NeedState; 3] = [NeedState::Open, NeedState::Nominated, NeedState::Answered];

/// Noon in Jakarta on a day of June 2027.
fn june(day: i8) -> Moment {
    let day = Date::constant(2027, 6, day);
    Moment { at: format!("{day}T05:00:00Z").parse().unwrap(), day }
}

fn person(id: u128) -> PersonId {
    PersonId(Uuid::from_u128(id))
}

fn programme() -> Programme {
    let syllabus = Syllabus {
        title: "Pelayanan Prima".to_owned(),
        elements: vec!["U10".to_owned(), "U7".to_owned()],
        hours_jp: 8,
        form: Form::Classical,
    };
    Programme::new(ProgrammeId(Uuid::from_u128(50)), syllabus, june(1).at)
}

/// A batch from 10 to 11 June.
fn batch(id: u128, capacity: i32) -> Batch {
    let name = BatchName { programme: programme().id, batch: BatchId(Uuid::from_u128(id)) };
    let days = Days::try_new(Date::constant(2027, 6, 10), Date::constant(2027, 6, 12)).unwrap();
    Batch::new(name, (days, capacity), june(1).at)
}

fn nominated() -> Enrolment {
    let nomination = Nomination {
        person: person(1),
        unit: UnitId(Uuid::from_u128(20)),
        programme: programme().id,
        need: None,
        by: Some(person(2)),
        at: june(2).at,
    };
    Enrolment::nominate(EnrolmentId(Uuid::from_u128(30)), nomination)
}

fn approve(enrolment: &mut Enrolment, to: &mut Batch, now: Moment) -> Result<(), Refusal> {
    enrolment.approve(person(3), now, Places { to, from: None })
}

/// An enrolment in a state, reached by legal commands.
fn in_state(state: EnrolmentState) -> Enrolment {
    let mut enrolment = nominated();
    let mut full = Batch { enrolled: 5, ..batch(41, 5) };
    match state {
        EnrolmentState::Nominated => {}
        EnrolmentState::Enrolled => approve(&mut enrolment, &mut batch(40, 5), june(3)).unwrap(),
        EnrolmentState::Waitlisted => approve(&mut enrolment, &mut full, june(3)).unwrap(),
        EnrolmentState::Completed => {
            let mut batch = batch(40, 5);
            approve(&mut enrolment, &mut batch, june(3)).unwrap();
            enrolment.complete(june(11), (&programme(), Some(&batch)), 0).unwrap();
        }
        EnrolmentState::Declined => {
            enrolment.decline(person(3), june(3), ("Tidak perlu".to_owned(), None)).unwrap()
        }
    }
    assert_eq!(enrolment.state(), state);
    enrolment
}

fn run(enrolment: &mut Enrolment, command: EnrolmentCommand, place: Place) -> Result<(), Refusal> {
    let mut batch = batch(42, 5);
    if place != Place::Seat {
        batch.enrolled = batch.capacity;
    }
    match command {
        EnrolmentCommand::Approve => approve(enrolment, &mut batch, june(10)),
        EnrolmentCommand::Decline => enrolment.decline(person(3), june(10), ("Tidak perlu".to_owned(), None)),
        EnrolmentCommand::Complete => enrolment.complete(june(10), (&programme(), Some(&batch)), 0),
    }
}

#[test]
fn every_enrolment_state_is_reachable_and_only_the_last_two_have_no_way_out() {
    let reached: HashSet<EnrolmentState> =
        ENROLMENT.iter().flat_map(|row| row.to).copied().chain([EnrolmentState::Nominated]).collect();
    assert_eq!(reached.len(), STATES.len());
    for state in STATES {
        let last = matches!(state, EnrolmentState::Completed | EnrolmentState::Declined);
        assert_eq!(allowed(ENROLMENT, state).is_empty(), last, "{state:?}");
    }
}

#[test]
fn each_command_does_in_each_enrolment_state_what_the_table_says() {
    for state in STATES {
        for command in COMMANDS {
            let mut led_to = HashSet::new();
            for place in [Place::Seat, Place::Number(1)] {
                let mut enrolment = in_state(state);
                let before = enrolment.clone();
                match (run(&mut enrolment, command, place), check(ENROLMENT, command, state)) {
                    (Ok(()), Ok(_)) => {
                        led_to.insert(enrolment.state());
                        assert_eq!(enrolment.version, before.version + 1);
                    }
                    (Err(refused), Err(expected)) => {
                        assert_eq!(refused, expected);
                        assert_eq!(enrolment, before, "a refused enrolment is unchanged");
                    }
                    (outcome, _) => panic!("{command:?} in {state:?}: {outcome:?}"),
                }
            }
            let targets: HashSet<EnrolmentState> =
                check(ENROLMENT, command, state).unwrap_or_default().iter().copied().collect();
            assert_eq!(led_to, targets, "{command:?} in {state:?}");
        }
    }
}

#[test]
fn each_command_does_in_each_state_of_a_need_and_of_a_lottery_what_the_table_says() {
    let need = || Need {
        id: NeedId(Uuid::from_u128(60)),
        version: 1,
        unit: UnitId(Uuid::from_u128(20)),
        element: "U7".to_owned(),
        identified: Vec::new(),
        phase: NeedPhase::Open,
        created_at: june(1).at,
        updated_at: june(1).at,
    };
    let in_state = |state| {
        let mut need = need();
        if state != NeedState::Open {
            need.nominate(june(2)).unwrap();
        }
        if state == NeedState::Answered {
            need.answer(person(3), june(3), (Answer::Declined, "Bukan pelatihan".to_owned(), 0)).unwrap();
        }
        assert_eq!(need.state(), state);
        need
    };
    for state in NEED_STATES {
        let mut need = in_state(state);
        assert_eq!(need.nominate(june(4)).is_ok(), check(NEED, NeedCommand::Nominate, state).is_ok());
        let mut need = in_state(state);
        let answered = need.answer(person(3), june(4), (Answer::OtherMeasure, "Loket".to_owned(), 0));
        assert_eq!(answered, check(NEED, NeedCommand::Answer, state).map(|_| ()));
    }
    for state in [LotteryState::Published, LotteryState::Drawn] {
        let mut lottery = lottery();
        if state == LotteryState::Drawn {
            lottery.draw(june(2), digest).unwrap();
        }
        let drawn = lottery.draw(june(3), digest);
        assert_eq!(drawn, check(LOTTERY, LotteryCommand::Draw, state).map(|_| ()));
    }
}

#[test]
fn trained_is_an_answer_only_where_somebody_completed_a_programme_for_the_need() {
    let mut need = Need {
        id: NeedId(Uuid::from_u128(60)),
        version: 1,
        unit: UnitId(Uuid::from_u128(20)),
        element: "U7".to_owned(),
        identified: Vec::new(),
        phase: NeedPhase::Nominated,
        created_at: june(1).at,
        updated_at: june(1).at,
    };
    let trained = |completed| (Answer::Trained, "Semua ikut".to_owned(), completed);
    assert_eq!(need.answer(person(3), june(4), trained(0)), Err(Refusal::NoCompletedEnrolment));
    assert_eq!(need.state(), NeedState::Nominated);
    need.answer(person(3), june(4), trained(1)).unwrap();
    assert_eq!(need.answered().map(|answered| answered.answer), Some(Answer::Trained));
}

#[test]
fn who_nominated_or_is_nominated_neither_approves_nor_declines() {
    for involved in [person(1), person(2)] {
        let mut enrolment = nominated();
        let places = Places { to: &mut batch(40, 5), from: None };
        assert_eq!(enrolment.approve(involved, june(3), places), Err(Refusal::ApproverInvolved));
        let declined = enrolment.decline(involved, june(3), ("Tidak".to_owned(), None));
        assert_eq!(declined, Err(Refusal::ApproverInvolved));
        assert_eq!(enrolment, nominated());
    }
}

#[test]
fn a_batch_takes_in_as_many_as_it_has_places_and_the_rest_wait_in_turn() {
    let mut batch = batch(40, 2);
    let places: Vec<Place> = (0..4).map(|_| batch.admit(june(3)).unwrap()).collect();
    assert_eq!(places, [Place::Seat, Place::Seat, Place::Number(1), Place::Number(2)]);
    assert_eq!((batch.enrolled, batch.waitlisted, batch.version), (2, 2, 5));
    batch.leave_waitlist(june(3));
    assert_eq!((batch.admit(june(3)).unwrap(), batch.waitlisted), (Place::Number(3), 2));
}

#[test]
fn a_batch_admits_through_its_last_day_and_credits_from_its_first() {
    let mut batch = batch(40, 2);
    assert!(batch.admit(june(11)).is_ok());
    assert_eq!(batch.admit(june(12)), Err(Refusal::BatchEnded));
    assert_eq!(batch.started(june(9)), Err(Refusal::BatchNotStarted));
    assert_eq!(batch.started(june(10)), Ok(()));
}

#[test]
fn approved_for_another_batch_one_leaves_the_first_list_and_for_the_same_one_keeps_the_number() {
    let mut full = Batch { enrolled: 5, ..batch(41, 5) };
    let mut enrolment = nominated();
    approve(&mut enrolment, &mut full, june(3)).unwrap();
    approve(&mut enrolment, &mut full, june(4)).unwrap();
    assert_eq!(enrolment.phase, Phase::Waitlisted { batch: full.id, number: 1 });
    assert_eq!((full.waitlisted, enrolment.decision.unwrap().at), (1, june(4).at));

    let mut free = batch(40, 5);
    let places = Places { to: &mut free, from: Some(&mut full) };
    enrolment.approve(person(3), june(5), places).unwrap();
    assert_eq!(enrolment.phase, Phase::Enrolled { batch: free.id });
    assert_eq!((full.waitlisted, free.enrolled), (0, 1));
}

#[test]
fn hours_are_the_programmes_unless_fewer_are_asked_for() {
    let programme = programme();
    assert_eq!(
        (programme.credit_jp(0), programme.credit_jp(3), programme.credit_jp(8)),
        (Ok(8), Ok(3), Ok(8))
    );
    assert_eq!(programme.credit_jp(9), Err(Refusal::HoursInvalid { most: 8 }));
    assert_eq!(programme.syllabus.elements, ["U7", "U10"], "in the order of their numbers");
    assert_eq!(programme.addresses("U1"), Err(Refusal::ElementNotAddressed));
}

#[test]
fn a_range_of_days_has_at_least_one() {
    let day = Date::constant(2027, 6, 10);
    assert_eq!(Days::try_new(day, day), Err(Refusal::DaysInvalid));
    assert!(Days::try_new(day, day.tomorrow().unwrap()).is_ok());
}

fn lottery() -> Lottery {
    let publication =
        Publication { programme: programme().id, seed: "2027-06-01-4711".to_owned(), first_wave: 2 };
    let units = [3, 1, 2].map(|id| UnitId(Uuid::from_u128(id))).to_vec();
    Lottery::publish(LotteryId(Uuid::from_u128(70)), publication, units, june(1).at).unwrap()
}

/// Not SHA-256, but as good for an order: the text's last bytes, upside down.
fn digest(text: &str) -> Digest {
    let mut digest = [0; 32];
    for (byte, of_text) in digest.iter_mut().zip(text.bytes().rev()) {
        *byte = u8::MAX - of_text;
    }
    digest
}

#[test]
fn units_are_drawn_in_the_order_of_their_digests() {
    let mut lottery = lottery();
    assert_eq!(lottery.slips.iter().map(|slip| slip.unit.0.as_u128()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(lottery.drawn_units(), []);
    lottery.draw(june(2), digest).unwrap();
    assert_eq!(lottery.drawn_units().iter().map(|unit| unit.0.as_u128()).collect::<Vec<_>>(), [3, 2, 1]);
}

#[test]
fn not_all_units_go_first() {
    let published = |first_wave| {
        let publication = Publication { first_wave, ..lottery().publication };
        let units = [1, 2].map(|id| UnitId(Uuid::from_u128(id))).to_vec();
        Lottery::publish(LotteryId(Uuid::from_u128(70)), publication, units, Timestamp::UNIX_EPOCH)
    };
    assert!(published(1).is_ok());
    assert_eq!(published(2), Err(Refusal::FirstWaveInvalid));
}
