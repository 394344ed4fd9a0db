//! A service whose NATS is not there, or does not let it in: it serves its calls, says what is missing, and recovers by
//! itself.

use dev::{client::is_ready, nats::Nats, scratch::Scratch, wheels::Binaries, workspace};

use super::*;

fn nats() -> (Nats, Scratch) {
    let target_dev = workspace::target().unwrap().join("dev");
    let scratch = Scratch::try_new("prima-absent").unwrap();
    let binaries = Binaries::find(&target_dev, &mut |_| {}).unwrap();
    (Nats::start(&binaries, &scratch, 1).unwrap(), scratch)
}

/// Waits until exactly this is missing, while calls are answered and health says no.
async fn lacks(served: &Served, why: &str) {
    let is_missing = || served.readiness.missing() == [("nats", why.to_owned())];
    until(&format!("missing: {why}"), async || is_missing().then_some(())).await;
    assert_eq!(served.lag().await.outbox.unwrap().pending, 0, "calls are answered");
    let health = served.place.world.health_address(SERVICE).await;
    assert!(!is_ready(&health).await, "not ready while NATS is missing");
}

async fn becomes_ready(served: &Served) {
    let health = served.place.world.health_address(SERVICE).await;
    until("ready", async || is_ready(&health).await.then_some(())).await;
    assert_eq!(served.readiness.missing(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_starts_without_nats_and_is_ready_once_it_is_there() {
    let (mut nats, _scratch) = nats();
    let url = nats.url(0);
    nats.process_mut().kill().unwrap();
    let served = Place::new().await.serve_on(&url).await;
    lacks(&served, "NATS is not connected: IO error").await;
    nats.start_again().unwrap();
    becomes_ready(&served).await;
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_nats_does_not_let_in_says_so_and_is_ready_once_it_does() {
    let (mut nats, _scratch) = nats();
    let before = nats.url(0);
    nats.change_password("another".to_owned());
    let later = nats.url(0);
    let served = Place::new().await.serve_on(&later).await;
    lacks(&served, "NATS is not connected: authorization violation").await;
    assert_ne!(before, later);
    nats.process_mut().kill().unwrap();
    nats.start_again().unwrap();
    becomes_ready(&served).await;
    served.finish().await;
}
