//! A lottery: units in an order that anybody can draw again from the published seed.

use jiff::Timestamp;

use super::{
    Moment, Refusal,
    names::{LotteryId, ProgrammeId, UnitId},
    transitions::{LOTTERY, LotteryCommand, LotteryState, check},
};

/// A SHA-256.
pub(crate) type Digest = [u8; 32];

/// What is published before anything is drawn; it never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Publication {
    pub(crate) programme: ProgrammeId,
    pub(crate) seed: String,
    /// How many units go first.
    pub(crate) first_wave: i32,
}

/// A unit in a lottery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slip {
    pub(crate) unit: UnitId,
    /// The place drawn, from 1.
    pub(crate) place: Option<i32>,
}

/// A lottery.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lottery {
    pub(crate) id: LotteryId,
    pub(crate) version: i64,
    pub(crate) publication: Publication,
    /// By unit.
    pub(crate) slips: Vec<Slip>,
    pub(crate) drawn_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Lottery {
    /// Publishes a lottery among units.
    pub(crate) fn publish(
        id: LotteryId,
        publication: Publication,
        mut units: Vec<UnitId>,
        at: Timestamp,
    ) -> Result<Self, Refusal> {
        units.sort_unstable();
        units.dedup();
        if usize::try_from(publication.first_wave).is_ok_and(|wave| wave >= units.len()) {
            return Err(Refusal::FirstWaveInvalid);
        }
        let slips = units.into_iter().map(|unit| Slip { unit, place: None }).collect();
        Ok(Self { id, version: 1, publication, slips, drawn_at: None, created_at: at, updated_at: at })
    }

    /// Draws: the units in ascending order of the SHA-256 of `{seed}:{unit}`, compared as bytes.
    pub(crate) fn draw(&mut self, now: Moment, sha256: impl Fn(&str) -> Digest) -> Result<(), Refusal> {
        let targets = check(LOTTERY, LotteryCommand::Draw, self.state())?;
        let seed = &self.publication.seed;
        let mut drawn: Vec<(Digest, usize)> = (0..)
            .zip(&self.slips)
            .map(|(index, slip)| (sha256(&format!("{seed}:{}", slip.unit)), index))
            .collect();
        drawn.sort_unstable();
        for (place, (_, index)) in (1..).zip(drawn) {
            self.slips[index].place = Some(place);
        }
        self.drawn_at = Some(now.at);
        debug_assert!(targets.contains(&self.state()), "the table leads to where it is now");
        self.version += 1;
        self.updated_at = now.at;
        Ok(())
    }

    /// Whether it is drawn.
    pub(crate) fn state(&self) -> LotteryState {
        if self.drawn_at.is_some() { LotteryState::Drawn } else { LotteryState::Published }
    }

    /// The units in the order drawn; none before.
    pub(crate) fn drawn_units(&self) -> Vec<UnitId> {
        let mut drawn: Vec<(i32, UnitId)> =
            self.slips.iter().filter_map(|slip| Some((slip.place?, slip.unit))).collect();
        drawn.sort_unstable();
        drawn.into_iter().map(|(_, unit)| unit).collect()
    }

    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }
}
