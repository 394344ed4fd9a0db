//! SeatService. Who may read seats may read all of them; a seat is made by who has its unit in its own units' subtrees.

use kit::{page, run::to_the_end, status, validate};
use proto::staff::v1::{self, seat_service_server::SeatService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    commands::{limit, take},
    convert::{seat as convert, unit},
    status::{DOMAIN, of},
};
use crate::{app::App, domain::SeatId, store::seat::Selection};

/// The seats of the units.
pub(crate) struct Seats {
    app: App,
}

impl Seats {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl SeatService for Seats {
    async fn create_seat(
        &self,
        request: Request<v1::CreateSeatRequest>,
    ) -> Result<Response<v1::CreateSeatResponse>, Status> {
        let (order, request) = take(request, "CreateSeat", |request| &request.request_id)?;
        let post = convert::to_post(request)
            .ok_or_else(|| status::invalid_field("seat_class", "must be said").status(DOMAIN))?;
        let app = self.app.clone();
        let seat = to_the_end(async move { app.create_seat(&order, post).await })
            .await
            .map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::CreateSeatResponse { seat: Some(convert::seat(&seat)) }))
    }

    async fn get_seat(
        &self,
        request: Request<v1::GetSeatRequest>,
    ) -> Result<Response<v1::GetSeatResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let seat = self.app.seat(convert::id(&request.name)).await.map_err(|failure| of(&failure))?;
        Ok(Response::new(v1::GetSeatResponse { seat: Some(convert::seat(&seat)) }))
    }

    async fn list_seats(
        &self,
        request: Request<v1::ListSeatsRequest>,
    ) -> Result<Response<v1::ListSeatsResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let list = format!("ListSeats {} {}", request.unit, request.seat_class);
        let invalid = || status::page_token_invalid().status(DOMAIN);
        let key = page::key(&list, &request.page_token).map_err(|_| invalid())?;
        let after = match key.as_str() {
            "" => None,
            id => Some(SeatId(id.parse().map_err(|_| invalid())?)),
        };
        let size = page::size(request.page_size);
        let selection = Selection {
            unit: (!request.unit.is_empty()).then(|| unit::id(&request.unit)),
            class: convert::to_class(request.seat_class()),
            after,
            limit: limit(size),
        };
        let found = self.app.seats(&selection).await.map_err(|failure| of(&failure))?;
        let (found, next_page_token) = page::cut(&list, size, found, |seat| seat.id.0.to_string());
        let seats = found.iter().map(convert::seat).collect();
        Ok(Response::new(v1::ListSeatsResponse { seats, next_page_token }))
    }
}
