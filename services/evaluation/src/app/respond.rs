//! Taking an answer in: its token is used up, its scores are counted, and both at once or neither.

use aws_lc_rs::digest::{SHA256, digest};
use kit::database::Deadline;

use super::{App, Failure};
use crate::{
    domain::sheet::{Sheet, SheetRefused, sorted},
    store::{self, answer::TokenHash},
};

/// What is kept of a token.
pub(crate) fn hash(token: &[u8; 16]) -> TokenHash {
    digest(&SHA256, token).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

impl App {
    /// Takes an answer in. Locks are taken in one order, by all: the round, the token, the unit's sums; whoever closes
    /// the round holds it first.
    pub(crate) async fn respond(
        &self,
        deadline: Deadline,
        token: &[u8; 16],
        scores: &[(String, i16)],
    ) -> Result<(), Failure> {
        let hash = hash(token);
        let mut transaction = self.database.begin(deadline).await?;
        let Some((round, unit)) = store::answer::token(&mut transaction, hash).await? else {
            let again = store::answer::is_taken_in(&mut transaction, hash, &sorted(scores)).await?;
            return again.then_some(()).ok_or(Failure::TokenSpentOrUnknown);
        };
        let (name, state, norm) =
            store::round::hold_open(&mut transaction, round).await?.ok_or(Failure::TokenSpentOrUnknown)?;
        state.takes_answers().map_err(|_| Failure::RoundClosed(name.to_string()))?;
        let norm = self.norm_of(&mut transaction, &norm).await?;
        let sheet = Sheet::try_new(&norm, scores).map_err(refused)?;
        if !store::answer::spend(&mut transaction, hash).await? {
            // Another call used it meanwhile, perhaps with the same scores.
            let sheet = (sheet.elements, sheet.scores);
            let again = store::answer::is_taken_in(&mut transaction, hash, &sheet).await?;
            return again.then_some(()).ok_or(Failure::TokenSpentOrUnknown);
        }
        let day = kit::clock::jakarta_day(self.clock.now());
        store::answer::take_in(&mut transaction, (hash, round, unit), (&sheet, day)).await?;
        let mut sums = store::round::lock_sums(&mut transaction, (round, unit), &norm)
            .await?
            .ok_or(Failure::UnitNotInRound)?;
        sums.add(&sheet.answer).map_err(|error| {
            tracing::error!(%error, "an answer can't be counted");
            Failure::Internal
        })?;
        store::round::update_sums(&mut transaction, (round, unit), (&norm, &sums)).await?;
        transaction.commit().await?;
        Ok(())
    }
}

fn refused(why: SheetRefused) -> Failure {
    match why {
        SheetRefused::ElementUnknown { at } => Failure::ElementUnknown(at),
        SheetRefused::ElementRepeated { at } => Failure::ElementRepeated(at),
        SheetRefused::ScoreOutOfRange { at } => Failure::ScoreOutOfRange(at),
        SheetRefused::Empty => Failure::ScoreOutOfRange(0),
    }
}
