//! The service as its callers meet it: real gRPC, real Postgres, real NATS.

mod ahead;
mod assignments;
mod calendars;
mod directory;
mod model;
mod people;
mod replay;
mod schema;
mod seats;
mod units;
mod visibility;

use clap::Parser;
use dev::{
    client::{authorized, channel},
    cluster::Role,
    harness::World,
    token::{Identity, all_scopes},
};
use kit::{clock::Clock, database::Database, server::Shell};
use proto::staff::v1::{
    self, AssignmentKind, EducationLevel, EmploymentType, SeatClass,
    assignment_service_client::AssignmentServiceClient, person_service_client::PersonServiceClient,
    seat_service_client::SeatServiceClient, unit_service_client::UnitServiceClient,
};
use sqlx::{Connection, PgConnection};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::{Config, MIGRATIONS, SERVICE, app};

const UNITS: &str = "code,kind,parent_code,name,area_codes
31,PROVINCE,,Provinsi,31
31.74,CITY,31,Kota,31.74
31.74.01,DISTRICT,31.74,Kecamatan,31.74.01
dinas,AGENCY,31,Dinas,
pln,EXTERNAL,31,PLN,
";

/// A served service with a small tree of units.
struct Served {
    world: World,
    channel: Channel,
    token: String,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Served {
    async fn start() -> Self {
        let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
        import(&world, UNITS).await.unwrap();
        let (channel, shutdown, task) = serve(&world).await;
        let mut served = Self { world, channel, token: String::new(), shutdown, task };
        served.token = served.token_of("office", None, &[]);
        let province = served.unit("31").await;
        served.token = served.token_of("office", None, &[province]);
        served
    }

    async fn finish(self) {
        drop(self.channel);
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
        self.world.finish().await;
    }

    fn token_of(&self, subject: &str, person: Option<&str>, units: &[String]) -> String {
        self.world.token(&Identity {
            subject: subject.to_owned(),
            scopes: all_scopes().unwrap(),
            units: units.to_vec(),
            person: person.map(str::to_owned),
            actor: None,
        })
    }

    fn units(&self) -> UnitServiceClient<Channel> {
        UnitServiceClient::new(self.channel.clone())
    }

    fn seats(&self) -> SeatServiceClient<Channel> {
        SeatServiceClient::new(self.channel.clone())
    }

    fn people(&self) -> PersonServiceClient<Channel> {
        PersonServiceClient::new(self.channel.clone())
    }

    fn assignments(&self) -> AssignmentServiceClient<Channel> {
        AssignmentServiceClient::new(self.channel.clone())
    }

    /// The name of the unit of a code.
    async fn unit(&self, code: &str) -> String {
        let request = v1::ListUnitsRequest { code: code.to_owned(), ..Default::default() };
        let answer = self.units().list_units(authorized(request, &self.token)).await.unwrap();
        answer.into_inner().units.remove(0).name
    }

    /// The name of a new seat.
    async fn seat(&self, unit: &str, display_name: &str) -> String {
        let request = to_make(&self.unit(unit).await, display_name);
        let answer = self.seats().create_seat(authorized(request, &self.token)).await.unwrap();
        answer.into_inner().seat.unwrap().name
    }

    /// The name of a new person; `serial` tells it apart from the others.
    async fn person(&self, serial: u16) -> String {
        let answer = self.people().create_person(authorized(to_take_in(serial), &self.token)).await.unwrap();
        answer.into_inner().person.unwrap().name
    }

    async fn assign(&self, request: v1::CreateAssignmentRequest) -> Result<v1::Assignment, Status> {
        let answer = self.assignments().create_assignment(authorized(request, &self.token)).await?;
        Ok(answer.into_inner().assignment.unwrap())
    }

    async fn end(&self, request: v1::EndAssignmentRequest) -> Result<v1::Assignment, Status> {
        let answer = self.assignments().end_assignment(authorized(request, &self.token)).await?;
        Ok(answer.into_inner().assignment.unwrap())
    }

    /// Who has a seat on a day, as known when something was recorded; now where nothing is given.
    async fn holder(
        &self,
        seat: &str,
        valid_at: &str,
        known_at: Option<prost_types::Timestamp>,
    ) -> v1::SeatHolder {
        let request = v1::GetHolderRequest { seat: seat.to_owned(), valid_at: valid_at.to_owned(), known_at };
        let answer = self.assignments().get_holder(authorized(request, &self.token)).await.unwrap();
        answer.into_inner().holder.unwrap()
    }

    /// The events of a resource so far, oldest first, decoded.
    async fn told<M: prost::Message + Default>(&self, name: &str) -> Vec<M> {
        let mut superuser = PgConnection::connect(&self.world.superuser_url()).await.unwrap();
        let payloads: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT payload FROM staff.event_log WHERE headers->>'ce-subject' = $1 ORDER BY version",
        )
        .bind(name)
        .fetch_all(&mut superuser)
        .await
        .unwrap();
        payloads.iter().map(|payload| M::decode(payload.as_slice()).unwrap()).collect()
    }
}

async fn serve(world: &World) -> (Channel, CancellationToken, tokio::task::JoinHandle<anyhow::Result<()>>) {
    let config = Config::parse_from(world.serve_arguments(SERVICE));
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(crate::serve(config, shutdown.clone()));
    (channel(&world.grpc_address(SERVICE).await).await.unwrap(), shutdown, task)
}

fn database(world: &World) -> Database {
    let config = kit::config::Database {
        database_url: world.database_url(SERVICE, Role::App),
        database_connections: 2,
    };
    Database::try_new(&config, SERVICE).unwrap()
}

async fn import(world: &World, csv: &str) -> anyhow::Result<app::units::Imported> {
    app::units::import(&database(world), &Clock::default(), csv::Reader::from_reader(csv.as_bytes())).await
}

/// The use cases of a process that is not served.
fn process(world: &World) -> (app::App, Shell) {
    let config = Config::parse_from(world.serve_arguments(SERVICE));
    let shell = Shell::try_new(&config.shell, SERVICE, &MIGRATIONS, CancellationToken::new()).unwrap();
    (app::App::new(&shell), shell)
}

fn id() -> String {
    Uuid::now_v7().to_string()
}

fn to_make(unit: &str, display_name: &str) -> v1::CreateSeatRequest {
    v1::CreateSeatRequest {
        request_id: id(),
        unit: unit.to_owned(),
        display_name: display_name.to_owned(),
        seat_class: SeatClass::Staff.into(),
        ..Default::default()
    }
}

fn to_take_in(serial: u16) -> v1::CreatePersonRequest {
    v1::CreatePersonRequest {
        request_id: id(),
        nip: format!("198609262015051{serial:03}"),
        display_name: format!("Person {serial}"),
        employment_type: EmploymentType::Pns.into(),
        rank_class: "III/a".to_owned(),
        education_level: EducationLevel::Bachelor.into(),
    }
}

fn to_assign(
    (seat, person): (&str, &str),
    kind: AssignmentKind,
    (valid_from, valid_until): (&str, &str),
) -> v1::CreateAssignmentRequest {
    v1::CreateAssignmentRequest {
        request_id: id(),
        seat: seat.to_owned(),
        person: person.to_owned(),
        kind: kind.into(),
        valid_from: valid_from.to_owned(),
        valid_until: valid_until.to_owned(),
        decree_number: "SK-1".to_owned(),
        decree_date: "2026-01-02".to_owned(),
        ..Default::default()
    }
}

fn to_end(name: &str, valid_until: &str) -> v1::EndAssignmentRequest {
    v1::EndAssignmentRequest {
        request_id: id(),
        name: name.to_owned(),
        valid_until: valid_until.to_owned(),
        decree_number: "SK-2".to_owned(),
        decree_date: "2026-02-02".to_owned(),
        reason: "Mutasi".to_owned(),
        ..Default::default()
    }
}

/// The reason of an error.
fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// A fact of an error's metadata.
fn fact(status: &Status, key: &str) -> String {
    status.get_details_error_info().and_then(|mut info| info.metadata.remove(key)).unwrap_or_default()
}

/// The fields that an error names.
fn fields(status: &Status) -> Vec<String> {
    status
        .get_details_bad_request()
        .map(|bad| bad.field_violations.into_iter().map(|violation| violation.field).collect())
        .unwrap_or_default()
}
