//! The tables of policies: terms by priority and day, added, never changed.

use jiff::civil::Date;
use kit::stored::{Day, ToStored};
use sqlx::PgConnection;

use super::complaint::unknown_word;
use crate::domain::{Priority, ServicePolicy, Term, Terms};

struct Row {
    policy: String,
    priority: String,
    valid_from: Day,
    accept: String,
    answer: String,
    finish: String,
    red_flag: String,
    cap: String,
    question: String,
    auto_close: String,
}

/// The terms that a policy has for a priority on a day: the latest that are valid then; those for NORMAL where there are
/// none for the priority.
pub(crate) async fn terms(
    connection: &mut PgConnection,
    (policy, priority): (&str, Priority),
    day: Date,
) -> Result<Option<Terms>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT policy, priority, valid_from, accept, answer, finish, red_flag, cap, question, auto_close
         FROM complaints.service_policy
         WHERE policy = $1 AND priority IN ($2, 'NORMAL') AND valid_from <= $3
         ORDER BY priority = $2 DESC, valid_from DESC LIMIT 1",
        policy,
        priority.word(),
        day.stored() as Day
    )
    .fetch_optional(connection)
    .await?
    .map(|row| row.load().map(|policy| policy.terms))
    .transpose()
}

/// Adds terms; false where the policy has some for this priority from this day on.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    policy: &ServicePolicy,
) -> Result<bool, sqlx::Error> {
    let terms = &policy.terms;
    let inserted = sqlx::query!(
        "WITH known AS (INSERT INTO complaints.policy (id) VALUES ($1) ON CONFLICT DO NOTHING)
         INSERT INTO complaints.service_policy
             (policy, priority, valid_from, accept, answer, finish, red_flag, cap, question, auto_close)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT DO NOTHING",
        policy.policy,
        policy.priority.word(),
        policy.valid_from.stored() as Day,
        terms.accept.to_string(),
        terms.answer.to_string(),
        terms.finish.to_string(),
        terms.red_flag.to_string(),
        terms.cap.to_string(),
        terms.question.to_string(),
        terms.auto_close.to_string()
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// At most `limit` terms after one, by policy, priority and day.
pub(crate) async fn list(
    connection: &mut PgConnection,
    (policy, priority, day): (&str, &str, Date),
    limit: i64,
) -> Result<Vec<ServicePolicy>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "SELECT policy, priority, valid_from, accept, answer, finish, red_flag, cap, question, auto_close
         FROM complaints.service_policy WHERE (policy, priority, valid_from) > ($1, $2, $3)
         ORDER BY policy, priority, valid_from LIMIT $4",
        policy,
        priority,
        day.stored() as Day,
        limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Row::load)
    .collect()
}

impl Row {
    fn load(self) -> Result<ServicePolicy, sqlx::Error> {
        let term = |text: &str| Term::parse(text).ok_or_else(|| unknown_word(text));
        Ok(ServicePolicy {
            priority: Priority::from_word(&self.priority).ok_or_else(|| unknown_word(&self.priority))?,
            policy: self.policy,
            valid_from: self.valid_from.to_jiff(),
            terms: Terms {
                accept: term(&self.accept)?,
                answer: term(&self.answer)?,
                finish: term(&self.finish)?,
                red_flag: term(&self.red_flag)?,
                cap: term(&self.cap)?,
                question: term(&self.question)?,
                auto_close: term(&self.auto_close)?,
            },
        })
    }
}
