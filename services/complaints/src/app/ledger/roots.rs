//! The daily root: made once by whichever replica comes first, signed, told, and put into the store of files. What failed is
//! done at the next turn.

use std::time::Duration;

use jiff::SignedDuration;
use kit::{
    clock::jakarta_day,
    database::Deadline,
    ledger::{Root, Tree},
};
use uuid::Uuid;

use crate::{
    app::{App, Failure},
    events::publish,
    store,
};

/// How often it looks whether a day has ended.
const EVERY: Duration = Duration::from_secs(5);
/// How long making one may take.
const WITHIN: Duration = Duration::from_secs(60);
/// An entry is seen by others at most so long after its time: a transaction lives shorter, and clocks are closer.
const SEEN_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// Roots put into the store of files in one turn.
const BATCH: i64 = 100;

impl App {
    /// Makes roots for as long as the process lives.
    pub(crate) async fn run_roots(self) {
        loop {
            let app = self.clone();
            let turn = kit::run::to_the_end(async move {
                app.make_root().await?;
                app.store_roots().await
            });
            if let Err(failure) = turn.await {
                tracing::warn!(error = %failure, "the ledger's root can't be made or stored yet; trying again");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Makes the root of the day that ended last, where it has none; whether it did.
    pub(crate) async fn make_root(&self) -> Result<bool, Failure> {
        let now = self.clock.now();
        let Some(day) = jakarta_day(now).yesterday().ok() else { return Ok(false) };
        let mut transaction = self.database.begin(Deadline::after(WITHIN)).await?;
        let last = store::ledger::last_root(&mut transaction).await?;
        let due = last.as_ref().is_none_or(|last| last.day < day);
        if !due || !store::ledger::try_turn(&mut transaction).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        let last = last.map(|last| last.signed.root);
        let from = last.as_ref().and_then(|last| last.created_at.checked_sub(SEEN_WITHIN).ok());
        store::ledger::insert_leaves(&mut transaction, day, (from, now)).await?;
        let leaves = store::ledger::hashes_of_leaves(&mut transaction, day).await?;
        let size = u64::try_from(leaves.len()).expect("a length has 64 bits at most");
        let root = Root {
            service: crate::SERVICE.to_owned(),
            day,
            size,
            hash: Tree::new(leaves).root(),
            previous: last.map(|last| last.hash),
            created_at: now,
        };
        let signed = self.ledger_key.sign(root);
        let id = Uuid::now_v7();
        if !store::ledger::insert_root(&mut transaction, id, &signed).await? {
            // Another replica's turn ended between the two statements.
            transaction.rollback().await?;
            return Ok(false);
        }
        kit::events::append(&mut transaction, &[publish::ledger_root(id, &signed)]).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        tracing::info!(%day, size, "the ledger's root is signed");
        Ok(true)
    }

    /// Puts roots into the store of files, out of reach of who can write the tables.
    async fn store_roots(&self) -> Result<(), Failure> {
        let roots = store::ledger::to_store(&mut *self.database.acquire().await?, BATCH).await?;
        for root in roots {
            self.objects.put_root(root.day, root.signed.to_json()).await?;
            let stored = (root.day, self.clock.now());
            store::ledger::mark_stored(&mut *self.database.acquire().await?, stored).await?;
        }
        Ok(())
    }
}
