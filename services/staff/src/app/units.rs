//! Units: taking them over from a file, and reading them.

use std::io::Read;

use aws_lc_rs::digest::{SHA256, digest};
use kit::{
    clock::Clock,
    database::{Database, Deadline},
};
use serde::Deserialize;
use uuid::Builder;

use super::{App, Failure};
use crate::{
    domain::{Row, Unit, UnitId, UnitKind, take_over},
    events::publish,
    store::{self, unit::Selection},
};

#[derive(Deserialize)]
struct CsvRow {
    code: String,
    kind: String,
    parent_code: String,
    name: String,
    area_codes: String,
}

/// What an import did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Imported {
    /// Rows read.
    pub(crate) rows: usize,
    /// Units that are new or changed.
    pub(crate) changed: usize,
}

/// Takes the rows over, all or none, and tells of each unit that is new or changed.
pub(crate) async fn import(
    database: &Database,
    clock: &Clock,
    mut reader: csv::Reader<impl Read>,
) -> anyhow::Result<Imported> {
    let rows = read(&mut reader)?;
    let mut transaction = database.begin(Deadline::unattended()).await?;
    let stored = store::unit::lock_all(&mut transaction).await?;
    let changed = take_over(&stored, &rows, clock.now(), id_of)?;
    for unit in &changed {
        store::unit::save(&mut transaction, unit).await?;
    }
    // Looked up once the units' rows are held: no seat can be made in them any more.
    let external =
        changed.iter().filter(|unit| unit.kind == UnitKind::External).map(|unit| unit.id).collect::<Vec<_>>();
    if let Some(code) = store::seat::unit_with_seats(&mut transaction, &external).await? {
        anyhow::bail!("{code:?} has seats, which a unit of kind EXTERNAL can't have");
    }
    let events: Vec<_> = changed.iter().map(publish::unit_changed).collect();
    kit::events::append(&mut transaction, &events).await?;
    transaction.commit().await?;
    Ok(Imported { rows: rows.len(), changed: changed.len() })
}

/// A new unit's id is made from its code, not at random: a register that is filled anew from the same file names the same
/// units, so that what hangs on names, such as the order of a lottery, can be repeated. UUIDv8 of a SHA-256, as RFC 9562
/// (appendix B.2) shows it.
fn id_of(code: &str) -> UnitId {
    let hash = digest(&SHA256, format!("prima.staff.unit:{code}").as_bytes());
    let bytes = std::array::from_fn(|at| hash.as_ref()[at]);
    UnitId(Builder::from_custom_bytes(bytes).into_uuid())
}

fn read(reader: &mut csv::Reader<impl Read>) -> anyhow::Result<Vec<Row>> {
    let headers = reader.headers()?.clone();
    reader
        .records()
        .map(|record| {
            let record = record?;
            let line = record.position().map_or(0, csv::Position::line);
            let row: CsvRow = record.deserialize(Some(&headers))?;
            let area_codes =
                row.area_codes.split(';').filter(|code| !code.is_empty()).map(str::to_owned).collect();
            Ok(Row {
                line,
                code: row.code,
                kind: row.kind,
                parent_code: row.parent_code,
                display_name: row.name,
                area_codes,
            })
        })
        .collect()
}

impl App {
    /// A unit.
    pub(crate) async fn unit(&self, id: UnitId) -> Result<Unit, Failure> {
        store::unit::get(&mut *self.database.acquire().await?, id)
            .await?
            .ok_or_else(|| Failure::NotFound(id.to_string()))
    }

    /// The units that a selection finds.
    pub(crate) async fn units(&self, selection: &Selection) -> Result<Vec<Unit>, Failure> {
        Ok(store::unit::list(&mut *self.database.acquire().await?, selection).await?)
    }
}
