//! ResponseService. It asks for no token of a caller, and knows and logs nothing of one.

use kit::{database::Deadline, run::to_the_end, validate};
use proto::evaluation::v1::{self, response_service_server::ResponseService};
use tonic::{Request, Response, Status, async_trait};

use super::status::{DOMAIN, of};
use crate::app::{App, Failure};

/// The answers to surveys.
pub(crate) struct Responses {
    app: App,
}

impl Responses {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl ResponseService for Responses {
    async fn submit_response(
        &self,
        request: Request<v1::SubmitResponseRequest>,
    ) -> Result<Response<v1::SubmitResponseResponse>, Status> {
        let deadline = request.extensions().get::<Deadline>().copied().unwrap_or_else(Deadline::unattended);
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let token = u128::from_str_radix(&request.token, 16).map(u128::to_be_bytes);
        let token = token.map_err(|_| of(&Failure::TokenSpentOrUnknown))?;
        // The contract's rules let only 1 to 4 pass.
        let score = |score: v1::ElementScore| (score.element, i16::try_from(score.score).unwrap_or_default());
        let scores: Vec<(String, i16)> = request.scores.into_iter().map(score).collect();
        let app = self.app.clone();
        let done = to_the_end(async move { app.respond(deadline, &token, &scores).await }).await;
        done.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::SubmitResponseResponse {}))
    }
}
