//! Lotteries.

use proto::training::v1;
use uuid::Uuid;

use super::{programme, time};
use crate::domain::{Lottery, LotteryId, LotteryState, Publication, UnitId};

/// A lottery as the contract shows it.
pub(crate) fn shown(lottery: &Lottery) -> v1::Lottery {
    v1::Lottery {
        name: lottery.id.to_string(),
        programme: lottery.publication.programme.to_string(),
        seed: lottery.publication.seed.clone(),
        units: lottery.slips.iter().map(|slip| slip.unit.to_string()).collect(),
        first_wave: lottery.publication.first_wave,
        state: match lottery.state() {
            LotteryState::Published => v1::LotteryState::Published,
            LotteryState::Drawn => v1::LotteryState::Drawn,
        }
        .into(),
        drawn_units: lottery.drawn_units().iter().map(ToString::to_string).collect(),
        draw_time: lottery.drawn_at.and_then(time),
        create_time: time(lottery.created_at),
        update_time: time(lottery.updated_at),
        etag: lottery.etag(),
    }
}

/// The lottery of a name.
pub(crate) fn id(name: &str) -> LotteryId {
    LotteryId::parse(name).unwrap_or(LotteryId(Uuid::nil()))
}

/// What is published.
pub(crate) fn publication(request: &v1::PublishLotteryRequest) -> Publication {
    Publication {
        programme: programme::id(&request.programme),
        seed: request.seed.clone(),
        first_wave: request.first_wave,
    }
}

/// The units that take part.
pub(crate) fn units(request: &v1::PublishLotteryRequest) -> Vec<UnitId> {
    request.units.iter().map(|name| UnitId::parse(name).unwrap_or(UnitId(Uuid::nil()))).collect()
}
