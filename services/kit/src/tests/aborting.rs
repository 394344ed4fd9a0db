//! An event whose handler ends the process, with processes that really end: this test binary, started again and again.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, pull};
use clap::Parser;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Arguments, MIGRATIONS, POLL, Place, SERVICE, STREAM, UNIT, WITHIN,
    script::{Ending::Aborts, Script},
};
use crate::server::{Server, Shell};

/// How soon the stream delivers again what a process that died did not acknowledge; 30 s where a service makes its durable.
const ACK_WAIT: Duration = Duration::from_millis(300);
const ARGUMENTS: &str = "KIT_TEST_ARGUMENTS";
const DATABASE: &str = "KIT_TEST_DATABASE";
const POISON: &str = "KIT_TEST_POISON";
/// Between two arguments.
const SEPARATOR: &str = "\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_ends_the_process_is_parked_before_its_ninth_try_and_its_neighbours_are_applied() {
    let place = Place::new().await;
    let durable = pull::Config {
        durable_name: Some(SERVICE.to_owned()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_deliver: -1,
        ..pull::Config::default()
    };
    place.jetstream.create_consumer_strict_on_stream(durable, STREAM).await.unwrap();
    let events: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    let poison = events[2];
    for event in &events {
        place.publish(*event).await;
    }
    let deadline = Instant::now() + 2 * WITHIN;
    let mut ended = 0;
    let mut process = service(&place, poison);
    while place.letter(poison).await.is_none() {
        assert!(Instant::now() < deadline, "not parked after {ended} processes");
        if let Some(status) = process.try_wait().unwrap() {
            assert!(!status.success(), "it ended by itself: {status}");
            ended += 1;
            process = service(&place, poison);
        }
        tokio::time::sleep(POLL).await;
    }
    for event in events.iter().filter(|event| **event != poison) {
        place.applied(*event).await;
    }
    place.quiet().await;
    process.kill().unwrap();
    process.wait().unwrap();
    let parked = ("PARKED".to_owned(), "ATTEMPTS_EXHAUSTED".to_owned(), 8);
    assert_eq!(place.letter(poison).await, Some(parked));
    // One in its batch, and each of the eight tries alone.
    assert_eq!(ended, 9);
    for event in events {
        assert_eq!(place.effects(event).await, i64::from(event != poison));
    }
    place.world.finish().await;
}

/// Starts a process of the service.
fn service(place: &Place, poison: Uuid) -> std::process::Child {
    let arguments = place.world.serve_arguments(SERVICE).join(SEPARATOR);
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "tests::aborting::the_service"])
        .env(ARGUMENTS, arguments)
        .env(DATABASE, place.world.database_url(SERVICE, dev::cluster::Role::App))
        .env(POISON, poison.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the part of another test that runs in processes of its own"]
async fn the_service() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let arguments = Arguments::parse_from(arguments.split(SEPARATOR));
    let script = Script::new(&std::env::var(DATABASE).unwrap());
    script.play(std::env::var(POISON).unwrap().parse().unwrap(), &[Aborts]);
    let shell = Shell::try_new(&arguments.shell, SERVICE, &MIGRATIONS, CancellationToken::new()).unwrap();
    Server::new(shell).consume("staff", script).retry_unit(UNIT).serve().await.unwrap();
}
