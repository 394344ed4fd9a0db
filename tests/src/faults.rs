//! No fact is lost: under load, one fault after another strikes a whole stack with two processes of each busy service.
//! After each it is waited until all is quiet, and every committed event is looked for: in its stream, and in the database
//! of everyone who takes it.

mod checker;
mod fault;
mod load;
mod operator;

use std::sync::Arc;
use std::time::Duration;

use dev::{
    stack::{BusinessTime, Options, Say, Seed, Stack},
    workspace::{Profile, Workspace},
};

use checker::Checker;
use fault::Fault;
use load::Load;
use operator::look_as_an_operator;

/// How long each fault has to be there under load, at least.
const UNDER_LOAD: Duration = Duration::from_millis(700);

async fn start() -> Stack {
    let workspace = Workspace::find().unwrap();
    let options = Options {
        binaries: workspace.binaries(Profile::Dev),
        target_dev: workspace.target_dev(),
        seeds: Seed::jakarta(&workspace.root),
        business_time: BusinessTime::Machine,
        settings: vec![
            ("PRIMA_STREAM_CHECK_SECONDS", "1".to_owned()),
            ("PRIMA_STREAM_AUDIT_SECONDS", "2".to_owned()),
        ],
    };
    let say: Say = Arc::new(|_| {});
    let stack = Stack::start(options, &say).await.unwrap();
    for service in ["complaints", "evaluation"] {
        stack.add_replica(service).await.unwrap();
    }
    stack
}

#[tokio::test(flavor = "multi_thread")]
async fn every_committed_event_reaches_every_consumer_once_whatever_happens() {
    let stack = Arc::new(start().await);
    let checker = Checker::connect(&stack).await;
    let load = Load::start(&stack).await;
    load.more_than(0).await.unwrap();
    for fault in Fault::ALL {
        let before = load.done();
        let struck = fault.strike(&stack, &checker).await;
        struck.unwrap_or_else(|error| panic!("{fault:?} could not strike: {error:#}"));
        tokio::time::sleep(UNDER_LOAD).await;
        let healed = fault.heal(&stack, &checker).await;
        healed.unwrap_or_else(|error| panic!("{fault:?} could not be healed: {error:#}"));
        // Work goes on after the fault.
        load.more_than(before).await.unwrap_or_else(|error| panic!("after {fault:?}: {error:#}"));
        let paused = load.pause().await;
        let found = checker.quiet(fault).await.unwrap_or_else(|error| panic!("after {fault:?}: {error:#}"));
        assert_eq!(found.wrong(), Vec::<String>::new(), "after {fault:?}");
        println!("{fault:?}: {found}");
        drop(paused);
    }
    load.stop().await;
    look_as_an_operator(&stack).await;
    drop(checker);
    let stack = Arc::into_inner(stack).expect("nobody else holds the stack any more");
    stack.stop().await.unwrap();
}
