//! What an operator decides of a dead letter: try it now, or give it up. Request id, effect, state and the act itself are
//! one transaction.

use super::{Operations, acts, dead_letters::lock, failure::Failure};
use crate::{
    database::Deadline,
    events::{
        Failure as NotApplied,
        dead_letter::{DeadLetter, Next, State, move_to},
    },
    identity::Caller,
    request::{Claim, RequestKey, claim},
};

/// The RPCs, as acts and request ids are kept by them.
pub(super) const RETRY: &str = "RetryDeadLetter";
pub(super) const DROP: &str = "DropDeadLetter";

impl Operations {
    /// Applies a dead letter now: it is RESOLVED, or PARKED with the new error. A caller's short deadline must not look
    /// like the event's fault, so it doesn't count here.
    pub(super) async fn retry(
        &self,
        (caller, key): (&Caller, RequestKey),
        name: String,
        reason: &str,
    ) -> Result<DeadLetter, Failure> {
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        if let Claim::Done { resource } = claim(&mut transaction, &key, &name).await? {
            transaction.rollback().await?;
            return self.get(&resource).await;
        }
        let mut letter = lock(&mut transaction, &name).await?;
        allowed(RETRY, &name, letter.state)?;
        let subscription =
            self.subscriptions.iter().find(|subscription| subscription.stream == letter.stream);
        let subscription = subscription.ok_or_else(|| Failure::ProducerUnknown(letter.stream.clone()))?;
        letter.attempts += 1;
        let next = match subscription.apply_again(&mut transaction, &letter).await {
            Ok(()) => Next::Resolved,
            Err(NotApplied::Event(fault)) => Next::Parked(fault),
            Err(NotApplied::Down(error)) => return Err(error.into()),
        };
        move_to(&mut transaction, &letter, next).await?;
        acts::record(&mut transaction, caller, (RETRY, &name), reason).await?;
        let letter = lock(&mut transaction, &name).await?;
        transaction.commit().await?;
        subscription.applied.inc_by(u64::from(letter.state == State::Resolved));
        tracing::info!(name, state = letter.state.word(), "an operator had a dead letter tried again");
        Ok(letter)
    }

    /// Gives a dead letter up.
    pub(super) async fn give_up(
        &self,
        (caller, key, deadline): (&Caller, RequestKey, Deadline),
        name: String,
        reason: &str,
    ) -> Result<DeadLetter, Failure> {
        let mut transaction = self.database.begin(deadline).await?;
        if let Claim::Done { resource } = claim(&mut transaction, &key, &name).await? {
            transaction.rollback().await?;
            return self.get(&resource).await;
        }
        let letter = lock(&mut transaction, &name).await?;
        allowed(DROP, &name, letter.state)?;
        move_to(&mut transaction, &letter, Next::Dropped).await?;
        acts::record(&mut transaction, caller, (DROP, &name), reason).await?;
        let letter = lock(&mut transaction, &name).await?;
        transaction.commit().await?;
        tracing::info!(name, "an operator gave a dead letter up");
        Ok(letter)
    }
}

/// What was applied or given up stays so.
fn allowed(command: &'static str, name: &str, state: State) -> Result<(), Failure> {
    match state {
        State::Waiting | State::Parked => Ok(()),
        State::Resolved | State::Dropped => {
            Err(Failure::IllegalTransition { command, name: name.to_owned(), state })
        }
    }
}
