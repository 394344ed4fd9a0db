//! The table of categories.

use sqlx::PgConnection;

/// A category as stored.
#[derive(Debug)]
pub(crate) struct Category {
    pub(crate) id: String,
    pub(crate) name_id: String,
    pub(crate) name_en: String,
    pub(crate) about_officials: bool,
    pub(crate) policy: String,
    /// Whether a follow-up needs evidence.
    pub(crate) evidence_required: bool,
}

/// At most `limit` categories whose id comes after `after`.
pub(crate) async fn list(
    connection: &mut PgConnection,
    after: &str,
    limit: i64,
) -> Result<Vec<Category>, sqlx::Error> {
    sqlx::query_as!(
        Category,
        "SELECT id, name_id, name_en, about_officials, policy, evidence_required FROM complaints.category WHERE id > $1 ORDER BY id LIMIT $2",
        after,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Takes a category over, or its new names.
pub(crate) async fn upsert(connection: &mut PgConnection, category: &Category) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO complaints.category (id, name_id, name_en, about_officials, policy, evidence_required)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET name_id = excluded.name_id, name_en = excluded.name_en,
             about_officials = excluded.about_officials, policy = excluded.policy,
             evidence_required = excluded.evidence_required",
        category.id,
        category.name_id,
        category.name_en,
        category.about_officials,
        category.policy,
        category.evidence_required
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A category.
pub(crate) async fn get(connection: &mut PgConnection, id: &str) -> Result<Option<Category>, sqlx::Error> {
    sqlx::query_as!(
        Category,
        "SELECT id, name_id, name_en, about_officials, policy, evidence_required FROM complaints.category WHERE id = $1",
        id
    )
    .fetch_optional(connection)
    .await
}

/// Adds a category; false where there is one of this id.
pub(crate) async fn insert(connection: &mut PgConnection, category: &Category) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "INSERT INTO complaints.category (id, name_id, name_en, about_officials, policy, evidence_required)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO NOTHING",
        category.id,
        category.name_id,
        category.name_en,
        category.about_officials,
        category.policy,
        category.evidence_required
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}
