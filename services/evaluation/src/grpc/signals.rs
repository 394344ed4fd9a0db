//! SignalService.

use kit::{page, validate};
use proto::evaluation::v1::{self, signal_service_server::SignalService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    after, convert, named,
    status::{DOMAIN, of},
};
use crate::{
    app::{App, Callers},
    domain::{SignalId, UnitId},
};

/// What the figures ask for.
pub(crate) struct Signals {
    app: App,
}

impl Signals {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl SignalService for Signals {
    async fn get_signal(
        &self,
        request: Request<v1::GetSignalRequest>,
    ) -> Result<Response<v1::GetSignalResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let id = named(&request.name, SignalId::parse)?;
        let signal = self.app.signal(&Callers::of(&caller), id).await.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::GetSignalResponse { signal: Some(convert::signal(&signal)) }))
    }

    async fn list_signals(
        &self,
        request: Request<v1::ListSignalsRequest>,
    ) -> Result<Response<v1::ListSignalsResponse>, Status> {
        let (caller, _) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        // There is one kind so far, so naming it leaves none out.
        let list = format!("ListSignals {} {} {}", request.unit, request.kind, request.state);
        let after = after(&list, &request.page_token, convert::time_key)?;
        let size = page::size(request.page_size);
        let unit = UnitId::parse(&request.unit);
        if unit.is_none() && !request.unit.is_empty() {
            return Ok(Response::new(v1::ListSignalsResponse::default()));
        }
        let state = convert::state(request.state().as_str_name(), "SIGNAL_STATE_");
        let found = self.app.signals(&Callers::of(&caller), (unit, &state), (after, size)).await;
        let found = found.map_err(|failure| of(&failure))?;
        let key =
            |signal: &crate::domain::signal::Signal| convert::to_time_key(signal.created_at, signal.id.0);
        let (found, next_page_token) = page::cut(&list, size, found, key);
        let signals = found.iter().map(convert::signal).collect();
        Ok(Response::new(v1::ListSignalsResponse { signals, next_page_token }))
    }
}
