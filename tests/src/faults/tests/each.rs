//! Each fault under load, one after another, and all quiet and right after each.

use crate::faults::{
    checker::Checker,
    fault::Fault::{self, *},
    load::Load,
    operator::look_as_an_operator,
    options, start,
};

use super::{QUIET_WITHIN, WORKERS, seed};

/// What happens to streams and to the way there.
const ROAD: [Fault; 10] = [
    StreamDeleted,
    StreamCut,
    StreamHoled,
    DurableDeleted,
    ProjectionLost,
    NatsKilled,
    NatsFrozen,
    ProducerParted,
    ConsumerWithoutNats,
    RoadSlow,
];
/// What happens to the databases and the processes.
const RECORD: [Fault; 10] = [
    PostgresCrashed,
    PostgresFrozen,
    ProducerKilled,
    ConsumerKilled,
    ProducerFrozen,
    ConsumerFrozen,
    AnswersLost,
    ProducerWithoutPostgres,
    ConsumerWithoutPostgres,
    ConsumerPostgresSilent,
];

#[test]
fn every_fault_has_its_turn() {
    assert!(Fault::ALL.iter().all(|fault| ROAD.contains(fault) || RECORD.contains(fault)));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_committed_event_reaches_every_consumer_once_whatever_happens_to_the_road() {
    each(&ROAD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_committed_event_reaches_every_consumer_once_whatever_happens_to_processes_and_databases() {
    each(&RECORD).await;
}

async fn each(faults: &[Fault]) {
    let mut options = options().unwrap();
    options.settings =
        vec![("PRIMA_STREAM_CHECK_SECONDS", "1".to_owned()), ("PRIMA_STREAM_AUDIT_SECONDS", "2".to_owned())];
    let stack = start(options, &["complaints", "evaluation"]).await.unwrap();
    let addresses = stack.addresses("complaints").unwrap();
    let checker = Checker::connect(&stack).await.unwrap();
    let load = Load::start(&stack, &addresses, WORKERS, seed()).await.unwrap();
    load.more_than(load.done()).await.unwrap();
    for fault in faults {
        let before = load.done();
        fault.happen(&stack, &checker, fault.lasts()).await.unwrap();
        // Work goes on after the fault.
        load.more_than(before).await.unwrap_or_else(|error| panic!("after {fault:?}: {error:#}"));
        let paused = load.pause().await;
        let quiet = checker.quiet(QUIET_WITHIN).await;
        let found = quiet.unwrap_or_else(|error| panic!("after {fault:?}: {error:#}"));
        assert_eq!(found.wrong(), Vec::<String>::new(), "after {fault:?}");
        println!("{fault:?}: {found}");
        drop(paused);
    }
    load.stop().await.unwrap();
    look_as_an_operator(&stack).await.unwrap();
    drop(checker);
    stack.stop().await.unwrap();
}
