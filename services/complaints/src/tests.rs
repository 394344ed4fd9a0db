//! The service as its callers meet it: real gRPC, real Postgres, real NATS.

mod bad_input;
mod batches;
mod catalog;
mod clock;
mod deliveries;
mod duplicates;
mod evidence;
mod handling;
mod inbox;
mod ledger;
mod life;
mod merging;
mod objects;
mod officials;
mod plans;
mod random;
mod reporters;
mod routing;
mod sealing;
mod statistics;
mod tracking;
mod updates;
mod watching;
mod wrong_callers;

use clap::Parser;
use dev::{
    client::{authorized, channel},
    cluster::Role,
    harness::World,
    token::{Identity, all_scopes},
};
use kit::database::Database;
use proto::complaints::v1::{self, ComplaintOutcome, complaint_service_client::ComplaintServiceClient};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status, transport::Channel};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::{Config, MIGRATIONS, SERVICE, store};

const KELURAHAN: &str = "31.74.01.1001";

/// A served service with one branch of the tree of units and one category.
struct Served {
    world: World,
    client: ComplaintServiceClient<Channel>,
    province: Uuid,
    kelurahan: Uuid,
    /// Below the province, beside the kelurahan.
    agency: Uuid,
    /// Below the kelurahan.
    section: Uuid,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

/// A process of the service.
struct Process {
    client: ComplaintServiceClient<Channel>,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Process {
    async fn start(world: &World) -> Self {
        let mut arguments = world.serve_arguments(SERVICE);
        arguments.extend(own_arguments(world));
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(crate::serve(Config::parse_from(arguments), shutdown.clone()));
        let client = ComplaintServiceClient::new(channel(&world.grpc_address(SERVICE).await).await.unwrap());
        Self { client, shutdown, task }
    }

    async fn end(self) {
        drop(self.client);
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

impl Served {
    async fn start() -> Self {
        let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
        let [province, kelurahan, agency, section] = seed(&world).await;
        let Process { client, shutdown, task } = Process::start(&world).await;
        Self { world, client, province, kelurahan, agency, section, shutdown, task }
    }

    /// Ends the process and starts another in its place.
    async fn restart(&mut self) {
        self.restart_after(async || {}).await;
    }

    /// The same, with something done in between.
    async fn restart_after(&mut self, between: impl AsyncFnOnce()) {
        self.shutdown.cancel();
        (&mut self.task).await.unwrap().unwrap();
        between().await;
        let Process { client, shutdown, task } = Process::start(&self.world).await;
        (self.client, self.shutdown, self.task) = (client, shutdown, task);
    }

    async fn finish(self) {
        drop(self.client);
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
        self.world.finish().await;
    }

    /// A token of a person with units; of a system where the person is nil.
    fn token(&self, subject: &str, person: u128, units: &[Uuid]) -> String {
        self.world.token(&Identity {
            subject: subject.to_owned(),
            scopes: all_scopes().unwrap(),
            units: units.iter().map(|unit| format!("units/{unit}")).collect(),
            person: (person != 0).then(|| format!("people/{}", Uuid::from_u128(person))),
            actor: None,
        })
    }

    fn channel_token(&self) -> String {
        self.token("jaki", 0, &[])
    }

    fn officer(&self) -> String {
        self.token("officer", 1, &[self.kelurahan])
    }

    fn validator(&self) -> String {
        self.token("validator", 2, &[self.province])
    }

    async fn file(&self) -> v1::FileComplaintResponse {
        let request = authorized(to_file(), &self.channel_token());
        self.client.clone().file_complaint(request).await.unwrap().into_inner()
    }

    async fn accept(&self, name: &str) -> Result<v1::Complaint, Status> {
        let request =
            v1::AcceptComplaintRequest { request_id: id(), name: name.to_owned(), ..Default::default() };
        let answer = self.client.clone().accept_complaint(authorized(request, &self.officer())).await?;
        Ok(answer.into_inner().complaint.unwrap())
    }

    async fn submit(&self, name: &str) -> Result<v1::Complaint, Status> {
        let request = v1::SubmitFollowUpRequest {
            request_id: id(),
            name: name.to_owned(),
            public_text: "Sudah diangkut".to_owned(),
            proposed_outcome: ComplaintOutcome::Fixed.into(),
            ..Default::default()
        };
        let answer = self.client.clone().submit_follow_up(authorized(request, &self.officer())).await?;
        Ok(answer.into_inner().complaint.unwrap())
    }

    async fn approve(&self, name: &str, token: &str) -> Result<v1::Complaint, Status> {
        let request =
            v1::ApproveFollowUpRequest { request_id: id(), name: name.to_owned(), ..Default::default() };
        let answer = self.client.clone().approve_follow_up(authorized(request, token)).await?;
        Ok(answer.into_inner().complaint.unwrap())
    }

    async fn confirm(&self, name: &str, access_code: &str) -> Result<v1::Complaint, Status> {
        let request = v1::ConfirmResolutionRequest {
            request_id: id(),
            name: name.to_owned(),
            reporter: Some(v1::ReporterProof { access_code: access_code.to_owned(), ..Default::default() }),
            rating: 4,
            ..Default::default()
        };
        let answer =
            self.client.clone().confirm_resolution(authorized(request, &self.channel_token())).await?;
        Ok(answer.into_inner().complaint.unwrap())
    }

    async fn get(&self, name: &str, token: &str) -> Result<v1::Complaint, Status> {
        let request = v1::GetComplaintRequest { name: name.to_owned(), reporter: None };
        Ok(self
            .client
            .clone()
            .get_complaint(authorized(request, token))
            .await?
            .into_inner()
            .complaint
            .unwrap())
    }
}

/// What the service alone wants to be started with.
fn own_arguments(world: &World) -> Vec<String> {
    let file = world.folder().join("master-keys");
    if !file.exists() {
        std::fs::write(&file, format!("first {}\n", "3c".repeat(32))).unwrap();
    }
    let ledger_key = world.folder().join("ledger-key.pem");
    if !ledger_key.exists() {
        std::fs::write(&ledger_key, dev::token::signing_key_pem().unwrap()).unwrap();
    }
    let text = |path: std::path::PathBuf| path.display().to_string();
    let flags = [
        ("access-code-key", "5a".repeat(32)),
        ("master-keys-file", text(file)),
        ("ledger-key-file", text(ledger_key)),
        ("evidence-store", text(world.folder().join("evidence"))),
    ];
    flags.into_iter().flat_map(|(flag, value)| [format!("--{flag}"), value]).collect()
}

/// One province, a kelurahan and an agency in it, a section of the kelurahan; a category, and one about officials.
async fn seed(world: &World) -> [Uuid; 4] {
    let database = kit::config::Database {
        database_url: world.database_url(SERVICE, Role::App),
        database_connections: 1,
    };
    let database = Database::try_new(&database, SERVICE).unwrap();
    let mut connection = database.acquire().await.unwrap();
    let units @ [province, kelurahan, ..] = [(); 4].map(|()| Uuid::now_v7());
    let places =
        [("31", None), (KELURAHAN, Some(province)), ("D.1", Some(province)), ("K.1", Some(kelurahan))];
    for (id, (code, parent)) in units.into_iter().zip(places) {
        let unit = store::unit::Unit {
            id,
            epoch: 1,
            version: 1,
            code: code.to_owned(),
            parent,
            area_codes: vec![code.to_owned()],
        };
        store::unit::project(&mut connection, &unit).await.unwrap();
    }
    for (id, about_officials) in
        [("sampah", false), ("jalan", false), ("jalan-rusak", false), ("pungli", true)]
    {
        let category = store::category::Category {
            id: id.to_owned(),
            name_id: id.to_owned(),
            name_en: id.to_owned(),
            about_officials,
            policy: "jakarta".to_owned(),
            evidence_required: id == "jalan-rusak",
        };
        store::category::upsert(&mut connection, &category).await.unwrap();
    }
    units
}

/// Calls an RPC.
macro_rules! call {
    ($served:expr, $rpc:ident, $token:expr, $request:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {
        $served
            .client
            .clone()
            .$rpc(authorized(
                v1::$request { $($field $(: $value)?,)* ..Default::default() },
                &$token,
            ))
            .await
            .map(tonic::Response::into_inner)
    };
}
use call;

/// What a report's reporter shows.
fn shows(access_code: &str) -> Option<v1::ReporterProof> {
    Some(v1::ReporterProof { access_code: access_code.to_owned(), ..Default::default() })
}

fn unit_name(unit: Uuid) -> String {
    format!("units/{unit}")
}

/// Code and reason of a refusal.
fn why<T: std::fmt::Debug>(outcome: Result<T, Status>) -> (tonic::Code, String) {
    let refused = outcome.unwrap_err();
    (refused.code(), reason(&refused))
}

fn id() -> String {
    Uuid::now_v7().to_string()
}

fn to_file() -> v1::FileComplaintRequest {
    v1::FileComplaintRequest {
        request_id: id(),
        category: "categories/sampah".to_owned(),
        text: "Sampah menumpuk di depan pasar".to_owned(),
        kelurahan_code: KELURAHAN.to_owned(),
        channel_reference: "wa-17".to_owned(),
        ..Default::default()
    }
}

/// The reason of an error.
fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// The fields that an error names.
fn fields(status: &Status) -> Vec<String> {
    status
        .get_details_bad_request()
        .map(|bad| bad.field_violations.into_iter().map(|violation| violation.field).collect())
        .unwrap_or_default()
}

fn bare<T>(message: T) -> Request<T> {
    Request::new(message)
}
