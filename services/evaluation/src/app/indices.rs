//! Reading published indices, one by one and as one.

use super::{App, Callers, Failure, limit};
use crate::{
    domain::{
        RoundName, UnitId,
        published::{Aggregate, Published, aggregate},
        survey::RoundState,
    },
    store::{
        self,
        unit_index::{After, Selection},
    },
};

/// A page of indices, and all that were asked for as one.
#[derive(Debug)]
pub(crate) struct Indices {
    /// With one more than the page where there are more.
    pub(crate) indices: Vec<Published>,
    pub(crate) aggregate: Option<Aggregate>,
}

impl App {
    /// A unit's index in a round that is closed.
    pub(crate) async fn index(
        &self,
        callers: &Callers,
        (round, unit): (RoundName, UnitId),
    ) -> Result<Published, Failure> {
        let mut connection = self.database.acquire().await?;
        let missing = || Failure::NotFound(format!("{round}/indices/{}", unit.0));
        let found = store::round::get(&mut connection, round).await?.ok_or_else(missing)?;
        if !found.units.iter().any(|covered| covered.unit == unit) {
            return Err(missing());
        }
        callers.hold_all(&mut connection, &[unit]).await?;
        if found.state == RoundState::Open {
            return Err(Failure::RoundOpen(round.to_string()));
        }
        let selection = Selection { round: Some(round), unit: Some(unit), ..Selection::default() };
        let found = store::unit_index::list(&mut connection, &selection, (None, 1)).await?;
        found.into_iter().next().ok_or_else(missing)
    }

    /// Indices, and where they are of one round or period and one norm, all of them as one.
    pub(crate) async fn indices(
        &self,
        selection: &Selection,
        (after, size): (After, usize),
    ) -> Result<Indices, Failure> {
        let mut connection = self.database.acquire().await?;
        let indices = store::unit_index::list(&mut connection, selection, (after, limit(size) + 1)).await?;
        let mut whole = None;
        if selection.round.is_some() || selection.period.is_some() {
            let all = store::unit_index::list(&mut connection, selection, (None, i64::MAX)).await?;
            let one_norm = all.windows(2).all(|pair| pair[0].norm == pair[1].norm);
            whole = one_norm.then(|| aggregate(&all)).flatten();
        }
        Ok(Indices { indices, aggregate: whole })
    }
}
