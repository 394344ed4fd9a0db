//! Flows through all four services as real processes: the demonstration's figures are the same for the same seed, whatever
//! is killed in the middle.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};
use std::time::Duration;

use dev::{
    demo,
    stack::{BusinessTime, Options, Say, Seed, Stack},
    workspace::{Profile, Workspace},
};
use serde_json::Value;

const SEED: u64 = 7;

async fn start() -> Stack {
    let workspace = Workspace::find().unwrap();
    let options = Options::new(
        workspace.binaries(Profile::Dev),
        workspace.target_dev(),
        Seed::jakarta(&workspace.root),
        BusinessTime::Shifted,
    );
    Stack::start(options, &quietly()).await.unwrap()
}

fn quietly() -> Say {
    Arc::new(|_| {})
}

/// Services, and the line of the second quarter (of the register, before the first) after which each has most to do.
const STRUCK: [(&str, &str); 4] = [
    ("complaints", "taken up"),
    ("staff", "filling the register"),
    ("training", "a lottery"),
    ("evaluation", "survey"),
];
/// How long a service may be at it before it is killed.
const AT_WORK: Duration = Duration::from_millis(300);

/// Runs the demonstration and, where one is named, kills a service while it is at `work` and starts it again.
async fn shown((killed, work): (&str, &'static str)) -> Value {
    let stack = Arc::new(start().await);
    let due = Arc::new(tokio::sync::Notify::new());
    let struck = Arc::new(AtomicBool::new(killed.is_empty()));
    let say: Say = {
        let (due, quarters) = (Arc::clone(&due), Mutex::new(0));
        Arc::new(move |line: &str| {
            let mut seen = quarters.lock().unwrap();
            *seen += usize::from(line.contains("-Q"));
            if (*seen == 2 || *seen == 0) && line.contains(work) {
                due.notify_one();
            }
        })
    };
    let strike = {
        let (stack, struck, killed) = (Arc::clone(&stack), Arc::clone(&struck), killed.to_owned());
        async move {
            if !killed.is_empty() {
                due.notified().await;
                tokio::time::sleep(AT_WORK).await;
                stack.kill(&killed).unwrap();
                stack.restart(&killed).await.unwrap();
                struck.store(true, Ordering::SeqCst);
            }
        }
    };
    let (outcome, ()) = tokio::join!(demo::run(&stack, SEED, &say), strike);
    assert!(struck.load(Ordering::SeqCst), "{killed} was not killed");
    let stack = Arc::into_inner(stack).expect("nobody else holds the stack any more");
    stack.stop().await.unwrap();
    outcome.unwrap()
}

/// What must not depend on when it is run, or on what was killed.
fn figures(result: &Value) -> Value {
    let mut result = result.clone();
    let fields = result.as_object_mut().unwrap();
    fields.remove("services");
    fields.remove("seconds");
    result
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_gives_the_same_figures_whichever_service_is_killed_in_its_middle() {
    let undisturbed = shown(("", "")).await;
    let events = &undisturbed["events"];
    assert_eq!((&events["pending"], &events["dead_letters"]), (&Value::from(0), &Value::from(0)));
    assert_eq!(events["committed"], events["published"]);
    assert!(undisturbed["complaints"]["confirmed"].as_i64().unwrap() > 0);

    assert!(undisturbed["training"]["needs"].as_i64().unwrap() >= 8);
    assert_eq!(undisturbed["survey"]["rounds"].as_array().unwrap().len(), 3);
    assert_eq!(undisturbed["study"]["verdict"], "IMPROVED");
    for (killed, work) in STRUCK {
        assert_eq!(figures(&shown((killed, work)).await), figures(&undisturbed), "{killed} was killed");
    }
}
