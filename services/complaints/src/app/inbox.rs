//! What changes in the inboxes of officers: one reader of all steps in each process, woken by its own commits and looking
//! for others' once a second, hands each step to all who watch; each takes what concerns its units. Nothing is kept for who
//! is slow.

use std::{collections::HashSet, sync::Arc, time::Duration};

use kit::identity::Caller;
use tokio::sync::{Notify, broadcast, watch};
use uuid::Uuid;

use super::{App, Failure, ListOrder, ToList, listing::Listed};
use crate::{
    domain::{Complaint, ComplaintId, UnitId},
    store::{
        self,
        inbox::{Change, Position},
    },
};

/// Batches that a watcher may be behind before it is cut.
const BATCHES_BEHIND: usize = 256;
/// Steps of one batch.
const BATCH: i64 = 500;
/// How often others' commits are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Where steps are there that a running transaction may still join.
const SETTLE: Duration = Duration::from_millis(20);
/// After a failure.
const BACK_OFF: Duration = Duration::from_secs(2);

/// The steps that the reader hands on.
#[derive(Debug)]
pub(crate) struct Inbox {
    steps: broadcast::Sender<Arc<Vec<Change>>>,
    /// Counts the reader's rounds.
    rounds: watch::Sender<u64>,
    woken: Notify,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            steps: broadcast::Sender::new(BATCHES_BEHIND),
            rounds: watch::Sender::new(0),
            woken: Notify::new(),
        }
    }
}

impl Inbox {
    /// Says that something was committed.
    pub(super) fn wake(&self) {
        if self.steps.receiver_count() > 0 {
            self.woken.notify_one();
        }
    }
}

/// The units of a watcher.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched {
    units: HashSet<Uuid>,
    /// They, and those above them: reports about one of these are hidden.
    hidden_from: HashSet<Uuid>,
}

/// What a step means for an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Following {
    Entered,
    Changed,
    Left,
}

impl Watched {
    /// Whether a unit is one of them.
    pub(crate) fn has(&self, unit: UnitId) -> bool {
        self.units.contains(&unit.0)
    }

    /// What a step means for these units; none where it does not concern them.
    pub(crate) fn follows(&self, change: &Change) -> Option<Following> {
        if change.unit_complained_of.is_some_and(|unit| self.hidden_from.contains(&unit.0)) {
            return None;
        }
        let before = change.unit_before.is_some_and(|unit| self.units.contains(&unit.0));
        match (before, self.units.contains(&change.unit.0)) {
            (false, true) => Some(Following::Entered),
            (true, true) => Some(Following::Changed),
            (true, false) => Some(Following::Left),
            (false, false) => None,
        }
    }
}

impl App {
    /// Reads the steps for as long as the process lives.
    pub(crate) async fn follow_inbox(self) {
        let (mut position, mut is_sure) = (None, true);
        loop {
            // Once the database was away it may be in another life, with steps of its own numbers.
            if !is_sure && matches!(self.lives_on(position).await, Ok(false)) {
                position = None;
            }
            is_sure = true;
            let pause = match self.round(&mut position).await {
                Ok(pause) => pause,
                Err(failure) => {
                    is_sure = false;
                    tracing::warn!(error = %failure, "the steps can't be read yet; trying again");
                    BACK_OFF
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.inbox.woken.notified(), if pause == LOOK_EVERY => {}
            }
        }
    }

    async fn lives_on(&self, position: Option<Position>) -> Result<bool, Failure> {
        match position {
            Some(position) => self.knows(position).await,
            None => Ok(true),
        }
    }

    /// Hands on the steps after a position; where nobody watches, it only moves on.
    async fn round(&self, position: &mut Option<Position>) -> Result<Duration, Failure> {
        let is_watched = self.inbox.steps.receiver_count() > 0;
        let mut connection = self.database.acquire().await?;
        let mut pause = LOOK_EVERY;
        match *position {
            Some(after) if is_watched => {
                let (steps, unsettled) = store::inbox::after(&mut connection, after, BATCH).await?;
                if let Some(last) = steps.last() {
                    *position = Some(last.position);
                    // Nobody may have stayed to hear of it.
                    let _ = self.inbox.steps.send(Arc::new(steps));
                    pause = Duration::ZERO;
                } else if unsettled {
                    pause = SETTLE;
                }
            }
            _ => *position = Some(store::inbox::now(&mut connection).await?),
        }
        self.inbox.rounds.send_modify(|rounds| *rounds += 1);
        Ok(pause)
    }

    /// Joins the watchers; every step that a statement after it does not see is handed to it.
    pub(crate) async fn join_inbox(&self) -> broadcast::Receiver<Arc<Vec<Change>>> {
        let receiver = self.inbox.steps.subscribe();
        let mut rounds = self.inbox.rounds.subscribe();
        // A round that is under way may not have seen that somebody watches; the one after it has.
        let enough = *rounds.borrow() + 2;
        while *rounds.borrow_and_update() < enough {
            self.inbox.woken.notify_one();
            if rounds.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
        receiver
    }

    /// The units of a caller's inbox.
    pub(crate) async fn watched(&self, caller: &Caller) -> Result<Watched, Failure> {
        caller.person.ok_or(Failure::PersonRequired)?;
        let mut connection = self.database.acquire().await?;
        let units = store::unit::subtree(&mut connection, &caller.units).await?;
        let hidden_from = store::unit::ancestors(&mut connection, &caller.units).await?;
        Ok(Watched { units: units.into_iter().collect(), hidden_from: hidden_from.into_iter().collect() })
    }

    /// Where a watch that begins now goes on, and the open reports as they stand after it.
    pub(crate) async fn inbox_page(
        &self,
        caller: &Caller,
        limit: i64,
    ) -> Result<(Position, Listed), Failure> {
        let position = store::inbox::now(&mut *self.database.acquire().await?).await?;
        let to_list = ToList {
            order: ListOrder::TimeLeft,
            unit: None,
            states: Vec::new(),
            category: String::new(),
            priority: None,
            due_within: None,
            after: None,
            limit,
            is_counted: false,
        };
        Ok((position, self.list(caller, to_list).await?))
    }

    /// The steps after a position, at most a batch.
    pub(crate) async fn steps_after(&self, position: Position) -> Result<Vec<Change>, Failure> {
        Ok(store::inbox::after(&mut *self.database.acquire().await?, position, BATCH).await?.0)
    }

    /// Whether a position is of the present life of the database, and not after its end.
    pub(crate) async fn knows(&self, position: Position) -> Result<bool, Failure> {
        let now = store::inbox::now(&mut *self.database.acquire().await?).await?;
        Ok(position.epoch == now.epoch && position <= now)
    }

    /// Reports as they stand.
    pub(crate) async fn reports(&self, ids: &[ComplaintId]) -> Result<Vec<Complaint>, Failure> {
        let found = store::complaint::get_all(&mut *self.database.acquire().await?, ids).await?;
        found.into_iter().map(|loaded| Ok(self.open(loaded)?.0)).collect()
    }
}
