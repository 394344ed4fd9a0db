//! What shows offline that reports' ledgers are under a signed root: read a page at a time, so that a slow reader holds no
//! more than the tree.

use std::collections::VecDeque;

use jiff::civil::Date;
use kit::ledger::{Hash, SignedRoot, Tree};
use uuid::Uuid;

use crate::{
    app::{App, Failure},
    domain::ComplaintId,
    store::{
        self,
        ledger::{Leaf, Row},
    },
};

/// Leaves read at once.
const PAGE: i64 = 200;
/// Entries of one report.
const MOST_ENTRIES: i64 = 100_000;

/// A report's ledger under a root.
#[derive(Debug)]
pub(crate) struct Exported {
    pub(crate) complaint: ComplaintId,
    pub(crate) entries: Vec<Row>,
    pub(crate) index: i64,
    pub(crate) path: Vec<Hash>,
}

/// An export under way.
pub(crate) struct Export {
    app: App,
    pub(crate) root: SignedRoot,
    tree: Tree,
    ahead: VecDeque<(i64, Leaf)>,
    /// Where the next page begins; none after the last.
    next: Option<(i64, Uuid)>,
}

impl App {
    /// Begins an export of a day's reports, or of one; of the newest root where no day is said.
    pub(crate) async fn export_ledger(
        &self,
        day: Option<Date>,
        only: Option<ComplaintId>,
    ) -> Result<Export, Failure> {
        let mut connection = self.database.acquire().await?;
        let root = match day {
            Some(day) => store::ledger::root(&mut connection, day).await?,
            None => store::ledger::last_root(&mut connection).await?,
        };
        let root = root.ok_or(Failure::RootNotFound)?;
        let (ahead, next) = match only {
            Some(complaint) => {
                let leaf = store::ledger::leaf_index(&mut connection, (root.day, complaint.0)).await?;
                (VecDeque::from([leaf.ok_or(Failure::NotFound)?]), None)
            }
            None => (VecDeque::new(), Some((0, Uuid::nil()))),
        };
        let tree = Tree::new(store::ledger::hashes_of_leaves(&mut connection, root.day).await?);
        Ok(Export { app: self.clone(), root: root.signed, tree, ahead, next })
    }
}

impl Export {
    /// The next report; none after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Exported>, Failure> {
        let mut connection = self.app.database.acquire().await?;
        if let (true, Some((index, after))) = (self.ahead.is_empty(), self.next) {
            let page = store::ledger::leaves(&mut connection, self.root.root.day, (after, PAGE)).await?;
            self.next =
                page.last().map(|last| (index + i64::try_from(page.len()).unwrap_or(0), last.complaint));
            self.ahead = (index..).zip(page).collect();
        }
        let Some((index, leaf)) = self.ahead.pop_front() else { return Ok(None) };
        let span = (i64::MIN, leaf.sequence, MOST_ENTRIES);
        let entries = store::ledger::entries(&mut connection, leaf.complaint, span).await?;
        let path = usize::try_from(index).map(|index| self.tree.path(index)).unwrap_or_default();
        Ok(Some(Exported { complaint: ComplaintId(leaf.complaint), entries, index, path }))
    }
}
