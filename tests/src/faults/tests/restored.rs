//! A producer's database is restored to an earlier time, as after a disaster; its stream and its consumers are ahead of it.

use anyhow::{Context, Result};
use dev::{
    calls::call,
    client::{authorized, channel},
    stack::Stack,
    token::{Identity, all_scopes},
};
use proto::{
    complaints::v1::{AcceptComplaintRequest, complaint_service_client::ComplaintServiceClient},
    ops::v1::{
        CompareProjectionsRequest, CompareProjectionsResponse,
        operations_service_client::OperationsServiceClient,
    },
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::time::Instant;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::faults::{
    load::{Tokens, to_file},
    options, start,
};

use super::QUIET_WITHIN;

const BEFORE: usize = 20;
const UNDONE: usize = 15;
/// Reports whose acceptance is undone, and which nobody accepts again.
const LEFT: usize = 4;

/// A report, with its epoch and version.
type Known = (Uuid, i64, i64);

struct Place {
    stack: Stack,
    complaints: ComplaintServiceClient<Channel>,
    token: String,
    /// The producer's database, which is restored.
    producer: PgPool,
    consumer: PgPool,
}

impl Place {
    async fn file(&self, count: usize) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for _ in 0..count {
            let request = to_file();
            let filed = call(&self.token, &request, |request| {
                let mut complaints = self.complaints.clone();
                async move { complaints.file_complaint(request).await }
            });
            names.push(filed.await?.complaint.context("a filed report has no body")?.name);
        }
        Ok(names)
    }

    async fn accept(&self, names: &[String]) -> Result<()> {
        for name in names {
            let request_id = Uuid::now_v7().to_string();
            let request = AcceptComplaintRequest { request_id, name: name.clone(), ..Default::default() };
            call(&self.token, &request, |request| {
                let mut complaints = self.complaints.clone();
                async move { complaints.accept_complaint(request).await }
            })
            .await?;
        }
        Ok(())
    }

    /// The newest that the consumer knows of each report, and what the producer has.
    async fn both(&self) -> Result<(Vec<Known>, Vec<Known>)> {
        let known = "SELECT DISTINCT ON (complaint) complaint, epoch, version FROM evaluation.fact
                     ORDER BY complaint, epoch DESC, version DESC";
        let told = "SELECT DISTINCT ON (aggregate_id) aggregate_id, epoch, version FROM complaints.event_log
                    WHERE aggregate_type = 'complaint'
                    ORDER BY aggregate_id, epoch DESC, version DESC";
        Ok((
            sqlx::query_as(known).fetch_all(&self.consumer).await?,
            sqlx::query_as(told).fetch_all(&self.producer).await?,
        ))
    }

    /// Waits until of what the producer has the consumer knows all but `off` reports as it is.
    async fn converged(&self, off: usize) {
        let deadline = Instant::now() + QUIET_WITHIN;
        loop {
            let differing = self
                .both()
                .await
                .map(|(known, told)| told.iter().filter(|told| !known.contains(told)).count());
            match differing {
                Ok(differing) if differing == off => return,
                seen => assert!(Instant::now() < deadline, "{off} reports may differ: {seen:?}"),
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    async fn compare(&self) -> CompareProjectionsResponse {
        let identity =
            Identity { subject: "operator".to_owned(), scopes: all_scopes().unwrap(), ..Identity::default() };
        let token = self.stack.token(&identity).unwrap();
        let address = self.stack.service("evaluation").unwrap().url();
        let mut evaluation = OperationsServiceClient::new(channel(&address).await.unwrap());
        let reason = "After the restore".to_owned();
        let request = CompareProjectionsRequest { producer: "complaints".to_owned(), reason };
        evaluation.compare_projections(authorized(request, &token)).await.unwrap().into_inner()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_producer_goes_on_in_a_new_epoch_consumers_converge_and_what_was_undone_is_found() {
    let mut options = options().unwrap();
    options.apart = Some("complaints");
    options.proxied = Vec::new();
    options.settings = vec![("PRIMA_STREAM_CHECK_SECONDS", "1".to_owned())];
    let stack = start(options, &[]).await.unwrap();
    let pool = |url: String| PgPoolOptions::new().max_connections(1).connect_lazy(&url).unwrap();
    let place = Place {
        complaints: ComplaintServiceClient::new(
            channel(&stack.service("complaints").unwrap().url()).await.unwrap(),
        ),
        token: Tokens::of(&stack).await.unwrap().officer,
        producer: pool(stack.superuser_url_of("complaints")),
        consumer: pool(stack.superuser_url()),
        stack,
    };
    let names = place.file(BEFORE).await.unwrap();
    place.converged(0).await;
    place.stack.back_up().unwrap();
    // What the restore will undo: steps of reports that it keeps, and reports that it doesn't.
    place.accept(&names).await.unwrap();
    place.file(UNDONE).await.unwrap();
    place.converged(0).await;
    let (known, _) = place.both().await.unwrap();
    assert_eq!(known.len(), BEFORE + UNDONE);
    place.stack.restore().unwrap();

    place.accept(&names[LEFT..]).await.unwrap();
    place.file(UNDONE).await.unwrap();
    // The acceptances that nobody made again are known to the consumer alone.
    place.converged(LEFT).await;
    let epochs: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT epoch, (SELECT count(*) FROM complaints.event_log
                        WHERE event_log.epoch = history_epoch.epoch AND aggregate_type = 'complaint')
         FROM complaints.history_epoch ORDER BY epoch",
    )
    .fetch_all(&place.producer)
    .await
    .unwrap();
    let written: Vec<i64> = epochs.iter().map(|(_, events)| *events).collect();
    let after = i64::try_from(BEFORE - LEFT + UNDONE).unwrap();
    assert_eq!(written, [i64::try_from(BEFORE).unwrap(), after], "{epochs:?}");
    let compared = place.compare().await;
    let undone = i64::try_from(LEFT + UNDONE).unwrap();
    assert_eq!((compared.missing, compared.behind, compared.ahead), (0, 0, undone), "{compared:?}");
    let Place { stack, producer, consumer, .. } = place;
    producer.close().await;
    consumer.close().await;
    stack.stop().await.unwrap();
}
