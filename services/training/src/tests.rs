//! The service as its callers meet it: real gRPC, real Postgres, real NATS. What staff and evaluation tell is published
//! as they would.

mod bad_input;
mod deliveries;
mod enrolments;
mod lotteries;
mod needs;
mod projected;
mod road;
mod units;

use std::time::{Duration, Instant};

use clap::Parser;
use dev::{
    client::{authorized, channel},
    harness::World,
    token::{Identity, all_scopes},
};
use jiff::{ToSpan, civil::Date};
use proto::training::v1::{
    self, EnrolmentState, NeedState, batch_service_client::BatchServiceClient,
    enrolment_service_client::EnrolmentServiceClient, lottery_service_client::LotteryServiceClient,
    need_service_client::NeedServiceClient, programme_service_client::ProgrammeServiceClient,
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt;
use uuid::Uuid;

use self::road::Road;
use crate::{Config, MIGRATIONS, SERVICE};

/// How long what is awaited may take to come.
const WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

/// A served service, with a province and two kelurahan in it that staff told of.
struct Served {
    world: World,
    road: Road,
    channel: Channel,
    province: Uuid,
    kelurahan: Uuid,
    other: Uuid,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Served {
    async fn start() -> Self {
        let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
        let road = Road::connect(&world).await;
        let shutdown = CancellationToken::new();
        let config = Config::parse_from(world.serve_arguments(SERVICE));
        let task = tokio::spawn(crate::serve(config, shutdown.clone()));
        let channel = channel(&world.grpc_address(SERVICE).await).await.unwrap();
        let (province, kelurahan, other) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        road.unit(province, None).await;
        road.unit(kelurahan, Some(province)).await;
        road.unit(other, Some(province)).await;
        Self { world, road, channel, province, kelurahan, other, shutdown, task }
    }

    async fn finish(self) {
        drop(self.channel);
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
        self.world.finish().await;
    }

    /// A token of a person with units; of a system where the person is nil.
    fn token(&self, person: Uuid, units: &[Uuid]) -> String {
        self.world.token(&Identity {
            subject: format!("somebody {person}"),
            scopes: all_scopes().unwrap(),
            units: units.iter().map(|unit| format!("units/{unit}")).collect(),
            person: (!person.is_nil()).then(|| format!("people/{person}")),
            actor: None,
        })
    }

    /// A system's, for the whole province: no person.
    fn system(&self) -> String {
        self.token(Uuid::nil(), &[self.province])
    }

    /// Who leads the province.
    fn superior(&self) -> String {
        self.token(Uuid::from_u128(1), &[self.province])
    }

    async fn programme(&self, element: &str) -> v1::Programme {
        let request = v1::CreateProgrammeRequest {
            request_id: id(),
            title: "Pelayanan Prima".to_owned(),
            elements: vec![element.to_owned()],
            hours_jp: 8,
            form: v1::ProgrammeForm::Classical.into(),
        };
        let mut client = ProgrammeServiceClient::new(self.channel.clone());
        let answer = client.create_programme(authorized(request, &self.system())).await.unwrap();
        answer.into_inner().programme.unwrap()
    }

    /// A batch that began yesterday and ends after tomorrow.
    async fn batch(&self, programme: &v1::Programme, capacity: i32) -> v1::Batch {
        self.batch_of_days(programme, capacity, (today() - 1.day(), today() + 2.days())).await.unwrap()
    }

    async fn batch_of_days(
        &self,
        programme: &v1::Programme,
        capacity: i32,
        (start, end): (Date, Date),
    ) -> Result<v1::Batch, Status> {
        let request = v1::CreateBatchRequest {
            request_id: id(),
            parent: programme.name.clone(),
            start_date: start.to_string(),
            end_date: end.to_string(),
            capacity,
        };
        let mut client = BatchServiceClient::new(self.channel.clone());
        let answer = client.create_batch(authorized(request, &self.system())).await?;
        Ok(answer.into_inner().batch.unwrap())
    }

    async fn nominate(
        &self,
        (person, need): (Uuid, &str),
        programme: &v1::Programme,
        token: &str,
    ) -> Result<v1::Enrolment, Status> {
        let request = v1::NominateEnrolmentRequest {
            request_id: id(),
            person: format!("people/{person}"),
            programme: programme.name.clone(),
            need: need.to_owned(),
        };
        let mut client = self.enrolments();
        let answer = client.nominate_enrolment(authorized(request, token)).await?;
        Ok(answer.into_inner().enrolment.unwrap())
    }

    async fn approve(&self, name: &str, batch: &str, token: &str) -> Result<v1::Enrolment, Status> {
        let request = v1::ApproveEnrolmentRequest {
            request_id: id(),
            name: name.to_owned(),
            batch: batch.to_owned(),
            ..Default::default()
        };
        let answer = self.enrolments().approve_enrolment(authorized(request, token)).await?;
        Ok(answer.into_inner().enrolment.unwrap())
    }

    async fn decline(&self, name: &str, token: &str) -> Result<v1::Enrolment, Status> {
        let request = v1::DeclineEnrolmentRequest {
            request_id: id(),
            name: name.to_owned(),
            reason: "Sedang cuti".to_owned(),
            ..Default::default()
        };
        let answer = self.enrolments().decline_enrolment(authorized(request, token)).await?;
        Ok(answer.into_inner().enrolment.unwrap())
    }

    async fn complete(&self, name: &str, hours_jp: i32) -> Result<v1::Enrolment, Status> {
        let request = v1::CompleteEnrolmentRequest {
            request_id: id(),
            name: name.to_owned(),
            hours_jp,
            ..Default::default()
        };
        let answer = self.enrolments().complete_enrolment(authorized(request, &self.system())).await?;
        Ok(answer.into_inner().enrolment.unwrap())
    }

    async fn answer(&self, need: &str, answer: v1::NeedAnswer, token: &str) -> Result<v1::Need, Status> {
        let request = v1::AnswerNeedRequest {
            request_id: id(),
            name: need.to_owned(),
            answer: answer.into(),
            reason: "Loket ditambah".to_owned(),
            ..Default::default()
        };
        let mut client = NeedServiceClient::new(self.channel.clone());
        Ok(client.answer_need(authorized(request, token)).await?.into_inner().need.unwrap())
    }

    async fn need(&self, name: &str) -> Result<v1::Need, Status> {
        let request = v1::GetNeedRequest { name: name.to_owned() };
        let mut client = NeedServiceClient::new(self.channel.clone());
        Ok(client.get_need(authorized(request, &self.system())).await?.into_inner().need.unwrap())
    }

    async fn get_batch(&self, name: &str) -> v1::Batch {
        let request = v1::GetBatchRequest { name: name.to_owned() };
        let mut client = BatchServiceClient::new(self.channel.clone());
        client.get_batch(authorized(request, &self.system())).await.unwrap().into_inner().batch.unwrap()
    }

    async fn list(&self, request: v1::ListEnrolmentsRequest) -> Vec<v1::Enrolment> {
        let answer = self.enrolments().list_enrolments(authorized(request, &self.system())).await;
        answer.unwrap().into_inner().enrolments
    }

    /// The enrolments for a need.
    async fn of_need(&self, need: &str) -> Vec<v1::Enrolment> {
        self.list(v1::ListEnrolmentsRequest { need: need.to_owned(), ..Default::default() }).await
    }

    /// The enrolments for a need, once there are so many.
    async fn nominated(&self, need: &str, count: usize) -> Vec<v1::Enrolment> {
        let deadline = Instant::now() + WITHIN;
        loop {
            let found = self.of_need(need).await;
            if found.len() >= count {
                return found;
            }
            assert!(Instant::now() < deadline, "{} of {count} were nominated in {WITHIN:?}", found.len());
            tokio::time::sleep(POLL).await;
        }
    }

    /// The need, once it has arrived.
    async fn arrived(&self, need: &str) -> v1::Need {
        let deadline = Instant::now() + WITHIN;
        loop {
            if let Ok(need) = self.need(need).await {
                return need;
            }
            assert!(Instant::now() < deadline, "{need} has not arrived in {WITHIN:?}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Somebody with a seat in the unit, once the service knows: what staff told before it is then known too.
    async fn seated(&self, unit: Uuid) -> Uuid {
        let person = self.road.seated(unit).await;
        let deadline = Instant::now() + WITHIN;
        let nowhere = v1::Programme { name: format!("programmes/{}", Uuid::nil()), ..Default::default() };
        loop {
            // A person who is known is refused for the programme that is not.
            let refused = self.nominate((person, ""), &nowhere, &self.superior()).await.unwrap_err();
            if reason(&refused) == "PROGRAMME_UNKNOWN" {
                return person;
            }
            assert!(Instant::now() < deadline, "the person has not arrived in {WITHIN:?}");
            tokio::time::sleep(POLL).await;
        }
    }

    fn enrolments(&self) -> EnrolmentServiceClient<Channel> {
        EnrolmentServiceClient::new(self.channel.clone())
    }
}

/// Today in Jakarta.
fn today() -> Date {
    kit::clock::jakarta_day(kit::clock::Clock::default().now())
}

fn id() -> String {
    Uuid::now_v7().to_string()
}

/// The reason of an error.
fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// A fact that an error gives.
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

/// What an error says: code, reason, fields.
fn told(status: &Status) -> (Code, String, Vec<String>) {
    (status.code(), reason(status), fields(status))
}

fn refusal(code: Code, reason: &str, fields: &[&str]) -> (Code, String, Vec<String>) {
    (code, reason.to_owned(), fields.iter().map(|field| (*field).to_owned()).collect())
}
