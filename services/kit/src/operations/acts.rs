//! The acts of operators: written in the transaction of the act, read newest first, never changed.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Operations, failure::Failure};
use crate::{identity::Caller, page, stored::Instant};

/// What an operator did.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Act {
    pub(super) id: Uuid,
    pub(super) act: String,
    pub(super) subject: String,
    pub(super) actor: String,
    pub(super) reason: String,
    pub(super) recorded_at: Instant,
}

/// Keeps who did what to what, and why. `subject` is empty where it was the whole service.
pub(crate) async fn record(
    connection: &mut PgConnection,
    caller: &Caller,
    (act, subject): (&str, &str),
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO operator_act (id, act, subject, actor, reason) VALUES ($1, $2, $3, $4, $5)")
        .bind(Uuid::now_v7())
        .bind(act)
        .bind(subject)
        .bind(caller.key())
        .bind(reason)
        .execute(connection)
        .await?;
    Ok(())
}

impl Operations {
    /// A page of acts, and the token of the next.
    pub(super) async fn acts(&self, (size, token): (usize, &str)) -> Result<(Vec<Act>, String), Failure> {
        let list = "ListAudit";
        let key = page::key(list, token).map_err(|_| Failure::PageTokenInvalid)?;
        let before: Option<Uuid> =
            if key.is_empty() { None } else { Some(key.parse().map_err(|_| Failure::PageTokenInvalid)?) };
        let acts = sqlx::query_as(
            "SELECT id, act, subject, actor, reason, recorded_at FROM operator_act
             WHERE id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
             ORDER BY id DESC LIMIT $2",
        )
        .bind(before)
        .bind(i64::try_from(size).expect("a page is small") + 1)
        .fetch_all(&mut *self.database.acquire().await?)
        .await?;
        Ok(page::cut(list, size, acts, |act: &Act| act.id.to_string()))
    }
}
