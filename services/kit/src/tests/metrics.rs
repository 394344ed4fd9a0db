//! What Prometheus reads beside health.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

use super::{Place, SERVICE, Served, script::Ending::Refuses, until};

/// What a scrape answers, over HTTP/1.1.
async fn scrape(served: &Served) -> String {
    let address = served.place.world.health_address(SERVICE).await;
    let mut socket = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: prima\r\nConnection: close\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_served_beside_health_and_say_what_the_service_did() {
    let place = Place::new().await;
    let (applied, parked) = (Uuid::now_v7(), Uuid::now_v7());
    place.script.play(parked, &[Refuses]);
    place.publish(applied).await;
    place.publish(parked).await;
    let served = place.serve().await;
    served.place.letter_in(parked, "PARKED").await;
    served.place.applied(applied).await;
    super::looking::tell(&served).await;
    let lines = [
        "prima_events_published_total 1",
        "prima_event_publish_errors_total 0",
        "prima_events_applied_total{stream=\"EVT_STAFF\"} 1",
        "prima_outbox_pending_events 0",
        "prima_outbox_oldest_pending_seconds 0.0",
        "prima_consumer_pending_messages{stream=\"EVT_STAFF\"} 0",
        "prima_consumer_unacknowledged_messages{stream=\"EVT_STAFF\"} 0",
        "prima_dead_letters{stream=\"EVT_STAFF\",state=\"PARKED\"} 1",
        "prima_dead_letters{stream=\"EVT_STAFF\",state=\"WAITING\"} 0",
        "prima_partition_days_ahead 30",
        "# EOF",
    ];
    let answer = until("the numbers are observed", async || {
        let answer = scrape(&served).await;
        lines.iter().all(|line| answer.lines().any(|told| told == *line)).then_some(answer)
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let names = ["prima_observed_timestamp_seconds 1", "content-type: application/openmetrics-text"];
    for name in names {
        assert!(answer.lines().any(|line| line.starts_with(name)), "no {name} in {answer}");
    }
    served.finish().await;
}
