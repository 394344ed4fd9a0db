//! What people write stays where they wrote it: every text of every request carries a mark, and is looked for in the
//! streams, the logs, the history, and the other services' schemas.

mod planter;
mod reports;

use std::sync::Arc;

use dev::{
    calls::{call, touched},
    client::{self, channel},
    cluster::SERVICES,
    demo,
    stack::{BusinessTime, Options, Say, Seed, Stack},
    token::{Identity, all_scopes},
    workspace::{Profile, Workspace},
};
use futures::StreamExt;
use proto::{
    staff::v1::{
        EndAssignmentRequest, GetHolderRequest, ListSeatsRequest, ListUnitsRequest, UnitKind,
        assignment_service_client::AssignmentServiceClient, seat_service_client::SeatServiceClient,
        unit_service_client::UnitServiceClient,
    },
    training::v1::{
        DeclineEnrolmentRequest, EnrolmentState, ListEnrolmentsRequest,
        enrolment_service_client::EnrolmentServiceClient,
    },
};
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use planter::{LATITUDE, LATITUDE_TEXT, MARK, PHONE, Planter};

/// The only tables that may hold what somebody wrote, each its own service's; none of them is history, outbox, inbox, dead
/// letters or replies, which operators and other services see.
const OF_PEOPLE: [&str; 13] = [
    "complaints.category",
    // Kept in lower case, to find duplicates by.
    "complaints.complaint_spot",
    "complaints.finding_answer",
    "complaints.reveal",
    "complaints.timeline_entry",
    "evaluation.study",
    "evaluation.survey",
    "staff.assignment",
    "staff.person",
    "staff.seat",
    "training.enrolment",
    "training.need",
    "training.programme",
];
/// Everybody in the demonstration has a NIP that begins with a year of birth, in a column of its own.
const NIP_OF_THE_FIRST: &str = "197001011995011000";

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

#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_is_in_no_event_no_log_and_no_other_service() {
    let stack = start().await;
    let planter = Arc::new(Planter::new());
    let touch = {
        let planter = Arc::clone(&planter);
        Arc::new(move |name: &str, request: Vec<u8>| planter.plant(name, &request))
    };
    touched(touch, async {
        demo::run(&stack, 1, &quietly()).await.unwrap();
        besides(&stack).await;
    })
    .await;
    assert_eq!(planter.unplanted(), Vec::<String>::new(), "every text that a request may have was tried");

    let database = PgPool::connect(&stack.superuser_url()).await.unwrap();
    for mark in [MARK, NIP_OF_THE_FIRST, PHONE] {
        let tables = tables_with(&database, mark).await;
        let may_hold = |table: &&&str| match mark {
            MARK => true,
            NIP_OF_THE_FIRST => **table == "staff.person",
            // What reporters say of themselves is sealed.
            _ => false,
        };
        let expected: Vec<&str> = OF_PEOPLE.iter().filter(may_hold).copied().collect();
        assert_eq!(tables, expected, "tables with {mark}");
        assert_eq!(
            messages_with(&stack, mark.as_bytes()).await,
            Vec::<String>::new(),
            "messages with {mark}"
        );
        assert_eq!(logs_with(&stack, mark), Vec::<String>::new(), "logs with {mark}");
    }
    // A point is kept beside its report, and told to nobody; as a message's number it is eight bytes.
    let bytes = LATITUDE.to_le_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(tables_with(&database, LATITUDE_TEXT).await, ["complaints.complaint_place"]);
    assert_eq!(tables_with(&database, &hex).await, Vec::<String>::new());
    assert_eq!(messages_with(&stack, LATITUDE_TEXT.as_bytes()).await, Vec::<String>::new());
    assert_eq!(messages_with(&stack, &bytes).await, Vec::<String>::new());
    assert_eq!(logs_with(&stack, LATITUDE_TEXT), Vec::<String>::new());
    database.close().await;
    stack.stop().await.unwrap();
}

/// What the demonstration does not do.
async fn besides(stack: &Stack) {
    let identity = |units| Identity {
        subject: "marks".to_owned(),
        scopes: all_scopes().unwrap(),
        units,
        person: Some(format!("people/{}", Uuid::from_u128(9))),
        actor: None,
    };
    let looking = stack.token(&identity(Vec::new())).unwrap();
    let staff = channel(&stack.service("staff").unwrap().url()).await.unwrap();
    let training = channel(&stack.service("training").unwrap().url()).await.unwrap();
    let request = ListUnitsRequest { kind: UnitKind::Province.into(), ..Default::default() };
    let province = call(&looking, &request, |request| {
        let mut units = UnitServiceClient::new(staff.clone());
        async move { units.list_units(request).await }
    });
    let province = province.await.unwrap().units.remove(0).name;
    let token = stack.token(&identity(vec![province.clone()])).unwrap();
    let validator = Some(format!("people/{}", Uuid::from_u128(10)));
    let actors = reports::Actors {
        complaints: channel(&stack.service("complaints").unwrap().url()).await.unwrap(),
        channel: stack.token(&Identity { person: None, ..identity(Vec::new()) }).unwrap(),
        officer: token.clone(),
        validator: stack.token(&Identity { person: validator, ..identity(vec![province.clone()]) }).unwrap(),
        province,
    };
    reports::write(&actors).await;

    let request = ListSeatsRequest::default();
    let seats = call(&token, &request, |request| {
        let mut seats = SeatServiceClient::new(staff.clone());
        async move { seats.list_seats(request).await }
    });
    let seat = seats.await.unwrap().seats.remove(0).name;
    let request = GetHolderRequest { seat, ..Default::default() };
    let holder = call(&token, &request, |request| {
        let mut assignments = AssignmentServiceClient::new(staff.clone());
        async move { assignments.get_holder(request).await }
    });
    let request = EndAssignmentRequest {
        request_id: Uuid::now_v7().to_string(),
        name: holder.await.unwrap().holder.unwrap().definitive.unwrap().name,
        valid_until: "2031-01-01".to_owned(),
        decree_date: "2030-12-01".to_owned(),
        ..Default::default()
    };
    let ended = call(&token, &request, |request| {
        let mut assignments = AssignmentServiceClient::new(staff.clone());
        async move { assignments.end_assignment(request).await }
    });
    ended.await.unwrap();

    let request = ListEnrolmentsRequest { state: EnrolmentState::Nominated.into(), ..Default::default() };
    let nominated = call(&token, &request, |request| {
        let mut enrolments = EnrolmentServiceClient::new(training.clone());
        async move { enrolments.list_enrolments(request).await }
    });
    let request = DeclineEnrolmentRequest {
        request_id: Uuid::now_v7().to_string(),
        name: nominated.await.unwrap().enrolments.remove(0).name,
        ..Default::default()
    };
    let declined = call(&token, &request, |request| {
        let mut enrolments = EnrolmentServiceClient::new(training.clone());
        async move { enrolments.decline_enrolment(request).await }
    });
    declined.await.unwrap();
}

/// Which tables of the services hold a mark, as text or as bytes.
async fn tables_with(database: &PgPool, mark: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = ANY($1) ORDER BY 1",
    )
    .bind(SERVICES.map(str::to_owned).to_vec())
    .fetch_all(database)
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let holds: bool = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT EXISTS (SELECT FROM {table} AS stored WHERE stored::text ILIKE '%' || $1 || '%'
                                                           OR stored::text LIKE '%' || encode($1::bytea, 'hex') || '%')"
        )))
        .bind(mark)
        .fetch_one(database)
        .await
        .unwrap();
        if holds {
            found.push(table);
        }
    }
    found
}

/// Which messages of the streams hold a mark, in a header or in their body.
async fn messages_with(stack: &Stack, mark: &[u8]) -> Vec<String> {
    let jetstream = async_nats::jetstream::new(client::nats(stack.nats_url()).await.unwrap());
    let (mut found, mut read) = (Vec::new(), 0);
    for service in SERVICES {
        let stream = jetstream.get_stream(format!("EVT_{}", service.to_uppercase())).await.unwrap();
        let consumer =
            stream.create_consumer(async_nats::jetstream::consumer::pull::OrderedConfig::default());
        let consumer = consumer.await.unwrap();
        let left = consumer.cached_info().num_pending;
        let mut messages = consumer.messages().await.unwrap().take(usize::try_from(left).unwrap());
        while let Some(message) = messages.next().await {
            let message = message.unwrap();
            let headers = format!("{:?}", message.headers);
            let body = message.payload.windows(mark.len()).any(|part| part == mark);
            if body || headers.contains(&*String::from_utf8_lossy(mark)) {
                found.push(format!("{} {}", message.subject, message.payload.len()));
            }
            read += 1;
        }
    }
    assert!(read > 100, "the streams have {read} messages");
    found.dedup();
    found
}

/// Which lines of the services' logs hold a mark.
fn logs_with(stack: &Stack, mark: &str) -> Vec<String> {
    let (mut found, mut read) = (Vec::new(), 0);
    for file in std::fs::read_dir(stack.folder()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".log") && SERVICES.iter().any(|service| name.starts_with(service)) {
            let text = std::fs::read_to_string(&path).unwrap();
            read += text.lines().count();
            found.extend(
                text.lines().filter(|line| line.contains(mark)).map(|line| format!("{name}: {line}")),
            );
        }
    }
    assert!(read > 10, "the services logged {read} lines");
    found
}
