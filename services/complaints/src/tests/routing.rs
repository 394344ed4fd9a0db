//! Rules, boundaries and places, over the wire.

use std::time::Duration;

use kit::clock::Clock;
use proto::complaints::v1::{
    ImportBoundariesRequest, ImportBoundariesResponse, ImportBoundariesStart, ListRoutingRulesRequest,
    PlaceMatch, Point, ReplaceRoutingRulesRequest, ResolveUnitRequest, ResolveUnitResponse, RoutingRule,
    RoutingTime, RuleCondition, SimulateRoutingRulesRequest, routing_service_client::RoutingServiceClient,
};
use tonic::Code;

use super::*;
use crate::domain::{UnitId, routing::Rules};

/// Well inside the square of `FILE`.
const INSIDE: Point = Point { latitude: -6.175_392_13, longitude: 106.827_153_47 };
const AT_SEA: Point = Point { latitude: -5.9, longitude: 106.8 };
const FILE: &str = r#"{"type":"FeatureCollection","features":[
    {"type":"Feature","properties":{"kelurahan_code":"31.74.01.1001"},"geometry":{"type":"Polygon",
     "coordinates":[[[106.8,-6.2],[106.9,-6.2],[106.9,-6.1],[106.8,-6.1],[106.8,-6.2]]]}},
    {"type":"Feature","properties":{"kelurahan_code":"31.74.01.1002"},"geometry":{"type":"Polygon",
     "coordinates":[[[106.9,-6.2],[107.0,-6.2],[107.0,-6.1],[106.9,-6.1],[106.9,-6.2]]]}}]}"#;

async fn client(served: &Served) -> RoutingServiceClient<Channel> {
    RoutingServiceClient::new(channel(&served.world.grpc_address(SERVICE).await).await.unwrap())
}

async fn connection(served: &Served) -> sqlx::pool::PoolConnection<sqlx::Postgres> {
    let database = kit::config::Database {
        database_url: served.world.database_url(SERVICE, Role::App),
        database_connections: 1,
    };
    Database::try_new(&database, SERVICE).unwrap().acquire().await.unwrap()
}

fn rule(categories: &[&str], unit: Uuid) -> RoutingRule {
    RoutingRule {
        categories: categories.iter().map(|id| format!("categories/{id}")).collect(),
        unit: format!("units/{unit}"),
        ..Default::default()
    }
}

async fn replace(served: &Served, etag: &str, rules: Vec<RoutingRule>) -> Result<String, Status> {
    let request = ReplaceRoutingRulesRequest { request_id: id(), etag: etag.to_owned(), rules };
    let request = authorized(request, &served.validator());
    Ok(client(served).await.replace_routing_rules(request).await?.into_inner().etag)
}

async fn list(served: &Served, page_token: String) -> v1::ListRoutingRulesResponse {
    let request = ListRoutingRulesRequest { page_size: 1, page_token, as_of_time: None };
    let request = authorized(request, &served.officer());
    client(served).await.list_routing_rules(request).await.unwrap().into_inner()
}

async fn resolve(served: &Served, request: ResolveUnitRequest) -> Result<ResolveUnitResponse, Status> {
    let request = authorized(request, &served.officer());
    Ok(client(served).await.resolve_unit(request).await?.into_inner())
}

fn here() -> ResolveUnitRequest {
    ResolveUnitRequest {
        kelurahan_code: KELURAHAN.to_owned(),
        category: "categories/sampah".to_owned(),
        ..Default::default()
    }
}

async fn import(
    served: &Served,
    start: ImportBoundariesStart,
    file: &str,
) -> Result<ImportBoundariesResponse, Status> {
    let mut parts = vec![first(start)];
    parts.extend(file.as_bytes().chunks(100).map(chunk));
    send(served, parts).await
}

fn first(start: ImportBoundariesStart) -> ImportBoundariesRequest {
    ImportBoundariesRequest { start: Some(start), ..Default::default() }
}

fn chunk(bytes: &[u8]) -> ImportBoundariesRequest {
    ImportBoundariesRequest { start: None, chunk: bytes.to_vec() }
}

async fn send(
    served: &Served,
    messages: Vec<ImportBoundariesRequest>,
) -> Result<ImportBoundariesResponse, Status> {
    let request = authorized(futures::stream::iter(messages), &served.validator());
    Ok(client(served).await.import_boundaries(request).await?.into_inner())
}

fn start() -> ImportBoundariesStart {
    ImportBoundariesStart { request_id: id(), ..Default::default() }
}

async fn file(
    served: &Served,
    kelurahan_code: &str,
    point: Option<Point>,
) -> Result<v1::FileComplaintResponse, Status> {
    let request = v1::FileComplaintRequest { kelurahan_code: kelurahan_code.to_owned(), point, ..to_file() };
    let request = authorized(request, &served.channel_token());
    Ok(served.client.clone().file_complaint(request).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_decides_where_reports_go_and_its_explanation_says_so() {
    let served = Served::start().await;
    let resolved = resolve(&served, here()).await.unwrap();
    assert_eq!((resolved.unit, resolved.matched_rule), (format!("units/{}", served.kelurahan), 0));

    let never = RoutingRule {
        assets: vec!["jembatan".to_owned()],
        time: Some(RoutingTime {
            from_date: "2026-01-01".to_owned(),
            weekdays: vec![1, 7],
            from_time: "22:00".to_owned(),
            until_time: "05:30".to_owned(),
            ..Default::default()
        }),
        ..rule(&[], served.kelurahan)
    };
    let rules = vec![never, rule(&["sampah"], served.province)];
    let etag = replace(&served, "0", rules.clone()).await.unwrap();
    let resolved = resolve(&served, here()).await.unwrap();
    assert_eq!((&resolved.unit, resolved.matched_rule), (&format!("units/{}", served.province), 2));
    assert_eq!(resolved.verdicts[0].failed_condition(), RuleCondition::Asset);
    assert_eq!((resolved.place_match(), &resolved.etag), (PlaceMatch::Given, &etag));
    let filed = served.file().await.complaint.unwrap();
    assert_eq!(filed.responsible_unit, format!("units/{}", served.province));

    let first = list(&served, String::new()).await;
    assert_eq!((first.rules.as_slice(), first.replaced_by.as_str()), (&rules[..1], "validator"));
    assert_eq!(list(&served, first.next_page_token).await.rules, rules[1..]);
    let refused = replace(&served, "0", Vec::new()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replacing_rules_again_with_the_same_request_id_gives_the_same_answer() {
    let served = Served::start().await;
    let request = ReplaceRoutingRulesRequest {
        request_id: id(),
        rules: vec![rule(&["sampah"], served.province)],
        ..Default::default()
    };
    let mut client = client(&served).await;
    let mut etags = Vec::new();
    for _ in 0..2 {
        let request = authorized(request.clone(), &served.validator());
        etags.push(client.replace_routing_rules(request).await.unwrap().into_inner().etag);
    }
    assert_eq!(etags, ["1", "1"]);
    let other = ReplaceRoutingRulesRequest { rules: Vec::new(), ..request };
    let refused = client.replace_routing_rules(authorized(other, &served.validator())).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_make_no_sense_are_refused_by_field_and_none_is_taken() {
    let served = Served::start().await;
    let good = rule(&["sampah"], served.province);
    let with_time = |time| RoutingRule { time: Some(time), ..good.clone() };
    let hours = |from: &str, until: &str| RoutingTime {
        from_time: from.to_owned(),
        until_time: until.to_owned(),
        ..Default::default()
    };
    let days = |from: &str, until: &str| RoutingTime {
        from_date: from.to_owned(),
        until_date: until.to_owned(),
        ..Default::default()
    };
    let area = |code: &str| RoutingRule { area_codes: vec![code.to_owned()], ..good.clone() };
    for (bad, why, field) in [
        (rule(&["laut"], served.province), "RULE_INVALID", "rules[1].categories[0]"),
        (rule(&["sampah"], Uuid::nil()), "RULE_INVALID", "rules[1].unit"),
        (area("32.01"), "RULE_INVALID", "rules[1].area_codes[0]"),
        (area("Kebayoran"), "INVALID_FIELD", "rules[1].area_codes[0]"),
        (with_time(days("2026-02-30", "")), "RULE_INVALID", "rules[1].time.from_date"),
        (with_time(hours("08:00", "")), "RULE_INVALID", "rules[1].time.until_time"),
        (with_time(hours("08:00", "08:00")), "RULE_MATCHES_NOTHING", "rules[1].time.until_time"),
        (with_time(days("2026-02-02", "2026-02-01")), "RULE_MATCHES_NOTHING", "rules[1].time.until_date"),
        (good.clone(), "RULE_MATCHES_NOTHING", "rules[1]"),
    ] {
        let refused = replace(&served, "", vec![good.clone(), bad]).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!((reason(&refused).as_str(), fields(&refused)), (why, vec![field.to_owned()]));
    }
    assert_eq!(resolve(&served, here()).await.unwrap().etag, "0");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_says_what_would_move_and_moves_nothing() {
    let served = Served::start().await;
    for _ in 0..3 {
        served.file().await;
    }
    let newest = served.file().await.complaint.unwrap().name;
    let request = SimulateRoutingRulesRequest {
        rules: vec![
            RoutingRule { assets: vec!["jembatan".to_owned()], ..rule(&[], served.kelurahan) },
            rule(&["sampah"], served.province),
        ],
        ..Default::default()
    };
    let request = authorized(request, &served.validator());
    let simulated = client(&served).await.simulate_routing_rules(request).await.unwrap().into_inner();
    assert_eq!((simulated.examined, simulated.moved, simulated.unmatched), (4, 4, 0));
    assert_eq!(simulated.rule_matches, [0, 4]);
    let moved = &simulated.moves[0];
    assert_eq!((moved.count, &moved.example), (4, &newest));
    assert_eq!(moved.from_unit, format!("units/{}", served.kelurahan));
    assert_eq!(moved.to_unit, format!("units/{}", served.province));
    assert_eq!(resolve(&served, here()).await.unwrap().matched_rule, 0, "nothing is in force");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_finds_its_kelurahan_once_boundaries_are_imported() {
    let served = Served::start().await;
    let early = file(&served, "", Some(INSIDE)).await.unwrap_err();
    assert_eq!((early.code(), reason(&early).as_str()), (Code::FailedPrecondition, "BOUNDARIES_MISSING"));
    let nowhere = file(&served, "", None).await.unwrap_err();
    assert_eq!((nowhere.code(), reason(&nowhere).as_str()), (Code::InvalidArgument, "PLACE_REQUIRED"));

    let imported = import(&served, start(), FILE).await.unwrap();
    assert_eq!((imported.etag.as_str(), imported.features, imported.positions), ("1", 2, 10));
    assert_eq!(imported.unserved_codes, ["31.74.01.1002"]);

    let filed = file(&served, "", Some(INSIDE)).await.unwrap();
    let complaint = filed.complaint.unwrap();
    assert_eq!((complaint.kelurahan_code.as_str(), complaint.point), (KELURAHAN, Some(INSIDE)));
    assert!(!filed.kelurahan_corrected);
    let corrected = file(&served, "31.74.01.1009", Some(INSIDE)).await.unwrap();
    assert!(corrected.kelurahan_corrected);
    assert_eq!(corrected.complaint.unwrap().kelurahan_code, KELURAHAN);
    assert_eq!(served.get(&complaint.name, &served.officer()).await.unwrap().point, Some(INSIDE));

    for kelurahan_code in ["", KELURAHAN] {
        let refused = file(&served, kelurahan_code, Some(AT_SEA)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(
            (reason(&refused).as_str(), fields(&refused)),
            ("POINT_OUTSIDE", vec!["point".to_owned()])
        );
        assert!(!format!("{refused:?}").contains("5.9"), "an error does not say where a point is");
    }
    let wild = Point { latitude: 106.8, longitude: -6.2 };
    let refused = file(&served, "", Some(wild)).await.unwrap_err();
    assert_eq!(
        (reason(&refused).as_str(), fields(&refused)),
        ("INVALID_FIELD", vec!["point.latitude".to_owned()])
    );
    assert!(!format!("{refused:?}").contains("106.8"), "an error does not say where a point is");

    let near = Point { latitude: -6.15, longitude: 106.799 };
    let request = ResolveUnitRequest { point: Some(near), ..Default::default() };
    let resolved = resolve(&served, request).await.unwrap();
    assert_eq!((resolved.place_match(), resolved.boundary_distance_meters), (PlaceMatch::Nearest, 111));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_bad_feature_is_refused_whole_and_a_dry_run_names_each() {
    let served = Served::start().await;
    let bad = FILE.replace("31.74.01.1002", "31.74").replacen("[106.8,-6.1],", "[106.8],", 1);
    let refused = import(&served, start(), &bad).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "BOUNDARIES_INVALID"));
    let named = ["features[0].geometry.coordinates[0][3]", "features[1].properties.kelurahan_code"];
    assert_eq!(fields(&refused), named);

    let dry = ImportBoundariesStart { dry_run: true, ..start() };
    let tried = import(&served, dry, &bad).await.unwrap();
    assert_eq!((tried.etag.as_str(), tried.problems.len()), ("0", 2));
    assert_eq!(
        (tried.problems[1].feature, tried.problems[1].path.as_str()),
        (1, "properties.kelurahan_code")
    );

    let no_start = send(&served, vec![chunk(b"{}")]).await.unwrap_err();
    let two_starts = send(&served, vec![first(start()), first(start())]).await.unwrap_err();
    for refused in [no_start, two_starts] {
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "IMPORT_MALFORMED"));
    }
    let mut parts = vec![first(start())];
    parts.extend(std::iter::repeat_n(chunk(&[b' '; 262_144]), 129));
    let large = send(&served, parts).await.unwrap_err();
    assert_eq!((large.code(), reason(&large).as_str()), (Code::InvalidArgument, "IMPORT_TOO_LARGE"));

    let again = start();
    assert_eq!(import(&served, again.clone(), FILE).await.unwrap().etag, "1");
    assert_eq!(import(&served, again.clone(), FILE).await.unwrap().etag, "1");
    let reused = import(&served, again, &FILE.replace("106.8,", "106.7,")).await.unwrap_err();
    assert_eq!((reused.code(), reason(&reused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    let stale = ImportBoundariesStart { etag: "0".to_owned(), ..start() };
    let stale = import(&served, stale, FILE).await.unwrap_err();
    assert_eq!((stale.code(), reason(&stale).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_changed_and_staff_reorganised_counts_here_soon() {
    let served = Served::start().await;
    let mut connection = connection(&served).await;
    let by =
        store::routing::SetBy { subject: "another".to_owned(), person: None, at: Clock::default().now() };
    let rule = crate::domain::routing::Rule {
        note: String::new(),
        categories: Vec::new(),
        area_codes: vec!["31.74".to_owned()],
        assets: Vec::new(),
        window: crate::domain::routing::Window::default(),
        unit: UnitId(served.kelurahan),
    };
    store::routing::replace_rules(&mut connection, (1, &by), &Rules(vec![rule])).await.unwrap();
    let ended = (served.kelurahan, 1, 2);
    store::routing::project_succession(&mut connection, ended, &[served.province]).await.unwrap();
    drop(connection);

    let changed = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let resolved = resolve(&served, here()).await.unwrap();
            if resolved.matched_rule == 1 && !resolved.replaced_units.is_empty() {
                return resolved;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let changed = changed.await.expect("it is looked at each second");
    assert_eq!(changed.unit, format!("units/{}", served.province));
    assert_eq!(changed.replaced_units, [format!("units/{}", served.kelurahan)]);
    let filed = served.file().await.complaint.unwrap();
    assert_eq!(filed.responsible_unit, changed.unit);
    served.finish().await;
}
