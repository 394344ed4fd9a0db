//! The RPCs of a service's `ReplayService`. Each package has messages of its own, all alike, so they are made by a macro;
//! what they do is here.

use proto::ops::v1::ErrorReason;
use tonic::{Code, Status};

use super::{ReplayRefused, What};
use crate::{
    clock,
    status::{self, Answer},
};

/// What a request asks to publish again: either since a time or of some aggregates.
///
/// # Errors
/// INVALID_ARGUMENT where it asks for both or neither, or the time is none.
pub fn what(
    since_time: Option<&prost_types::Timestamp>,
    resources: Vec<String>,
    domain: &str,
) -> Result<What, Status> {
    let invalid = |field: &str, why: &str| status::invalid_field(field, why).status(domain);
    match since_time {
        Some(_) if !resources.is_empty() => {
            Err(invalid("resources", "must be empty where since_time is given"))
        }
        Some(since) => clock::from_proto(since)
            .map(What::Since)
            .map_err(|_| invalid("since_time", "must be a time of the years 1 to 9999")),
        None if resources.is_empty() => Err(invalid("since_time", "must be given where resources is empty")),
        None => Ok(What::Newest(resources)),
    }
}

/// What a caller is told of a refusal.
#[must_use]
pub fn refused(refusal: &ReplayRefused, domain: &str) -> Status {
    let answer = match refusal {
        ReplayRefused::BeforeHistory(oldest) => {
            let message = match oldest {
                Some(oldest) => format!("since_time: the history begins at {oldest}"),
                None => "since_time: the history is empty".to_owned(),
            };
            let answer = invalid(ErrorReason::BeforeHistory, &message).field("since_time", &message);
            match oldest {
                Some(oldest) => answer.fact("oldest", oldest.to_string()),
                None => answer,
            }
        }
        ReplayRefused::AggregateUnknown(position) => {
            let field = format!("resources[{position}]");
            let message = format!("{field}: nothing of this name ever told anything");
            invalid(ErrorReason::AggregateUnknown, &message).field(field, message)
        }
        ReplayRefused::Claim(error) => status::claim(error),
        ReplayRefused::Database(error) => status::database(error),
    };
    answer.status(domain)
}

fn invalid(reason: ErrorReason, message: &str) -> Answer {
    Answer::new(Code::InvalidArgument, reason.as_str_name(), message)
}

/// Makes `Replays`, the `ReplayService` of the package that is named, such as `proto::staff::v1`.
#[macro_export]
macro_rules! replay_service {
    ($($package:ident)::+) => {
        use $($package)::+ as replay_messages;

        /// What this service told, told again.
        #[derive(Debug)]
        pub(crate) struct Replays {
            replay: $crate::replay::Replay,
            domain: String,
        }

        impl Replays {
            pub(crate) fn new(shell: &$crate::server::Shell) -> Self {
                let replay = $crate::replay::Replay::new(shell);
                Self { domain: format!("prima.{}", replay.service), replay }
            }
        }

        type Answers<T> = std::pin::Pin<
            Box<dyn $crate::replay::Stream<Item = Result<T, tonic::Status>> + Send>,
        >;

        #[tonic::async_trait]
        impl replay_messages::replay_service_server::ReplayService for Replays {
            type ExportStateStream = Answers<replay_messages::ExportStateResponse>;
            type ListVersionsStream = Answers<replay_messages::ListVersionsResponse>;

            async fn export_state(
                &self,
                request: tonic::Request<replay_messages::ExportStateRequest>,
            ) -> Result<tonic::Response<Self::ExportStateStream>, tonic::Status> {
                let request = request.into_inner();
                $crate::validate::request(&request, &self.domain)?;
                let domain = self.domain.clone();
                let told = $crate::replay::StreamExt::map(
                    self.replay.export(request.aggregate_type, request.resources),
                    move |told| {
                        let told = told.map_err(|error| $crate::status::database(&error).status(&domain))?;
                        let $crate::replay::Told { subject, headers, payload } = told;
                        Ok(replay_messages::ExportStateResponse { subject, headers, payload })
                    },
                );
                Ok(tonic::Response::new(Box::pin(told)))
            }

            async fn list_versions(
                &self,
                request: tonic::Request<replay_messages::ListVersionsRequest>,
            ) -> Result<tonic::Response<Self::ListVersionsStream>, tonic::Status> {
                let request = request.into_inner();
                $crate::validate::request(&request, &self.domain)?;
                let domain = self.domain.clone();
                let versions = $crate::replay::StreamExt::map(
                    self.replay.versions(request.aggregate_type),
                    move |versions| {
                        let versions =
                            versions.map_err(|error| $crate::status::database(&error).status(&domain))?;
                        let shown = |version: $crate::replay::Version| replay_messages::AggregateVersion {
                            aggregate_type: version.aggregate_type,
                            resource: version.resource,
                            epoch: version.epoch,
                            version: version.version,
                        };
                        let versions = versions.into_iter().map(shown).collect();
                        Ok(replay_messages::ListVersionsResponse { versions })
                    },
                );
                Ok(tonic::Response::new(Box::pin(versions)))
            }

            async fn replay_events(
                &self,
                request: tonic::Request<replay_messages::ReplayEventsRequest>,
            ) -> Result<tonic::Response<replay_messages::ReplayEventsResponse>, tonic::Status> {
                let (caller, deadline) = $crate::identity::caller(&request)?;
                let request = request.into_inner();
                $crate::validate::request(&request, &self.domain)?;
                let key = $crate::request::RequestKey::try_new(
                    &caller,
                    "ReplayEvents",
                    &request.request_id,
                    &request,
                )
                .map_err(|_| {
                    $crate::status::invalid_field("request_id", "must be a UUID").status(&self.domain)
                })?;
                let what =
                    $crate::replay::what(request.since_time.as_ref(), request.resources, &self.domain)?;
                let act = $crate::replay::Act { key, deadline, what, reason: request.reason };
                let replay = self.replay.clone();
                let events = $crate::run::to_the_end(async move { replay.again(act).await })
                    .await
                    .map_err(|refusal| $crate::replay::refused(&refusal, &self.domain))?;
                Ok(tonic::Response::new(replay_messages::ReplayEventsResponse { events }))
            }
        }
    };
}
