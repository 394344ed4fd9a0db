//! Categories: taking them over from a file, and listing them.

use std::io::Read;

use kit::{
    database::{Database, Deadline},
    page,
};
use serde::Deserialize;

use super::{App, Failure};
use crate::store::{self, category::Category};

#[derive(Deserialize)]
struct Row {
    code: String,
    name_id: String,
    name_en: String,
    /// Absent in older files.
    #[serde(default)]
    about_officials: bool,
    /// Absent in older files: Jakarta's.
    #[serde(default = "jakarta")]
    policy: String,
    /// Absent in older files.
    #[serde(default)]
    evidence_required: bool,
}

fn jakarta() -> String {
    "jakarta".to_owned()
}

/// Takes the rows over, all or none; answers how many.
pub(crate) async fn import(database: &Database, mut reader: csv::Reader<impl Read>) -> anyhow::Result<usize> {
    let rows = reader.deserialize().collect::<Result<Vec<Row>, _>>()?;
    let mut transaction = database.begin(Deadline::unattended()).await?;
    for row in &rows {
        let category = Category {
            id: row.code.clone(),
            name_id: row.name_id.clone(),
            name_en: row.name_en.clone(),
            about_officials: row.about_officials,
            policy: row.policy.clone(),
            evidence_required: row.evidence_required,
        };
        store::category::upsert(&mut transaction, &category).await?;
    }
    transaction.commit().await?;
    Ok(rows.len())
}

impl App {
    /// A page of categories after an id, with one more than the page where there are more.
    pub(crate) async fn categories(&self, after: &str, size: usize) -> Result<Vec<Category>, Failure> {
        let limit =
            i64::try_from(size.min(page::MAX_SIZE.unsigned_abs() as usize)).expect("a page is small") + 1;
        Ok(store::category::list(&mut *self.database.acquire().await?, after, limit).await?)
    }
}
