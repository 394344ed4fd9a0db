//! `prima events`: what it prints is what the service has.

use serde_json::json;

use super::served::{Served, run, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_listed_shown_with_its_event_and_tried_again_once_its_cause_is_gone() {
    let served = Served::start().await;
    let name = served.parked().await;
    let short = name.trim_start_matches("deadLetters/");

    let listed = served.says(&["dead-letters", "list", "--state", "parked"]).await;
    let row = listed.lines().nth(1).unwrap_or_default();
    assert!(listed.starts_with("NAME "), "{listed}");
    assert!(row.starts_with(&format!("{short}  PARKED  PERMANENT  1      units/1")), "{listed}");
    assert!(row.ends_with("it makes no sense"), "{listed}");
    let listed = served.json(&["dead-letters", "list", "--stream", "EVT_STAFF"]).await;
    assert_eq!(listed["deadLetters"][0]["name"], name);
    assert_eq!(listed["deadLetters"][0]["state"], "DEAD_LETTER_STATE_PARKED");
    let none = served.json(&["dead-letters", "list", "--state", "WAITING"]).await;
    assert_eq!(none, json!({ "deadLetters": [], "nextPageToken": "" }));

    let shown = served.says(&["dead-letters", "show", short]).await;
    for part in ["reason       PERMANENT", "ce-subject: units/1", "\"name\": \"units/1\""] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }

    let failed = served.run(&["dead-letters", "retry", &name, "--reason", "perhaps now"]).await;
    assert!(!failed.status.success());
    assert!(stderr(&failed).contains("failed again and stays parked: it makes no sense"));
    served.repair();
    let retried = served.says(&["dead-letters", "retry", &name, "--reason", "it is repaired"]).await;
    assert_eq!(retried, format!("{name} is RESOLVED\n"));

    let acts = served.says(&["acts"]).await;
    let lines: Vec<&str> = acts.lines().collect();
    assert_eq!(lines.len(), 3, "{acts}");
    assert!(lines[1].ends_with(&format!("operator  RetryDeadLetter  {name}  it is repaired")), "{acts}");
    let acts = served.json(&["acts", "--limit", "1"]).await;
    assert_eq!(acts["acts"].as_array().unwrap().len(), 1);
    assert_eq!(acts["acts"][0]["reason"], "it is repaired");
    assert_ne!(acts["nextPageToken"], "");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_over_pages_and_says_when_there_is_more() {
    let served = Served::start().await;
    for _ in 0..3 {
        served.parked().await;
    }
    let some = served.says(&["dead-letters", "list", "--limit", "2"]).await;
    assert_eq!(some.lines().count(), 4);
    assert!(some.ends_with("There are more; --limit shows them.\n"), "{some}");
    let all = served.says(&["dead-letters", "list"]).await;
    assert_eq!(all.lines().count(), 4);
    assert!(!all.contains("more"), "{all}");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_told_with_code_reason_and_field_and_ends_with_an_error() {
    let served = Served::start().await;
    let name = served.parked().await;
    let drop = ["dead-letters", "drop", &name, "--reason", "nobody needs it"];

    let refused = served.look(&drop).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).starts_with("prima: PERMISSION_DENIED SCOPE_MISSING: "), "{}", stderr(&refused));

    assert_eq!(served.says(&drop).await, format!("{name} is DROPPED\n"));
    let refused = served.run(&drop).await;
    assert_eq!(refused.status.code(), Some(1));
    let told = stderr(&refused);
    assert!(told.starts_with("prima: FAILED_PRECONDITION ILLEGAL_TRANSITION: "), "{told}");
    assert!(told.contains("\n  state: DROPPED\n  from: prima.training"), "{told}");

    let refused = served.run(&["dead-letters", "show", "nonsense"]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("\n  field name: "), "{}", stderr(&refused));

    let refused = run(&["lag"], &[("PRIMA_URL", served.url())]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).starts_with("prima: UNAUTHENTICATED TOKEN_MISSING: "), "{}", stderr(&refused));

    let without_reason = served.run(&["dead-letters", "drop", &name]).await;
    assert_eq!(without_reason.status.code(), Some(2));
    assert!(stderr(&without_reason).contains("--reason"), "{}", stderr(&without_reason));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lag_and_differences_are_what_the_service_has() {
    let served = Served::start().await;
    served.parked().await;
    let lag = served.json(&["lag"]).await;
    assert_eq!(lag["outbox"]["stream"], "EVT_TRAINING");
    assert_eq!(lag["consumers"][0]["deadLettersParked"], 1);
    assert_eq!(lag["consumers"][0]["consumerPresence"], "PRESENCE_PRESENT");
    // The last ack, and the stream that the service makes for itself, may still be on their way.
    let row = ["EVT_STAFF", "training", "0", "0", "0", "0", "1", "-"];
    served.until(&["lag"], |said| said.lines().any(|line| line.split_whitespace().eq(row))).await;
    let as_made = "All is as the service would make it.\n";
    assert_eq!(served.until(&["streams", "diff"], |said| !said.contains("absent")).await, as_made);
    assert_eq!(served.json(&["streams", "diff"]).await, json!({ "differences": [] }));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_says_what_it_looked_at_and_a_comparison_with_nobody_is_refused() {
    let served = Served::start().await;
    let audit = ["audit", "--whole", "--reason", "after a restore"];
    let told = served.until(&audit, |_| true).await;
    assert!(told.starts_with("MESSAGES  EVENTS  MISSING\n0         0       0\n"), "{told}");
    let found = served.json(&audit).await;
    assert_eq!(found, json!({ "messages": 0, "events": 0, "missing": 0 }));
    let acts = served.json(&["acts"]).await;
    assert_eq!(
        (&acts["acts"][0]["act"], &acts["acts"][0]["reason"]),
        (&json!("AuditStream"), &json!("after a restore"))
    );

    let refused = served.run(&["compare", "nobody", "--reason", "to see"]).await;
    assert_eq!(refused.status.code(), Some(1));
    let told = stderr(&refused);
    assert!(told.starts_with("prima: INVALID_ARGUMENT PRODUCER_UNKNOWN: "), "{told}");
    assert!(told.contains("\n  field producer: "), "{told}");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_and_no_address_are_errors() {
    let nobody = run(&["lag", "--url", "http://127.0.0.1:1"], &[]).await;
    assert_eq!(nobody.status.code(), Some(1));
    assert!(
        stderr(&nobody).starts_with("prima: http://127.0.0.1:1 can't be reached: "),
        "{}",
        stderr(&nobody)
    );
    let nowhere = run(&["lag"], &[]).await;
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(stderr(&nowhere).contains("--url or PRIMA_URL"), "{}", stderr(&nowhere));
    let tls = run(&["lag", "--url", "https://127.0.0.1:1"], &[]).await;
    assert_eq!(tls.status.code(), Some(2));
}
