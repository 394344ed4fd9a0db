//! What was told, told again: the newest of each aggregate, all versions, and events put on the outbox once more.

use proto::{
    ops::v1::{RedactEventRequest, operations_service_client::OperationsServiceClient},
    staff::events::v1::UnitChanged,
};
use v1::replay_service_client::ReplayServiceClient;

use super::*;

async fn all<T>(mut answers: tonic::Streaming<T>) -> Vec<T> {
    let mut all = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        all.push(answer);
    }
    all
}

async fn served_with_a_changed_unit() -> (Served, ReplayServiceClient<Channel>) {
    let served = Served::start().await;
    import(&served.world, &UNITS.replace("Dinas,", "Dinas Bina Marga,31.74")).await.unwrap();
    let client = ReplayServiceClient::new(served.channel.clone());
    (served, client)
}

fn since(time: Option<prost_types::Timestamp>, resources: &[&str]) -> v1::ReplayEventsRequest {
    v1::ReplayEventsRequest {
        request_id: id(),
        since_time: time,
        resources: resources.iter().map(|name| (*name).to_owned()).collect(),
        reason: "A projection was lost".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_of_each_aggregate_is_exported_with_its_version() {
    let (served, mut client) = served_with_a_changed_unit().await;
    let dinas = served.unit("dinas").await;
    let export = v1::ExportStateRequest::default();
    let told = all(client.export_state(authorized(export, &served.token)).await.unwrap().into_inner()).await;
    assert_eq!(told.len(), 5, "one of each unit");
    let told = told.iter().find(|told| told.headers["ce-subject"] == dinas).unwrap();
    assert_eq!(told.headers["ce-primaversion"], "2");
    let unit = <UnitChanged as prost::Message>::decode(told.payload.as_slice()).unwrap().unit.unwrap();
    assert_eq!(unit.display_name, "Dinas Bina Marga");

    let one = v1::ExportStateRequest { resources: vec![dinas.clone()], ..Default::default() };
    let told = all(client.export_state(authorized(one, &served.token)).await.unwrap().into_inner()).await;
    assert_eq!(told.len(), 1);
    let seats = v1::ListVersionsRequest { aggregate_type: "seat".to_owned() };
    let none = all(client.list_versions(authorized(seats, &served.token)).await.unwrap().into_inner()).await;
    assert_eq!(none, []);
    let units = v1::ListVersionsRequest { aggregate_type: "unit".to_owned() };
    let answers =
        all(client.list_versions(authorized(units, &served.token)).await.unwrap().into_inner()).await;
    let versions: Vec<(String, i64)> = answers
        .into_iter()
        .flat_map(|answer| answer.versions)
        .map(|known| (known.resource, known.version))
        .collect();
    assert_eq!(versions.len(), 5);
    assert!(versions.contains(&(dinas, 2)));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_published_again_once_for_each_request_and_what_is_not_there_is_said() {
    let (served, mut client) = served_with_a_changed_unit().await;
    let dinas = served.unit("dinas").await;
    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    let begun: i64 =
        sqlx::query_scalar("SELECT extract(epoch FROM min(recorded_at))::bigint FROM staff.event_log")
            .fetch_one(&mut superuser)
            .await
            .unwrap();
    superuser.close().await.unwrap();

    let newest = since(None, &[&dinas]);
    for _ in 0..2 {
        let again = client.replay_events(authorized(newest.clone(), &served.token)).await.unwrap();
        assert_eq!(again.into_inner().events, 1, "the same request has the same outcome");
    }
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let before =
        client.replay_events(authorized(since(at(begun - 5), &[]), &served.token)).await.unwrap_err();
    assert_eq!((before.code(), reason(&before).as_str()), (Code::InvalidArgument, "BEFORE_HISTORY"));
    assert_eq!(fields(&before), ["since_time"]);
    assert!(!fact(&before, "oldest").is_empty());
    let unknown = since(None, &[&dinas, "units/none"]);
    let unknown = client.replay_events(authorized(unknown, &served.token)).await.unwrap_err();
    assert_eq!(
        (reason(&unknown).as_str(), fields(&unknown)),
        ("AGGREGATE_UNKNOWN", vec!["resources[1]".to_owned()])
    );
    for wrong in [since(None, &[]), since(at(begun), &[&dinas])] {
        let wrong = client.replay_events(authorized(wrong, &served.token)).await.unwrap_err();
        assert_eq!((wrong.code(), reason(&wrong).as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregate_whose_newest_event_was_redacted_is_exported_as_it_was_before() {
    let (served, mut client) = served_with_a_changed_unit().await;
    let dinas = served.unit("dinas").await;
    let export = v1::ExportStateRequest { resources: vec![dinas.clone()], ..Default::default() };
    let newest = authorized(export.clone(), &served.token);
    let told = all(client.export_state(newest).await.unwrap().into_inner()).await;
    let redact =
        RedactEventRequest { event: told[0].headers["ce-id"].clone(), reason: "ticket 7".to_owned() };
    // The stream may be in the making.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let mut operations = OperationsServiceClient::new(served.channel.clone());
    while let Err(refused) = operations.redact_event(authorized(redact.clone(), &served.token)).await {
        assert!(refused.code() == Code::Unavailable && std::time::Instant::now() < deadline, "{refused}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let told = all(client.export_state(authorized(export, &served.token)).await.unwrap().into_inner()).await;
    assert_eq!(told[0].headers["ce-primaversion"], "1");
    let units = v1::ListVersionsRequest { aggregate_type: "unit".to_owned() };
    let answers =
        all(client.list_versions(authorized(units, &served.token)).await.unwrap().into_inner()).await;
    let known = answers.into_iter().flat_map(|answer| answer.versions).find(|known| known.resource == dinas);
    assert_eq!(known.unwrap().version, 1);
    served.finish().await;
}
