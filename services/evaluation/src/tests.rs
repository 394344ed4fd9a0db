//! The service as its callers meet it: real gRPC, real Postgres, real NATS.

mod answers;
mod deliveries;
mod facts;
mod figures;
mod indices;
mod needs;
mod privacy;
mod refusals;
mod studies;
mod units;

use std::time::Duration;

use clap::Parser;
use dev::{
    client::{authorized, channel},
    cluster::Role,
    harness::World,
    token::{Identity, all_scopes},
};
use futures::{StreamExt, TryStreamExt, stream};
use kit::{
    database::Database,
    events::{Handler, Received},
};
use prost::{Message, Name};
use proto::evaluation::v1::{
    self, figure_service_client::FigureServiceClient, index_service_client::IndexServiceClient,
    norm_service_client::NormServiceClient, response_service_client::ResponseServiceClient,
    signal_service_client::SignalServiceClient, study_service_client::StudyServiceClient,
    survey_service_client::SurveyServiceClient,
};
use sqlx::{Connection, PgConnection};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status, transport::Channel};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::{Config, MIGRATIONS, SERVICE, store};

/// Calls at a time.
const AT_ONCE: usize = 16;
const ELEMENTS: [&str; 9] = ["U1", "U2", "U3", "U4", "U5", "U6", "U7", "U8", "U9"];

/// A served service that knows a province and `units` below it.
struct Served {
    world: World,
    channel: Channel,
    province: Uuid,
    units: Vec<Uuid>,
    token: String,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Served {
    async fn start(units: usize) -> Self {
        let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
        let province = Uuid::now_v7();
        let units: Vec<Uuid> = (0..units).map(|_| Uuid::now_v7()).collect();
        let database = database(&world).await;
        let mut connection = database.acquire().await.unwrap();
        let below = units.iter().map(|unit| (*unit, Some(province)));
        for (id, parent) in std::iter::once((province, None)).chain(below) {
            let unit = store::unit::Unit { id, epoch: 1, version: 1, parent };
            store::unit::project(&mut connection, &[unit]).await.unwrap();
        }
        let shutdown = CancellationToken::new();
        let config = Config::parse_from(world.serve_arguments(SERVICE));
        let task = tokio::spawn(crate::serve(config, shutdown.clone()));
        let channel = channel(&world.grpc_address(SERVICE).await).await.unwrap();
        let token = world.token(&Identity {
            subject: "surveyor".to_owned(),
            scopes: all_scopes().unwrap(),
            units: vec![format!("units/{province}")],
            person: Some(format!("people/{}", Uuid::from_u128(7))),
            actor: None,
        });
        Self { world, channel, province, units, token, shutdown, task }
    }

    /// Ends it, once all it told is on its way.
    async fn finish(self) {
        let mut connection = self.superuser().await;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while count(&mut connection, "SELECT count(*) FROM evaluation.outbox_pending").await > 0 {
            assert!(tokio::time::Instant::now() < deadline, "events stay unsent");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        connection.close().await.unwrap();
        drop(self.channel);
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
        self.world.finish().await;
    }

    async fn superuser(&self) -> PgConnection {
        PgConnection::connect(&self.world.superuser_url()).await.unwrap()
    }

    fn surveys(&self) -> SurveyServiceClient<Channel> {
        SurveyServiceClient::new(self.channel.clone())
    }

    fn indices(&self) -> IndexServiceClient<Channel> {
        IndexServiceClient::new(self.channel.clone())
    }

    fn with_token<T>(&self, message: T) -> Request<T> {
        authorized(message, &self.token)
    }

    /// Another caller's token, for these units.
    fn token_of(&self, units: &[Uuid]) -> String {
        self.world.token(&Identity {
            subject: "officer".to_owned(),
            scopes: all_scopes().unwrap(),
            units: units.iter().map(|unit| format!("units/{unit}")).collect(),
            ..Identity::default()
        })
    }

    fn unit(&self, at: usize) -> String {
        format!("units/{}", self.units[at])
    }

    async fn survey(&self) -> String {
        let request = v1::CreateSurveyRequest {
            request_id: id(),
            norm: "norms/skm-2017".to_owned(),
            title: "Kepuasan".to_owned(),
        };
        let made = self.surveys().create_survey(self.with_token(request)).await.unwrap();
        made.into_inner().survey.unwrap().name
    }

    fn to_open(&self, survey: &str, period: &str) -> v1::OpenRoundRequest {
        let unit = |at| v1::RoundUnit { unit: self.unit(at), population: 0 };
        v1::OpenRoundRequest {
            request_id: id(),
            parent: survey.to_owned(),
            period: period.to_owned(),
            units: (0..self.units.len()).map(unit).collect(),
            target_index: "76.61".to_owned(),
        }
    }

    async fn open(&self, survey: &str, period: &str) -> String {
        let request = self.to_open(survey, period);
        let opened = self.surveys().open_round(self.with_token(request)).await.unwrap();
        opened.into_inner().round.unwrap().name
    }

    async fn close(&self, round: &str) -> v1::Round {
        let request = v1::CloseRoundRequest { request_id: id(), name: round.to_owned(), etag: String::new() };
        self.surveys().close_round(self.with_token(request)).await.unwrap().into_inner().round.unwrap()
    }

    async fn tokens(&self, round: &str, unit: usize, count: usize) -> Vec<String> {
        let request = v1::IssueTokensRequest {
            request_id: id(),
            name: round.to_owned(),
            unit: self.unit(unit),
            count: i32::try_from(count).unwrap(),
        };
        self.surveys().issue_tokens(self.with_token(request)).await.unwrap().into_inner().tokens
    }

    async fn submit(&self, token: &str, scores: &[(&str, i32)]) -> Result<(), Status> {
        let score = |(element, score): &(&str, i32)| v1::ElementScore {
            element: (*element).to_owned(),
            score: *score,
        };
        let request =
            v1::SubmitResponseRequest { token: token.to_owned(), scores: scores.iter().map(score).collect() };
        // No token of a caller: the RPC is public.
        ResponseServiceClient::new(self.channel.clone()).submit_response(Request::new(request)).await?;
        Ok(())
    }

    /// As many answers about a unit as there are sheets, each a score for each of the nine elements.
    async fn answer(&self, round: &str, unit: usize, sheets: &[[i32; 9]]) {
        let tokens = self.tokens(round, unit, sheets.len()).await;
        stream::iter(tokens.iter().zip(sheets).map(Ok::<_, Status>))
            .try_for_each_concurrent(AT_ONCE, |(token, sheet)| async move {
                let scores: Vec<(&str, i32)> = ELEMENTS.into_iter().zip(*sheet).collect();
                self.submit(token, &scores).await
            })
            .await
            .unwrap();
    }

    async fn index(&self, round: &str, unit: usize) -> Result<v1::Index, Status> {
        let request = v1::GetIndexRequest { round: round.to_owned(), unit: self.unit(unit) };
        Ok(self.indices().get_index(self.with_token(request)).await?.into_inner().index.unwrap())
    }

    async fn list(&self, request: v1::ListIndicesRequest) -> v1::ListIndicesResponse {
        self.indices().list_indices(self.with_token(request)).await.unwrap().into_inner()
    }

    /// The messages of one type that the service told, oldest first.
    async fn told<M: Message + Name + Default>(&self) -> Vec<M> {
        let payloads: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT payload FROM evaluation.event_log WHERE event_type = $1 ORDER BY id")
                .bind(M::full_name())
                .fetch_all(&mut self.superuser().await)
                .await
                .unwrap();
        payloads.iter().map(|payload| M::decode(payload.as_slice()).unwrap()).collect()
    }
}

async fn database(world: &World) -> Database {
    let config = kit::config::Database {
        database_url: world.database_url(SERVICE, Role::App),
        database_connections: 2,
    };
    Database::try_new(&config, SERVICE).unwrap()
}

async fn count(connection: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

/// An event as a consumer gets it.
fn received<M: Message + Name>(version: i64, message: &M) -> Received {
    Received {
        is_redacted: false,
        traceparent: String::new(),
        id: Uuid::now_v7(),
        event_type: M::full_name(),
        resource: String::new(),
        epoch: 1,
        version,
        time: jiff::Timestamp::UNIX_EPOCH,
        payload: message.encode_to_vec(),
    }
}

fn id() -> String {
    Uuid::now_v7().to_string()
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
