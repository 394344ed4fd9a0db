//! `prima events replay`, `redact`, `partitions` and `streams apply`: what they do to a service, and how they refuse.

use serde_json::json;

use super::served::{Served, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn events_are_published_again_by_resource_or_time_and_what_is_not_there_is_said() {
    let served = Served::start().await;
    served.tell().await;
    let replay = ["replay", "--aggregate", "things/1", "--reason", "a projection was lost"];
    let told = served.says(&replay).await;
    assert_eq!(told, "1 events: 1 are on the outbox again, 0 were waiting there.\n");
    let by_name = [["--service", "training"].as_slice(), &replay].concat();
    let output = served.run_by_name(&by_name).await;
    assert!(output.status.success(), "{}", stderr(&output));
    let acts = served.says(&["acts"]).await;
    let row = acts.lines().nth(1).unwrap_or_default();
    assert!(row.ends_with("operator  ReplayEvents  things/1  a projection was lost"), "{acts}");

    for (arguments, told) in [
        (
            ["--since", "2020-01-01T00:00:00Z"],
            "prima: INVALID_ARGUMENT BEFORE_HISTORY: since_time: the history begins at ",
        ),
        (
            ["--since", "2999-01-01T00:00:00Z"],
            "prima: INVALID_ARGUMENT INVALID_FIELD: since_time: must not be in the future",
        ),
        (
            ["--aggregate", "things/2"],
            "prima: INVALID_ARGUMENT AGGREGATE_UNKNOWN: resource: the history has no event of things/2",
        ),
    ] {
        let refused = served.run(&[["replay", "--reason", "to see"].as_slice(), &arguments].concat()).await;
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).starts_with(told), "{}", stderr(&refused));
    }
    for arguments in [
        ["replay", "--reason", "neither"].as_slice(),
        &["replay", "--reason", "both", "--aggregate", "a", "--since", "2026-01-01T00:00:00Z"],
        &["replay", "--reason", "no time", "--since", "yesterday"],
    ] {
        assert_eq!(served.run(arguments).await.status.code(), Some(2), "{arguments:?}");
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_the_file_of_addresses_does_not_name_is_unknown() {
    let served = Served::start().await;
    let unknown = served.run_by_name(&["lag", "--service", "nobody"]).await;
    assert_eq!(unknown.status.code(), Some(1));
    let told = stderr(&unknown);
    assert!(told.starts_with("prima: there is no service nobody in "), "{told}");
    assert!(told.ends_with("it names staff, training\n"), "{told}");
    let without = served.run(&["lag", "--service", "training"]).await;
    assert_eq!(without.status.code(), Some(1));
    assert!(stderr(&without).contains("--peers-file or PRIMA_PEERS_FILE"), "{}", stderr(&without));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_event_is_reported_as_gone() {
    let served = Served::start().await;
    let event = served.tell().await.to_string();
    let told = served.says(&["redact", &event, "--reason", "ticket 7"]).await;
    let expected = format!(
        "The history holds no content of {event} any more.\n\
         The stream lost 1 messages; 0 other events of them are on the outbox again.\n\
         Emptied dead letters: 0.\n"
    );
    assert_eq!(told, expected);
    let again = served.json(&["redact", &event, "--reason", "ticket 7"]).await;
    assert_eq!(again, json!({ "inHistory": true, "purged": 0, "enqueued": 0, "deadLetters": 0 }));
    let nothing = served.run(&["redact", "00000000-0000-7000-8000-000000000000", "--reason", "x"]).await;
    assert!(stderr(&nothing).starts_with("prima: NOT_FOUND NOT_FOUND: "), "{}", stderr(&nothing));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_listed_and_young_ones_stay() {
    let served = Served::start().await;
    let listed = served.says(&["partitions", "list"]).await;
    assert!(listed.starts_with("DATE "), "{listed}");
    assert!(listed.lines().count() > 30, "{listed}");
    let none = served.says(&["partitions", "detach", "--before", "2020-01-01", "--reason", "kept"]).await;
    assert_eq!(none, "No day of the history is before 2020-01-01.\n");
    let young = served.run(&["partitions", "detach", "--before", "2999-01-01", "--reason", "kept"]).await;
    assert_eq!(young.status.code(), Some(1));
    assert!(stderr(&young).contains("before_date: must be at least 30 days ago"), "{}", stderr(&young));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_as_shipped_are_left_alone() {
    let served = Served::start().await;
    served.parked().await;
    served.tell().await;
    let told = served.says(&["streams", "apply", "--reason", "to be sure"]).await;
    assert_eq!(told, "All was as the service would make it.\n");
    let acts = served.json(&["acts", "--limit", "1"]).await;
    assert_eq!(acts["acts"][0]["act"], "ApplyStreams");
    served.finish().await;
}
