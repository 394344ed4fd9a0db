//! ExportLedger: the root, then a report in each message, read when the caller is ready for it.

use std::pin::Pin;

use futures::{Stream, StreamExt, stream};
use kit::status;
use proto::complaints::v1;
use tonic::Status;

use super::{
    super::{
        convert::{complaint_id, ledger_root},
        status::{DOMAIN, of},
    },
    convert,
};
use crate::app::{App, ledger::export::Exported};

/// The messages of one export.
pub(crate) type Exports = Pin<Box<dyn Stream<Item = Result<v1::ExportLedgerResponse, Status>> + Send>>;

/// Begins an export.
pub(super) async fn export(app: &App, request: &v1::ExportLedgerRequest) -> Result<Exports, Status> {
    let day = match request.root.strip_prefix("ledgerRoots/") {
        None => None,
        Some(day) => {
            let invalid = |_| status::invalid_field("root", "names no day").status(DOMAIN);
            Some(day.parse().map_err(invalid)?)
        }
    };
    let only = (!request.complaint.is_empty()).then(|| complaint_id(&request.complaint));
    let about = complaint_id(&request.complaint);
    let export = app.export_ledger(day, only).await.map_err(|failure| of(&failure, about))?;
    let root = v1::ExportLedgerResponse { root: Some(ledger_root(&export.root)), ledger: None };
    let ledgers = stream::try_unfold(export, move |mut export| async move {
        let next = export.next().await.map_err(|failure| of(&failure, about))?;
        Ok(next.map(|exported| (message(exported), export)))
    });
    Ok(Box::pin(stream::iter([Ok(root)]).chain(ledgers)))
}

fn message(exported: Exported) -> v1::ExportLedgerResponse {
    let ledger = v1::ExportedLedger {
        complaint: exported.complaint.to_string(),
        entries: exported.entries.iter().map(convert::entry).collect(),
        leaf_index: exported.index,
        audit_path: exported.path.iter().map(|hash| hash.to_vec()).collect(),
    };
    v1::ExportLedgerResponse { root: None, ledger: Some(ledger) }
}
