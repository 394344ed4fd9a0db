//! Wake-ups between the replicas of a service: plain NATS messages that nobody keeps. Each holds up to 1,000 pairs of an id
//! (16 bytes) and a version (8 bytes, big-endian).

use std::{sync::PoisonError, time::Duration};

use futures::StreamExt;
use uuid::Uuid;

use super::Hub;
use crate::events::Road;

/// Wake-ups of one message.
const WAKES_MAX: usize = 1_000;
/// After NATS refused to let this process hear.
const BACK_OFF: Duration = Duration::from_secs(1);
const PAIR_BYTES: usize = 24;

impl Hub {
    /// Tells the other replicas and hears of them, for as long as it is polled.
    pub(crate) async fn carry(self, road: Road) {
        tokio::join!(self.tell(&road), self.hear(&road));
    }

    async fn tell(&self, road: &Road) {
        loop {
            self.shared.told.notified().await;
            let wakes =
                std::mem::take(&mut *self.shared.outward.lock().unwrap_or_else(PoisonError::into_inner));
            // What can't be told now need not be told later: it will have been found.
            for wakes in wakes.chunks(WAKES_MAX).filter(|_| road.is_connected()) {
                if let Err(error) = road.tell_replicas(encode(wakes)).await {
                    tracing::debug!(error = %error, "a wake-up could not be told to the other replicas");
                }
            }
        }
    }

    async fn hear(&self, road: &Road) {
        loop {
            match road.hear_replicas().await {
                Ok(mut messages) => {
                    while let Some(message) = messages.next().await {
                        decode(&message.payload).for_each(|(id, version)| self.wake_here(id, version));
                    }
                }
                Err(error) => tracing::warn!(error = %error, "wake-ups of the other replicas can't be heard"),
            }
            tokio::time::sleep(BACK_OFF).await;
        }
    }
}

fn encode(wakes: &[(Uuid, i64)]) -> Vec<u8> {
    wakes.iter().flat_map(|(id, version)| id.into_bytes().into_iter().chain(version.to_be_bytes())).collect()
}

/// What a message says; an end that is no pair is left out.
fn decode(payload: &[u8]) -> impl Iterator<Item = (Uuid, i64)> {
    payload.chunks_exact(PAIR_BYTES).filter_map(|pair| {
        let (id, version) = pair.split_at_checked(16)?;
        Some((Uuid::from_slice(id).ok()?, i64::from_be_bytes(version.try_into().ok()?)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_was_put_into_it_and_a_broken_end_says_nothing() {
        let wakes = [(Uuid::from_u128(7), 1), (Uuid::from_u128(u128::MAX), i64::MAX)];
        let mut payload = encode(&wakes);
        assert_eq!(decode(&payload).collect::<Vec<_>>(), wakes);
        payload.pop();
        assert_eq!(decode(&payload).collect::<Vec<_>>(), wakes[..1]);
        assert_eq!(decode(b"").count(), 0);
    }
}
