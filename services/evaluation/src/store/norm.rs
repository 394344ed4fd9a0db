//! The norms that are shipped with the service: read, never written.

use num_rational::BigRational;
use sqlx::PgConnection;

use super::unknown;
use crate::domain::index::norm::{Element, Norm, NormId};

/// A norm, with what is only shown of it.
#[derive(Clone, Debug)]
pub(crate) struct NormRecord {
    pub(crate) norm: Norm,
    pub(crate) name_id: String,
    pub(crate) name_en: String,
    pub(crate) regulation: String,
    /// The elements' English names, in the norm's order.
    pub(crate) elements_en: Vec<String>,
}

/// The norm of this id.
pub(crate) async fn get(connection: &mut PgConnection, id: &str) -> Result<Option<NormRecord>, sqlx::Error> {
    let found =
        sqlx::query!("SELECT version, name_id, name_en, regulation FROM evaluation.norm WHERE id = $1", id)
            .fetch_optional(&mut *connection)
            .await?;
    let Some(found) = found else { return Ok(None) };
    let rows = sqlx::query!(
        "SELECT code, name_id, name_en, weight_numerator, weight_denominator
         FROM evaluation.norm_element WHERE norm = $1 ORDER BY position",
        id
    )
    .fetch_all(connection)
    .await?;
    let mut elements = Vec::with_capacity(rows.len());
    let mut elements_en = Vec::with_capacity(rows.len());
    for row in rows {
        let weight = BigRational::new(row.weight_numerator.into(), row.weight_denominator.into());
        elements.push(Element { code: row.code, name_id: row.name_id, weight });
        elements_en.push(row.name_en);
    }
    let version = u32::try_from(found.version).map_err(|_| unknown(id))?;
    let norm = Norm::try_new(NormId { code: id.to_owned(), version }, elements).map_err(|_| unknown(id))?;
    let (name_id, name_en, regulation) = (found.name_id, found.name_en, found.regulation);
    Ok(Some(NormRecord { norm, name_id, name_en, regulation, elements_en }))
}

/// At most `limit` ids of norms that come after one.
pub(crate) async fn ids(
    connection: &mut PgConnection,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT id FROM evaluation.norm WHERE id > $1 ORDER BY id LIMIT $2", after, limit)
        .fetch_all(connection)
        .await
}
