//! Taking units over from rows: what is new or changed, in an order in which each unit follows the one above it; or the
//! first row that is wrong. Units that no row names stay as they are.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{
    names::UnitId,
    unit::{Unit, UnitKind},
};

/// How many units may be above one, so that a walk up the tree ends.
pub(crate) const MAX_DEPTH: usize = 16;

/// A row as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The line of the file it begins on; the first is 1.
    pub(crate) line: u64,
    pub(crate) code: String,
    pub(crate) kind: String,
    /// Empty for the root.
    pub(crate) parent_code: String,
    pub(crate) display_name: String,
    pub(crate) area_codes: Vec<String>,
}

/// Which row is wrong, and why.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("row at line {line}: {why}")]
pub(crate) struct RowRefused {
    pub(crate) line: u64,
    pub(crate) why: Refusal,
}

/// What is wrong with a row.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the code {0:?} is not 1 to 64 of a-z, 0-9, '.' and '-'")]
    CodeMalformed(String),
    #[error("the name has {0} characters; 1 to 200 are possible")]
    NameMalformed(usize),
    #[error("the area code {0:?} is not of digits and dots")]
    AreaCodeMalformed(String),
    #[error("there is no kind {0:?}")]
    KindUnknown(String),
    #[error("the code {code:?} stands at line {before} already")]
    CodeRepeated { code: String, before: u64 },
    #[error("no unit has the parent's code {0:?}")]
    ParentUnknown(String),
    #[error("{0:?} is without a parent, as another unit is; a tree has one root")]
    SecondRoot(String),
    #[error("{0:?} is above itself, or more than {MAX_DEPTH} units are above it")]
    NotATree(String),
}

/// The units that are new or changed once `rows` are taken over, each after the one above it. `new_id` makes an id for a
/// code.
pub(crate) fn take_over(
    stored: &[Unit],
    rows: &[Row],
    at: Timestamp,
    mut new_id: impl FnMut(&str) -> UnitId,
) -> Result<Vec<Unit>, RowRefused> {
    let mut by_code: HashMap<&str, &Unit> = stored.iter().map(|unit| (unit.code.as_str(), unit)).collect();
    let fresh = rows.iter().map(|row| fresh(row, at, &mut new_id)).collect::<Result<Vec<Unit>, _>>()?;
    let mut lines: HashMap<&str, u64> = HashMap::new();
    let mut ids: HashMap<&str, UnitId> = stored.iter().map(|unit| (unit.code.as_str(), unit.id)).collect();
    for (row, unit) in rows.iter().zip(&fresh) {
        if let Some(before) = lines.insert(&row.code, row.line) {
            return Err(refused(row, Refusal::CodeRepeated { code: row.code.clone(), before }));
        }
        ids.entry(&row.code).or_insert(unit.id);
    }
    let mut parents: HashMap<UnitId, Option<UnitId>> =
        stored.iter().map(|unit| (unit.id, unit.parent)).collect();
    let mut changed = Vec::new();
    for (row, mut unit) in rows.iter().zip(fresh) {
        unit.parent = match row.parent_code.as_str() {
            "" => None,
            code => match ids.get(code) {
                Some(parent) => Some(*parent),
                None => return Err(refused(row, Refusal::ParentUnknown(code.to_owned()))),
            },
        };
        if let Some(before) = by_code.remove(row.code.as_str()) {
            unit = Unit { id: before.id, version: before.version + 1, created_at: before.created_at, ..unit };
            if says_the_same(before, &unit) {
                unit.version = before.version;
            }
        }
        parents.insert(unit.id, unit.parent);
        changed.push((row, unit));
    }
    let mut ordered = Vec::with_capacity(changed.len());
    let unchanged: HashSet<(UnitId, i64)> = stored.iter().map(|unit| (unit.id, unit.version)).collect();
    let one_root = parents.values().filter(|parent| parent.is_none()).count() <= 1;
    for (row, unit) in changed {
        if unit.parent.is_none() && !one_root {
            return Err(refused(row, Refusal::SecondRoot(row.code.clone())));
        }
        let depth =
            depth(&parents, unit.id).ok_or_else(|| refused(row, Refusal::NotATree(row.code.clone())))?;
        if !unchanged.contains(&(unit.id, unit.version)) {
            ordered.push((depth, unit));
        }
    }
    ordered.sort_by_key(|(depth, _)| *depth);
    Ok(ordered.into_iter().map(|(_, unit)| unit).collect())
}

/// A row as a new unit, its parent not yet known.
fn fresh(row: &Row, at: Timestamp, new_id: &mut impl FnMut(&str) -> UnitId) -> Result<Unit, RowRefused> {
    let of_code = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
    if !(1..=64).contains(&row.code.len()) || !row.code.chars().all(of_code) {
        return Err(refused(row, Refusal::CodeMalformed(row.code.clone())));
    }
    let length = row.display_name.chars().count();
    if !(1..=200).contains(&length) {
        return Err(refused(row, Refusal::NameMalformed(length)));
    }
    let malformed = |code: &&String| {
        !(2..=13).contains(&code.len()) || !code.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    if let Some(code) = row.area_codes.iter().find(malformed) {
        return Err(refused(row, Refusal::AreaCodeMalformed(code.clone())));
    }
    let Some(kind) = UnitKind::from_word(&row.kind) else {
        return Err(refused(row, Refusal::KindUnknown(row.kind.clone())));
    };
    Ok(Unit {
        id: new_id(&row.code),
        version: 1,
        code: row.code.clone(),
        kind,
        display_name: row.display_name.clone(),
        parent: None,
        area_codes: row.area_codes.clone(),
        created_at: at,
        updated_at: at,
    })
}

fn says_the_same(one: &Unit, other: &Unit) -> bool {
    one.kind == other.kind
        && one.display_name == other.display_name
        && one.parent == other.parent
        && one.area_codes == other.area_codes
}

/// How many units are above one; none where they don't end.
fn depth(parents: &HashMap<UnitId, Option<UnitId>>, unit: UnitId) -> Option<usize> {
    let mut at = unit;
    for depth in 0..=MAX_DEPTH {
        match parents.get(&at).copied().flatten() {
            Some(above) => at = above,
            None => return Some(depth),
        }
    }
    None
}

fn refused(row: &Row, why: Refusal) -> RowRefused {
    RowRefused { line: row.line, why }
}
