//! A handler that does as a test tells it, and remembers what it was called with.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use sqlx::{PgConnection, PgPool, postgres::PgPoolOptions};
use tonic::async_trait;
use uuid::Uuid;

use crate::events::{Handler, HandlerError, Received};

/// Of this type events may be applied late; of others not.
pub(super) const REPEATABLE: &str = "prima.staff.events.v1.SeatChanged";

/// How a call ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    Applied,
    /// The database refuses a statement.
    Fails,
    /// The database goes away in the middle.
    Disconnects,
    /// The event makes no sense.
    Refuses,
    Panics,
    /// It takes a while.
    Waits,
    /// The process ends at once.
    Aborts,
}

#[derive(Default)]
struct Role {
    /// What is still to come; the last one stays.
    endings: Vec<Ending>,
    /// The tries that were counted, and committed, when a call came.
    counted: Vec<i64>,
}

#[derive(Clone)]
pub(super) struct Script {
    roles: Arc<Mutex<HashMap<Uuid, Role>>>,
    /// Of its own, so that it sees only what is committed.
    database: PgPool,
}

impl Script {
    pub(super) fn new(database_url: &str) -> Self {
        let database = PgPoolOptions::new().max_connections(2).connect_lazy(database_url).unwrap();
        Self { roles: Arc::default(), database }
    }

    /// How the calls with this event end from now on, in order; then as the last one.
    pub(super) fn play(&self, event: Uuid, endings: &[Ending]) {
        self.roles.lock().unwrap().entry(event).or_default().endings = endings.to_vec();
    }

    /// For each call with this event, how many tries were counted and committed when it came.
    pub(super) fn counted(&self, event: Uuid) -> Vec<i64> {
        self.roles.lock().unwrap().get(&event).map(|role| role.counted.clone()).unwrap_or_default()
    }

    fn next(&self, event: Uuid, counted: i64) -> Ending {
        let mut roles = self.roles.lock().unwrap();
        let role = roles.entry(event).or_default();
        role.counted.push(counted);
        if role.endings.len() > 1 {
            return role.endings.remove(0);
        }
        role.endings.first().copied().unwrap_or(Ending::Applied)
    }

    async fn count(&self, event: Uuid) -> i64 {
        sqlx::query_scalar(
            "SELECT coalesce((SELECT attempts FROM training.dead_letter WHERE event_id = $1),
                             (SELECT attempts FROM training.delivery_attempt WHERE event_id = $1), 0)",
        )
        .bind(event)
        .fetch_one(&self.database)
        .await
        .unwrap()
    }
}

#[async_trait]
impl Handler for Script {
    async fn apply(&self, connection: &mut PgConnection, event: &Received) -> Result<(), HandlerError> {
        let counted = self.count(event.id).await;
        sqlx::query("INSERT INTO effect (event_id) VALUES ($1)")
            .bind(event.id)
            .execute(&mut *connection)
            .await?;
        match self.next(event.id, counted) {
            Ending::Applied => Ok(()),
            Ending::Fails => {
                sqlx::query("SELECT 1 / 0").execute(connection).await?;
                Ok(())
            }
            Ending::Disconnects => {
                sqlx::query("SELECT pg_terminate_backend(pg_backend_pid())").execute(connection).await?;
                Ok(())
            }
            Ending::Refuses => Err(HandlerError::Permanent("it makes no sense".to_owned())),
            Ending::Panics => panic!("as the script has it"),
            Ending::Waits => {
                sqlx::query("SELECT pg_sleep(1)").execute(connection).await?;
                Ok(())
            }
            Ending::Aborts => std::process::abort(),
        }
    }

    fn is_repeatable(&self, event_type: &str) -> bool {
        event_type == REPEATABLE
    }
}
